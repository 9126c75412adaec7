//! Statuses of `Check` and `List`.

use std::{
    collections::BTreeMap,
    future::pending,
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Endpoint, Group, GrpcHealth, Level};
use health_tests::endpoint;
use tokio::time::{Instant, sleep, timeout};
use tonic::{Code, Request, client::Grpc, codegen::http::uri::PathAndQuery};
use tonic_health::pb::{
    health_check_response::ServingStatus::{self, NotServing, ServiceUnknown, Serving, Unknown},
    health_client::HealthClient,
};
use tonic_prost::ProstCodec;

use super::{HealthListRequest, HealthListResponse, Switch, asking, check, list, next, watch};

/// An endpoint with a check of each kind.
fn ship() -> Endpoint {
    endpoint([
        Check::new("alive", Level::L5, || async { true }).liveness(),
        Check::new("billing", Level::L3, || async { false }).critical(false).readiness(),
        Check::new("db", Level::L1, || async { false }).startup(),
        Check::new("nightly", Level::L2, pending::<()>).interval(Duration::from_hours(1)),
        // Hidden by the group of this name.
        Check::new("readiness", Level::L4, || async { false }),
    ])
}

const SHIP_STATUSES: [(&str, ServingStatus); 13] = [
    ("", Serving),
    ("alive", Serving),
    ("billing", Serving),
    ("db", NotServing),
    ("level/1", NotServing),
    ("level/2", Serving),
    ("level/3", Serving),
    ("level/4", NotServing),
    ("level/5", Serving),
    ("liveness", Serving),
    ("nightly", Unknown),
    ("readiness", Serving),
    ("startup", NotServing),
];

