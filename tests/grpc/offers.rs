//! Services that a caller may see: by served levels and groups, by rules of access, and by an interceptor.

use std::time::Duration;

use health_runtime::{
    Check, EndpointBuilder, Group, GrpcHealth, Level, Levels,
    access::{Access, Decision, Limits, User, any_of, basic, closed, public},
};
use health_tests::{builder, endpoint};
use tokio::time::timeout;
use tonic::{
    Code, Request, Status,
    codec::CompressionEncoding,
    metadata::MetadataMap,
    service::{Routes, interceptor::InterceptedService},
};
use tonic_health::pb::{
    health_check_response::ServingStatus::{NotServing, ServiceUnknown, Serving},
    health_client::HealthClient,
};

use super::{Switch, asking, check, list, next, serving::start, watch};

fn ship(deep: &Switch) -> EndpointBuilder {
    builder([
        deep.check("db", Level::L1).max_age(Duration::ZERO).readiness(),
        Check::new("billing", Level::L3, || async { true }),
        Check::new("alive", Level::L5, || async { true }).liveness(),
    ])
}

/// Rules with passwords for the deep levels and for startup.
fn access() -> Access {
    let people = || basic("health", [User::new("ada", "correct horse battery")]);
    Access::new()
        .levels(Level::L4..=Level::L5, public())
        .levels(Level::L2..=Level::L3, any_of([people(), public()]))
        .levels(Level::L1, people())
        .group(Group::Startup, people())
}

#[tokio::test(start_paused = true)]
async fn access_rules_hide_guarded_levels_and_groups() {
    let deep = Switch::default();
    let health = GrpcHealth::new(&ship(&deep).access(access()).build().expect("a good endpoint"));
    let open = ["", "alive", "level/4", "level/5", "liveness", "readiness"];
    assert_eq!(list(health.clone()).await.expect("a list").keys().collect::<Vec<_>>(), open);
    for service in open {
        assert_eq!(check(&health, service).await.expect(service), Serving, "{service:?}");
    }
    let runs = deep.runs();
    for service in ["db", "billing", "level/1", "level/2", "level/3", "startup", "nobody"] {
        let refused = check(&health, service).await.expect_err(service);
        let unknown = check(&health, "nobody").await.expect_err("unknown");
        assert_eq!((refused.code(), refused.message()), (Code::NotFound, unknown.message()), "{service:?}");
        let mut watch = watch(&health, service).await;
        assert_eq!(next(&mut watch).await, ServiceUnknown, "{service:?}");
        assert!(timeout(Duration::from_mins(1), watch.message()).await.is_err(), "{service:?} stays open");
    }
    assert_eq!(deep.runs(), runs, "a guarded check is not run");

    let shut = Access::new().levels(Levels::ALL, closed());
    let health = GrpcHealth::new(&ship(&deep).access(shut).build().expect("a good endpoint"));
    let groups = ["", "liveness", "readiness", "startup"];
    assert_eq!(list(health).await.expect("a list").keys().collect::<Vec<_>>(), groups);
}

/// Limits count requests over HTTP, and gRPC must not bypass them.
#[tokio::test(start_paused = true)]
async fn limited_levels_are_not_open() {
    let access = Access::new().levels(Levels::ALL, public()).limits(Limits::new().levels(
        Level::L1..=Level::L2,
        1,
        Duration::from_mins(1),
    ));
    let health = GrpcHealth::new(&ship(&Switch::default()).access(access).build().expect("a good endpoint"));
    let groups = ["", "liveness", "readiness", "startup"];
    assert_eq!(list(health).await.expect("a list").keys().collect::<Vec<_>>(), groups);
}

#[tokio::test]
async fn interceptor_grants_levels_of_its_decision() {
    let grant = |metadata: &MetadataMap| match metadata.get("x-role")?.to_str().ok()? {
        "operator" => Some(Decision::allow()),
        "partner" => Some(Decision::allow().only_levels([Level::L3])),
        "stranger" => Some(Decision::forbidden()),
        _ => None,
    };
    let deep = Switch::default();
    deep.turn(false);
    let health = GrpcHealth::new(&ship(&deep).access(access()).build().expect("a good endpoint"));
    let health = InterceptedService::new(health, move |mut request: Request<()>| {
        if let Some(decision) = grant(request.metadata()) {
            request.extensions_mut().insert(decision);
        }
        Ok::<_, Status>(request)
    });
    let (address, _) = start(Routes::new(health), std::future::pending());
    let channel = super::serving::connect(address).await;
    for (role, service, expected) in [
        ("", "level/1", None),
        ("stranger", "level/1", None),
        ("stranger", "alive", Some(Serving)),
        ("partner", "level/1", None),
        ("partner", "db", None),
        ("partner", "billing", Some(Serving)),
        ("partner", "alive", Some(Serving)),
        ("partner", "startup", Some(Serving)),
        ("operator", "level/1", Some(NotServing)),
        ("operator", "db", Some(NotServing)),
    ] {
        let mut request = Request::new(asking(service));
        request.metadata_mut().insert("x-role", role.parse().expect("a value"));
        let answer = HealthClient::new(channel.clone()).check(request).await;
        let status = answer.map(|answer| answer.into_inner().status());
        match expected {
            Some(expected) => assert_eq!(status.expect(service), expected, "{role}: {service}"),
            None => assert_eq!(status.expect_err(service).code(), Code::NotFound, "{role}: {service}"),
        }
    }
}

#[tokio::test(start_paused = true)]
async fn services_are_limited_to_served_levels() {
    let deep = Switch::default();
    deep.turn(false);
    let health = ship(&deep).build().expect("a good endpoint");
    let shallow = GrpcHealth::new(&health.levels(Level::L4..=Level::L5));
    let expected = ["", "alive", "level/4", "level/5", "liveness", "readiness", "startup"];
    assert_eq!(list(shallow.clone()).await.expect("a list").keys().collect::<Vec<_>>(), expected);
    assert_eq!(check(&shallow, "db").await.expect_err("not there").code(), Code::NotFound);
    // Groups include checks of all levels, as over HTTP.
    assert_eq!(check(&shallow, "").await.expect("an answer"), NotServing);
    // Level 1 is about every served check.
    let deepest = GrpcHealth::new(&health.levels(Level::L1..=Level::L3).without_groups());
    assert_eq!(check(&deepest, "level/1").await.expect("an answer"), NotServing);
    let expected = ["billing", "db", "level/1", "level/2", "level/3"];
    assert_eq!(list(deepest).await.expect("a list").keys().collect::<Vec<_>>(), expected);
}

#[tokio::test]
async fn compressed_requests_are_accepted() {
    let health = GrpcHealth::new(&endpoint([Check::new("good", Level::L5, || async { true })]));
    let (address, _) = start(Routes::new(health.clone()), std::future::pending());
    let channel = super::serving::connect(address).await;
    let mut client = HealthClient::new(channel).send_compressed(CompressionEncoding::Gzip);
    assert_eq!(client.check(asking("good")).await.expect("an answer").into_inner().status(), Serving);
    let mut watch = client.watch(asking("good")).await.expect("a stream").into_inner();
    assert_eq!(next(&mut watch).await, Serving);
    // A message that is longer than the limit when decompressed is refused.
    let bomb = client.check(asking(&"n".repeat(5 * 1024 * 1024))).await.expect_err("too long");
    assert_eq!(bomb.code(), Code::ResourceExhausted, "{bomb}");
}
