//! The gRPC health service: the protocol's rules, and the same verdicts as over HTTP.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::BTreeMap,
    future::{Future, pending},
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Group, GrpcHealth, Level, Monitor, Selection};
use health_tests::{endpoint, get, monitor, serve};
use tokio::time::{Instant, sleep, timeout};
use tonic::{
    Code, Request, Status, Streaming,
    client::{Grpc, GrpcService},
    codegen::{Body, Bytes, StdError, http::uri::PathAndQuery},
    transport::{Channel, Server, server::TcpIncoming},
};
use tonic_health::pb::{
    HealthCheckRequest, HealthCheckResponse,
    health_check_response::ServingStatus::{self, NotServing, ServiceUnknown, Serving, Unknown},
    health_client::HealthClient,
};
use tonic_prost::ProstCodec;

/// What tonic-health does not know yet.
#[derive(Clone, PartialEq, prost::Message)]
struct HealthListRequest {}

#[derive(Clone, PartialEq, prost::Message)]
struct HealthListResponse {
    #[prost(btree_map = "string, message", tag = "1")]
    statuses: BTreeMap<String, HealthCheckResponse>,
}

fn asking(service: &str) -> HealthCheckRequest {
    HealthCheckRequest { service: service.to_owned() }
}

async fn check(health: &GrpcHealth, service: &str) -> Result<ServingStatus, Status> {
    let answer = HealthClient::new(health.clone()).check(asking(service)).await?;
    Ok(answer.into_inner().status())
}

async fn list<T>(transport: T) -> Result<BTreeMap<String, ServingStatus>, Status>
where
    T: GrpcService<tonic::body::Body>,
    T::ResponseBody: Body<Data = Bytes> + Send + 'static,
    <T::ResponseBody as Body>::Error: Into<StdError> + Send,
{
    let mut client = Grpc::new(transport);
    client.ready().await.map_err(|error| Status::unknown(error.into().to_string()))?;
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/List");
    let codec = ProstCodec::<HealthListRequest, HealthListResponse>::default();
    let answer = client.unary(Request::new(HealthListRequest {}), path, codec).await?;
    Ok(answer.into_inner().statuses.into_iter().map(|(name, answer)| (name, answer.status())).collect())
}

async fn watch(health: &GrpcHealth, service: &str) -> Streaming<HealthCheckResponse> {
    HealthClient::new(health.clone()).watch(asking(service)).await.expect("a stream").into_inner()
}

/// The next status, which may take as long as it does.
async fn next(watch: &mut Streaming<HealthCheckResponse>) -> ServingStatus {
    watch.message().await.expect("no error").expect("no end").status()
}

async fn assert_silent(watch: &mut Streaming<HealthCheckResponse>, how_long: Duration) {
    let message = timeout(how_long, watch.message()).await;
    assert!(message.is_err(), "{message:?}");
}

/// A check that can be turned, and how often it was run.
#[derive(Clone, Default)]
struct Switch {
    is_off: Arc<AtomicBool>,
    runs: Arc<AtomicUsize>,
}

impl Switch {
    fn check(&self, name: &str, level: Level) -> Check {
        let switch = self.clone();
        Check::new(name, level, move || {
            switch.runs.fetch_add(1, Ordering::SeqCst);
            let is_on = !switch.is_off.load(Ordering::SeqCst);
            async move { is_on }
        })
    }

    fn turn(&self, is_on: bool) {
        self.is_off.store(!is_on, Ordering::SeqCst);
    }

    fn runs(&self) -> usize {
        self.runs.load(Ordering::SeqCst)
    }
}

fn stuck(name: &str, level: Level) -> Check {
    Check::new(name, level, pending::<()>)
}

/// One of each kind.
fn ship() -> Monitor {
    monitor([
        Check::new("alive", Level::L5, || async { true }).liveness(),
        Check::new("billing", Level::L3, || async { false }).critical(false).readiness(),
        Check::new("db", Level::L1, || async { false }).startup(),
        Check::new("nightly", Level::L2, pending::<()>).with_interval(Duration::from_hours(1)),
        // Hidden behind the group of this name.
        Check::new("readiness", Level::L4, || async { false }),
    ])
}

