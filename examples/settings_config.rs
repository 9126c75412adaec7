//! Settings of checks in the configuration of a service, read by config-rs: a document, and over it the environment.
//!
//! `ORDERS_HEALTH__CHECKS__DB__TIMEOUT=7s cargo run --example settings_config`

#![allow(clippy::disallowed_macros, reason = "a person reads the settings on the terminal")]

use config::{Config, Environment, File, FileFormat};
use health_runtime::{Check, Level, Overrides, health_endpoint};

#[derive(serde::Deserialize)]
struct Settings {
    #[serde(default)]
    health: Overrides,
}

const DOCUMENT: &str = r#"
    [health.checks]
    db = { timeout = "3s" }
    legacy = { enabled = false }
"#;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let sources = Config::builder()
        .add_source(File::from_str(DOCUMENT, FileFormat::Toml))
        .add_source(Environment::with_prefix("ORDERS").prefix_separator("_").separator("__"));
    let settings: Settings = sources.build()?.try_deserialize()?;
    let endpoint = health_endpoint! {
        checks: ["db", "legacy"].map(|name| Check::new(name, Level::L3, || async { true })),
        overrides: settings.health,
    }?;
    for check in endpoint.monitor().checks() {
        println!("{}: enabled {}, timeout {:?}", check.name(), check.is_enabled(), check.timeout());
    }
    Ok(())
}
