//! Settings of checks in the configuration of a service, read by figment: a document, and over it the environment.
//!
//! `ORDERS_HEALTH__CHECKS__DB__TIMEOUT=7s cargo run --example settings_figment`

#![allow(clippy::disallowed_macros, reason = "a person reads the settings on the terminal")]

use figment::{
    Figment,
    providers::{Env, Format, Json},
};
use health_runtime::{Check, Level, Overrides, health_endpoint};

#[derive(serde::Deserialize)]
struct Settings {
    #[serde(default)]
    health: Overrides,
}

const DOCUMENT: &str = r#"{ "health": { "checks": { "db": { "timeout": "3s" }, "legacy": { "enabled": false } } } }"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let environment = Env::prefixed("ORDERS_").split("__");
    let settings: Settings = Figment::new().merge(Json::string(DOCUMENT)).merge(environment).extract()?;
    let endpoint = health_endpoint! {
        checks: ["db", "legacy"].map(|name| Check::new(name, Level::L3, || async { true })),
        overrides: settings.health,
    }?;
    for check in endpoint.monitor().checks() {
        println!("{}: enabled {}, timeout {:?}", check.name(), check.is_enabled(), check.timeout());
    }
    Ok(())
}
