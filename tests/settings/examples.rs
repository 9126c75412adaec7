//! The examples of services whose configuration holds the settings.

use health_tests::example;

#[test]
fn configuration_of_a_service_holds_settings() {
    for (name, variable, value) in [
        ("settings_figment", "ORDERS_HEALTH__CHECKS__DB__TIMEOUT", "7s"),
        ("settings_config", "ORDERS_HEALTH__CHECKS__DB__TIMEOUT", "7s"),
        ("settings_serde", "ORDERS_HEALTH", "db.timeout=7s, legacy.enabled=false"),
    ] {
        let mut example = example(name);
        for seconds in [3, 7] {
            let output = example.output().expect("it runs");
            let printed = String::from_utf8(output.stdout).expect("text");
            let expected = format!("db: enabled true, timeout {seconds}s\nlegacy: enabled false, timeout 5s\n");
            assert_eq!(printed, expected, "{name}");
            example.env(variable, value);
        }
    }
}
