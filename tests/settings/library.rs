//! Checks of libraries: changed and left out by the application.

use std::time::Duration;

use health_runtime::{Check, EndpointBuilder, Group, Level, Overrides, ShowDetails, check, health_check};
use health_tests::{builder, get, serve};

mod ledger {
    use super::health_check;

    #[health_check(level = 3, off)]
    pub(super) async fn quota() {}

    #[health_check(level = 3)]
    pub(super) async fn balance() {}
}

fn checks() -> EndpointBuilder {
    builder([Check::new("db", Level::L3, || async {}), Check::new("legacy", Level::L3, || async {})])
}

fn declared() -> EndpointBuilder {
    health_runtime::Endpoint::builder().muted("")
}

#[tokio::test]
async fn adjusted_check_is_validated_as_adjusted() {
    let endpoint = checks()
        .adjust("db", |check| check.timeout(Duration::from_secs(2)))
        .adjust("db", |check| check.readiness().depends_on(["legacy"]))
        .build()
        .expect("good");
    let db = endpoint.monitor().checks().next().expect("a check");
    assert_eq!((db.timeout().as_secs(), db.is_in(Group::Readiness)), (2, true));
    assert_eq!(db.dependencies(), ["legacy"]);
    assert_eq!(db.overridden().len(), 0, "code declares it");

    let error =
        checks().adjust("db", |check| check.hold(Duration::from_secs(9))).adjust("legcy", |check| check).build();
    let error = error.expect_err("two problems").to_string();
    for part in [
        "cannot adjust `legcy`, because there is no check named `legcy`; did you mean `legacy`?",
        "in the readiness group",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn check_that_is_left_out_is_off() {
    let endpoint = checks().without("legacy").details(ShowDetails::Always).build().expect("good");
    assert_eq!(endpoint.monitor().checks().map(|check| check.name().to_owned()).collect::<Vec<_>>(), ["db"]);
    let address = serve(endpoint.router()).await;
    assert_eq!(get(address, "/health").await.json()["off"], serde_json::json!(["legacy"]));

    let error = checks().without("legcy").adjust("db", |check| check.depends_on(["legacy"])).without("legacy").build();
    let error = error.expect_err("two problems").to_string();
    for part in [
        "cannot leave out `legcy`, because there is no check named `legcy`; did you mean `legacy`?",
        "depends on `legacy`, which is off; remove `without(\"legacy\")`, or the dependency",
    ] {
        assert!(error.contains(part), "{error}");
    }
}

#[tokio::test]
async fn declared_checks_are_adjusted_and_left_out_by_their_paths() {
    let names = |builder: EndpointBuilder| {
        let endpoint = builder.build().expect("good");
        endpoint.monitor().checks().map(|check| check.name().to_owned()).collect::<Vec<_>>()
    };
    assert_eq!(names(declared()), ["balance"]);
    assert_eq!(names(declared().without(check!(ledger::balance))), [""; 0]);
    assert_eq!(names(declared().adjust(check!(ledger::quota), |check| check.off(false))), ["balance", "quota"]);
    assert_eq!(names(declared().enable([check!(ledger::quota)]).without("quota")), ["balance"]);
}

#[tokio::test]
async fn settings_of_a_check_that_is_off_are_a_mistake() {
    let overrides: Overrides = "quota.enabled=true".parse().expect("settings");
    let error = declared().overrides(overrides).build().expect_err("it is off").to_string();
    assert!(
        error.contains("the check `quota` is off, so that nothing can be set for it; turn it on by `enable`"),
        "{error}"
    );
}