#[tokio::test(start_paused = true)]
async fn check_and_list_agree_on_every_service() {
    let endpoint = ship();
    let (monitor, health) = (endpoint.monitor(), GrpcHealth::new(&endpoint));
    for (service, expected) in SHIP_STATUSES {
        assert_eq!(check(&health, service).await.expect(service), expected, "{service:?}");
    }
    let listed = list(health.clone()).await.expect("a list");
    let expected: BTreeMap<_, _> = SHIP_STATUSES.map(|(name, status)| (name.to_owned(), status)).into();
    assert_eq!(listed, expected);

    // A muted check does not count, alone or in its level.
    monitor.mute("db", Duration::from_hours(1), "they move").expect("a check of this name");
    let listed = list(health.clone()).await.expect("a list");
    assert_eq!((listed["db"], listed["startup"], listed["level/1"]), (Serving, Serving, NotServing));
    for (service, status) in listed {
        assert_eq!(check(&health, &service).await.expect("a service"), status, "{service:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn unknown_service_is_not_found_and_its_watch_stays_open() {
    let endpoint = ship();
    let (monitor, health) = (endpoint.monitor(), GrpcHealth::new(&endpoint));
    let long = "x".repeat(1_000_000);
    for service in ["nobody", "level/0", "level/6", "level/03", "Level/3", "level/", "readyz", " ", "\0", &long] {
        let refused = check(&health, service).await.expect_err(service);
        assert_eq!((refused.code(), refused.message().len() < 100), (Code::NotFound, true), "{refused}");
    }
    let mut watch = watch(&health, "nobody").await;
    assert_eq!(next(&mut watch).await, ServiceUnknown);
    assert!(timeout(Duration::from_hours(24), watch.message()).await.is_err());
    monitor.drain();
    assert_eq!(watch.message().await.expect_err("the end").code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn clients_share_runs_and_disconnecting_cancels_none() {
    let runs = Arc::new(AtomicUsize::new(0));
    let ended = Arc::new(AtomicUsize::new(0));
    let counted = (Arc::clone(&runs), Arc::clone(&ended));
    let health = GrpcHealth::new(&endpoint([Check::new("slow", Level::L3, move || {
        let (runs, ended) = counted.clone();
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_secs(2)).await;
            ended.fetch_add(1, Ordering::SeqCst);
        }
    })]));
    assert!(timeout(Duration::from_millis(500), check(&health, "slow")).await.is_err());
    let mut hung_up = watch(&health, "slow").await;
    assert!(timeout(Duration::from_millis(500), hung_up.message()).await.is_err());
    drop(hung_up);
    let answers = tokio::join!(check(&health, "slow"), check(&health, "level/3"), list(health.clone()));
    assert_eq!((answers.0.expect("an answer"), answers.1.expect("an answer")), (Serving, Serving));
    assert_eq!(answers.2.expect("a list")["slow"], Serving);
    assert_eq!((runs.load(Ordering::SeqCst), ended.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn response_comes_before_the_clients_deadline() {
    let health = GrpcHealth::new(&endpoint([
        Check::new("stuck", Level::L1, pending::<()>).timeout(Duration::from_hours(1)),
        Check::new("good", Level::L5, || async { true }),
    ]));
    for (header, at_least, at_most) in [
        (Some("300m"), 270, 300),
        (Some("2S"), 1_900, 2_000),
        (Some("5000000u"), 4_900, 5_000),
        // Longer than a report takes, or malformed.
        (Some("1M"), 10_000, 10_050),
        (Some("a while"), 10_000, 10_050),
        (Some("+1S"), 10_000, 10_050),
        (None, 10_000, 10_050),
    ] {
        let mut request = Request::new(asking("stuck"));
        if let Some(header) = header {
            request.metadata_mut().insert("grpc-timeout", header.parse().expect("a value"));
        }
        let began = Instant::now();
        let answer = HealthClient::new(health.clone()).check(request).await.expect("an answer");
        assert_eq!(answer.into_inner().status(), NotServing);
        let took = began.elapsed();
        assert!((at_least..=at_most).contains(&took.as_millis()), "{header:?} took {took:?}");
    }
    let mut request = Request::new(asking("good"));
    request.metadata_mut().insert("grpc-timeout", "1m".parse().expect("a value"));
    let answer = HealthClient::new(health).check(request).await.expect("an answer");
    assert_eq!(answer.into_inner().status(), Serving);
}

#[tokio::test(start_paused = true)]
async fn oversized_list_is_refused_before_any_run() {
    let switch = Switch::default();
    let name = |number: usize| format!("{number:04}-{}", "n".repeat(1_000));
    let few = (0..4_000).map(|number| switch.check(&name(number), Level::L5));
    assert_eq!(list(GrpcHealth::new(&endpoint(few))).await.expect("a list").len(), 4_000 + 9);
    assert_eq!(switch.runs(), 4_000);

    let many = (0..4_200).map(|number| switch.check(&name(number), Level::L5));
    let health = GrpcHealth::new(&endpoint(many));
    let refused = list(health.clone()).await.expect_err("too many");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("4209 services") && refused.message().contains("Check"), "{refused}");
    assert_eq!(switch.runs(), 4_000);
    assert_eq!(check(&health, &name(4_199)).await.expect("an answer"), Serving);
}

#[tokio::test]
async fn unknown_method_is_unimplemented() {
    let mut client = Grpc::new(GrpcHealth::new(&ship()));
    client.ready().await.expect("always ready");
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Cure");
    let codec = ProstCodec::<HealthListRequest, HealthListResponse>::default();
    let refused = client.unary(Request::new(HealthListRequest {}), path, codec).await.expect_err("no such method");
    assert_eq!(refused.code(), Code::Unimplemented);
}

#[tokio::test]
async fn every_group_is_a_service() {
    let listed = list(GrpcHealth::new(&endpoint([]))).await.expect("a list");
    assert!(Group::ALL.iter().all(|group| listed[group.as_str()] == Serving));
    assert_eq!(listed.len(), 1 + Group::ALL.len() + Level::ALL.len());
}
