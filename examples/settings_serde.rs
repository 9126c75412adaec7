//! Settings of checks in the configuration of a service, read by serde alone: a document, or one variable.
//!
//! `ORDERS_HEALTH="db.timeout=7s, legacy.enabled=false" cargo run --example settings_serde`

#![allow(clippy::disallowed_macros, reason = "a person reads the settings on the terminal")]

use health_runtime::{Check, Level, Overrides, health_endpoint};

#[derive(serde::Deserialize)]
struct Settings {
    #[serde(default)]
    health: Overrides,
}

const DOCUMENT: &str = r#"{ "health": { "checks": { "db": { "timeout": "3s" }, "legacy": { "enabled": false } } } }"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let settings: Settings = serde_json::from_str(DOCUMENT)?;
    let overrides = match std::env::var("ORDERS_HEALTH") {
        Ok(list) => list.parse()?,
        Err(_) => settings.health,
    };
    let endpoint = health_endpoint! {
        checks: ["db", "legacy"].map(|name| Check::new(name, Level::L3, || async { true })),
        overrides: overrides,
    }?;
    for check in endpoint.monitor().checks() {
        println!("{}: enabled {}, timeout {:?}", check.name(), check.is_enabled(), check.timeout());
    }
    Ok(())
}