const OF_THE_SHIP: [(&str, ServingStatus); 13] = [
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
async fn check_and_list_say_the_same_of_every_service() {
    let monitor = ship();
    let health = GrpcHealth::new(&monitor);
    for (service, expected) in OF_THE_SHIP {
        assert_eq!(check(&health, service).await.expect(service), expected, "{service:?}");
    }
    let listed = list(health.clone()).await.expect("a list");
    let expected: BTreeMap<_, _> = OF_THE_SHIP.map(|(name, status)| (name.to_owned(), status)).into();
    assert_eq!(listed, expected);

    // A muted check counts for nothing, alone as in its level.
    monitor.mute("db", Duration::from_hours(1), "they move").expect("a check of this name");
    let listed = list(health.clone()).await.expect("a list");
    assert_eq!((listed["db"], listed["startup"], listed["level/1"]), (Serving, Serving, NotServing));
    for (service, status) in listed {
        assert_eq!(check(&health, &service).await.expect("a service"), status, "{service:?}");
    }
}

#[tokio::test(start_paused = true)]
async fn an_unknown_service_is_not_found_and_a_watch_of_it_stays_open() {
    let monitor = ship();
    let health = GrpcHealth::new(&monitor);
    let long = "x".repeat(1_000_000);
    for service in ["nobody", "level/0", "level/6", "level/03", "Level/3", "level/", "readyz", " ", "\0", &long] {
        let refused = check(&health, service).await.expect_err(service);
        assert_eq!((refused.code(), refused.message().len() < 100), (Code::NotFound, true), "{refused}");
    }
    let mut watch = watch(&health, "nobody").await;
    assert_eq!(next(&mut watch).await, ServiceUnknown);
    assert_silent(&mut watch, Duration::from_hours(24)).await;
    monitor.drain();
    assert_eq!(watch.message().await.expect_err("the end").code(), Code::Unavailable);
}

#[tokio::test(start_paused = true)]
async fn deep_levels_can_be_left_out() {
    let health = GrpcHealth::new(&ship()).down_to(Level::L4).down_to(Level::L1);
    let expected = ["", "alive", "level/4", "level/5", "liveness", "readiness", "startup"];
    assert_eq!(list(health.clone()).await.expect("a list").keys().collect::<Vec<_>>(), expected);
    for (service, status) in OF_THE_SHIP {
        let answer = check(&health, service).await;
        if expected.contains(&service) {
            assert_eq!(answer.expect(service), status, "{service:?}");
        } else {
            assert_eq!(answer.expect_err(service).code(), Code::NotFound, "{service:?}");
        }
    }
}

#[tokio::test(start_paused = true)]
async fn clients_share_runs_and_one_that_hangs_up_ends_none() {
    let runs = Arc::new(AtomicUsize::new(0));
    let ended = Arc::new(AtomicUsize::new(0));
    let counted = (Arc::clone(&runs), Arc::clone(&ended));
    let health = GrpcHealth::new(&monitor([Check::new("slow", Level::L3, move || {
        let (runs, ended) = counted.clone();
        async move {
            runs.fetch_add(1, Ordering::SeqCst);
            sleep(Duration::from_secs(2)).await;
            ended.fetch_add(1, Ordering::SeqCst);
        }
    })]));
    assert!(timeout(Duration::from_millis(500), check(&health, "slow")).await.is_err());
    let mut hung_up = watch(&health, "slow").await;
    assert_silent(&mut hung_up, Duration::from_millis(500)).await;
    drop(hung_up);
    let answers = tokio::join!(check(&health, "slow"), check(&health, "level/3"), list(health.clone()));
    assert_eq!((answers.0.expect("an answer"), answers.1.expect("an answer")), (Serving, Serving));
    assert_eq!(answers.2.expect("a list")["slow"], Serving);
    assert_eq!((runs.load(Ordering::SeqCst), ended.load(Ordering::SeqCst)), (1, 1));
}

#[tokio::test(start_paused = true)]
async fn an_answer_comes_before_the_client_gives_up() {
    let health = GrpcHealth::new(&monitor([
        stuck("stuck", Level::L1).with_timeout(Duration::from_hours(1)),
        Check::new("good", Level::L5, || async { true }),
    ]));
    for (header, at_least, at_most) in [
        (Some("300m"), 270, 300),
        (Some("2S"), 1_900, 2_000),
        (Some("5000000u"), 4_900, 5_000),
        // Longer than a report takes, or nothing that the specification knows.
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
async fn a_watch_tells_the_present_status_and_each_change_once() {
    let switch = Switch::default();
    let monitor = monitor([
        switch.check("db", Level::L1).with_interval(Duration::from_secs(1)).readiness(),
        // Its changes are none of this service.
        Switch::default().check("other", Level::L5).with_interval(Duration::from_secs(1)),
    ]);
    let health = GrpcHealth::new(&monitor).with_watch_interval(Duration::from_hours(24));
    sleep(Duration::from_secs(5)).await;
    for service in ["", "readiness", "db", "level/1"] {
        switch.turn(true);
        sleep(Duration::from_secs(5)).await;
        let mut watch = watch(&health, service).await;
        let began = Instant::now();
        assert_eq!(next(&mut watch).await, Serving, "{service:?}");
        assert_eq!(began.elapsed(), Duration::ZERO, "{service:?}");
        assert_silent(&mut watch, Duration::from_hours(1)).await;
        for is_on in [false, true, false] {
            switch.turn(is_on);
            let began = Instant::now();
            assert_eq!(next(&mut watch).await, if is_on { Serving } else { NotServing }, "{service:?}");
            // The check's interval and its jitter; the watch adds none of its own after a quiet time.
            assert!(began.elapsed() < Duration::from_millis(1_200), "{:?}", began.elapsed());
            assert_silent(&mut watch, Duration::from_mins(1)).await;
        }
    }
}

#[tokio::test(start_paused = true)]
async fn a_check_that_nobody_else_asks_for_is_looked_at_by_all_who_watch_together() {
    let switch = Switch::default();
    let health = GrpcHealth::new(&monitor([switch.check("db", Level::L1)]));
    let mut watches = Vec::new();
    for _ in 0..20 {
        let mut watch = watch(&health, "db").await;
        assert_eq!(next(&mut watch).await, Serving);
        watches.push(tokio::spawn(async move { next(&mut watch).await }));
        sleep(Duration::from_millis(1_300)).await;
    }
    let before = switch.runs();
    sleep(Duration::from_secs(100)).await;
    assert_eq!(switch.runs() - before, 10, "every ten seconds once, however many watch");
    switch.turn(false);
    let turned = Instant::now();
    for watch in watches {
        assert_eq!(watch.await.expect("no panic"), NotServing);
    }
    assert!(turned.elapsed() <= Duration::from_secs(10));
}

#[tokio::test(start_paused = true)]
async fn a_check_that_changes_all_the_time_is_not_run_all_the_time() {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let flapping = Check::new("flapping", Level::L5, move || {
        let run = counted.fetch_add(1, Ordering::SeqCst);
        async move { run.is_multiple_of(2) }
    });
    let health = GrpcHealth::new(&monitor([flapping.with_max_age(Duration::ZERO)]));
    // Alone, it looks when its interval is over: what its own looks change is no news to it.
    let mut alone = watch(&health, "flapping").await;
    let told = async {
        loop {
            next(&mut alone).await;
        }
    };
    assert!(timeout(Duration::from_secs(95), told).await.is_err());
    let alone = runs.swap(0, Ordering::SeqCst);
    assert!((9..=11).contains(&alone), "{alone} runs");

    // Many make news for each other, and then a pause holds.
    let watches: Vec<_> = (0..10)
        .map(|_| health.clone())
        .map(|health| async move {
            let mut watch = watch(&health, "flapping").await;
            let mut last = Unknown;
            loop {
                let status = next(&mut watch).await;
                assert_ne!(status, last, "what did not change is not told");
                last = status;
            }
        })
        .collect();
    let watches: Vec<_> = watches.into_iter().map(tokio::spawn).collect();
    sleep(Duration::from_secs(100)).await;
    let together = runs.load(Ordering::SeqCst);
    assert!(together <= 10 * 101, "{together} runs");
    assert!(watches.iter().all(|watch| !watch.is_finished()), "none has failed");
}

#[tokio::test(start_paused = true)]
async fn mutes_and_changes_that_were_missed_are_found_out() {
    let switch = Switch::default();
    let noise = (0..100).map(|number| Switch::default().check(&format!("noise-{number}"), Level::L5));
    let monitor = monitor(noise.chain([switch.check("db", Level::L1)]));
    let health = GrpcHealth::new(&monitor).with_watch_interval(Duration::from_secs(30));
    let mut watch = watch(&health, "db").await;
    assert_eq!(next(&mut watch).await, Serving);
    switch.turn(false);
    // A hundred first results, and the one that matters among them.
    sleep(Duration::from_secs(2)).await;
    let began = Instant::now();
    monitor.report(&Selection::everything()).await;
    assert_eq!(next(&mut watch).await, NotServing);
    assert!(began.elapsed() < Duration::from_secs(1));
    monitor.mute("db", Duration::from_secs(100), "they move").expect("a check of this name");
    assert_eq!(next(&mut watch).await, Serving);
    assert_eq!(next(&mut watch).await, NotServing);
    let muted = began.elapsed();
    assert!((100..=130).contains(&muted.as_secs()), "{muted:?}");
}

#[tokio::test(start_paused = true)]
async fn a_drain_is_told_at_once_and_ends_every_watch() {
    let stuck = stuck("stuck", Level::L3).with_max_age(Duration::ZERO);
    let monitor = monitor([stuck.readiness(), Check::new("alive", Level::L5, || async { true }).liveness()]);
    let health = GrpcHealth::new(&monitor);
    let mut readiness = watch(&health, "readiness").await;
    let mut liveness = watch(&health, "liveness").await;
    let mut waiting = watch(&health, "stuck").await;
    assert_eq!(next(&mut liveness).await, Serving);
    // Neither has anything to tell yet: both wait for a check that never ends.
    assert_silent(&mut readiness, Duration::from_millis(100)).await;
    assert_silent(&mut waiting, Duration::from_millis(100)).await;

    monitor.drain();
    let began = Instant::now();
    assert_eq!(next(&mut readiness).await, NotServing);
    assert_eq!(began.elapsed(), Duration::ZERO);
    let ends = tokio::join!(readiness.message(), liveness.message(), waiting.message());
    for end in [ends.0, ends.1, ends.2] {
        let end = end.expect_err("the end");
        assert_eq!((end.code(), end.message()), (Code::Unavailable, "shutting down"));
    }
    assert_eq!(began.elapsed().as_secs(), 1);

    // One who comes back is told what there is, and is not kept for longer, nor sent away at once.
    for (service, expected) in [("", NotServing), ("liveness", Serving), ("nobody", ServiceUnknown)] {
        let began = Instant::now();
        let mut watch = watch(&health, service).await;
        assert_eq!(next(&mut watch).await, expected, "{service:?}");
        assert_eq!(watch.message().await.expect_err("the end").code(), Code::Unavailable);
        assert_eq!(began.elapsed().as_secs(), 1, "{service:?}");
    }
    assert_eq!(check(&health, "").await.expect("an answer"), NotServing);
    assert_eq!(check(&health, "liveness").await.expect("an answer"), Serving);
}

#[tokio::test(start_paused = true)]
async fn a_list_that_no_client_would_take_is_refused_before_any_check_is_run() {
    let switch = Switch::default();
    let name = |number: usize| format!("{number:04}-{}", "n".repeat(1_000));
    let few = (0..4_000).map(|number| switch.check(&name(number), Level::L5));
    assert_eq!(list(GrpcHealth::new(&monitor(few))).await.expect("a list").len(), 4_000 + 9);
    assert_eq!(switch.runs(), 4_000);

    let many = (0..4_200).map(|number| switch.check(&name(number), Level::L5));
    let health = GrpcHealth::new(&monitor(many));
    let refused = list(health.clone()).await.expect_err("too many");
    assert_eq!(refused.code(), Code::ResourceExhausted);
    assert!(refused.message().contains("4209 services") && refused.message().contains("Check"), "{refused}");
    assert_eq!(switch.runs(), 4_000);
    assert_eq!(check(&health, &name(4_199)).await.expect("an answer"), Serving);
}

#[tokio::test]
async fn a_method_that_there_is_not_is_unimplemented() {
    let mut client = Grpc::new(GrpcHealth::new(&ship()));
    client.ready().await.expect("always ready");
    let path = PathAndQuery::from_static("/grpc.health.v1.Health/Cure");
    let codec = ProstCodec::<HealthListRequest, HealthListResponse>::default();
    let refused = client.unary(Request::new(HealthListRequest {}), path, codec).await.expect_err("no such method");
    assert_eq!(refused.code(), Code::Unimplemented);
}

/// A server with a socket, which ends when `shutdown` does.
async fn serve_grpc(
    health: GrpcHealth,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> (Channel, tokio::task::JoinHandle<()>) {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let address = incoming.local_addr().expect("an address");
    let server = Server::builder().add_service(health).serve_with_incoming_shutdown(incoming, shutdown);
    let server = tokio::spawn(async { server.await.expect("a server") });
    let channel = Channel::from_shared(format!("http://{address}")).expect("an address").connect().await;
    (channel.expect("a connection"), server)
}

#[tokio::test]
async fn a_server_ends_although_clients_watch() {
    let monitor = monitor([Check::new("good", Level::L5, || async { true }).readiness()]);
    let draining = monitor.clone();
    let shutdown = async move {
        while !draining.is_draining() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let (channel, server) = serve_grpc(GrpcHealth::new(&monitor), shutdown).await;
    let mut watches = Vec::new();
    for service in ["", "readiness", "liveness", "good", "nobody"] {
        let mut watch = HealthClient::new(channel.clone()).watch(asking(service)).await.expect("a stream").into_inner();
        next(&mut watch).await;
        watches.push(watch);
    }
    monitor.drain();
    timeout(Duration::from_secs(10), server).await.expect("it ends").expect("without a panic");
    for mut watch in watches.drain(..2) {
        assert_eq!(next(&mut watch).await, NotServing);
        assert_eq!(watch.message().await.expect_err("the end").code(), Code::Unavailable);
    }
    for mut watch in watches {
        assert_eq!(watch.message().await.expect_err("the end").code(), Code::Unavailable);
    }
}

#[tokio::test]
async fn it_stands_beside_http_on_one_port() {
    let switch = Switch::default();
    let endpoint = endpoint([switch.check("db", Level::L1).with_max_age(Duration::ZERO).readiness()]);
    let health = GrpcHealth::new(endpoint.monitor());
    let app = endpoint.router().route_service("/grpc.health.v1.Health/{*method}", health);
    let address = serve(app).await;
    let channel = Channel::from_shared(format!("http://{address}")).expect("an address").connect().await;
    let channel = channel.expect("a connection");
    let mut client = HealthClient::new(channel.clone());
    let mut watch = client.watch(asking("db")).await.expect("a stream").into_inner();
    assert_eq!(next(&mut watch).await, Serving);
    assert_eq!(client.check(asking("")).await.expect("an answer").into_inner().status(), Serving);
    assert_eq!(list(channel).await.expect("a list")["level/1"], Serving);
    assert_eq!(get(address, "/readyz").await.body, "ok");

    // What somebody finds out over HTTP, one who watches over gRPC is told.
    switch.turn(false);
    assert_eq!(get(address, "/readyz").await.status, 503);
    assert_eq!(timeout(Duration::from_secs(5), next(&mut watch)).await.expect("soon"), NotServing);
    let refused = client.check(asking("nobody")).await.expect_err("no such service");
    assert_eq!(refused.code(), Code::NotFound);
}

#[tokio::test]
async fn every_group_is_a_service() {
    let listed = list(GrpcHealth::new(&monitor([]))).await.expect("a list");
    assert!(Group::ALL.iter().all(|group| listed[group.as_str()] == Serving));
    assert_eq!(listed.len(), 1 + Group::ALL.len() + Level::ALL.len());
}
