//! Root causes across services: named where they are seen, and gone with their cause.

use std::{
    path::Path,
    sync::{
        Arc, Mutex,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use health_runtime::{BuildMetadata, Check, Level, ReportFormat, Selection, ShowDetails, Status, probes};
use health_tests::{builder, get, monitor, serve};
use serde_json::{Value, json};
use tokio::{io::AsyncWriteExt, net::TcpListener};

use crate::{
    graph::{Graph, MAX_AGE},
    server::{Server, answer, head},
};

#[tokio::test]
async fn edge_names_a_database_three_hops_away() {
    let edges: [(_, &[_]); 4] =
        [("edge", &["orders"]), ("orders", &["billing"]), ("billing", &["ledger"]), ("ledger", &[])];
    let graph = Graph::start(edges).await;
    graph["edge"].becomes_healthy().await;
    graph["ledger"].set_db(false);
    let named = |report: &Value| report["root_causes"] == json!(["orders/billing/ledger/db"]);
    let report = graph["edge"].becomes(named).await;
    let check = &report["level_3"]["checks"]["orders"];
    assert_eq!((&check["status"], &check["root_causes"]), (&json!("fail"), &json!(["orders/billing/ledger/db"])));

    let overview = get(graph["edge"].address, "/health").await.json();
    assert_eq!(overview["root_causes"], json!(["orders/billing/ledger/db"]));
    assert_eq!(overview["failing"]["orders"]["root_causes"], json!(["orders/billing/ledger/db"]));
    let text = get(graph["edge"].address, "/health/levels/3?format=text").await;
    assert!(text.body.contains("[-]orders failed because of orders/billing/ledger/db\n"), "{text:?}");

    for (format, part) in [
        ("xml", "<rootCause>orders/billing/ledger/db</rootCause></check>"),
        ("xml", "<rootCause>orders/billing/ledger/db</rootCause></health>"),
        ("health%2Bjson", r#""root_causes":["orders/billing/ledger/db"]"#),
        ("microprofile", r#""root_causes":"[\"orders/billing/ledger/db\"]""#),
        ("html", "orders/billing/ledger/db"),
    ] {
        let answer = get(graph["edge"].address, &format!("/health/levels/3?format={format}")).await;
        assert!(answer.body.contains(part), "{format}: {answer:?}");
    }

    graph["ledger"].set_db(true);
    graph["edge"].becomes_healthy().await;
}

/// The check at fault is the one that blocks, whether it is critical or not.
#[tokio::test]
async fn blocked_checks_are_not_root_causes() {
    let billing = Check::new("billing", Level::L3, || async { false }).critical(false);
    let invoices = Check::new("invoices", Level::L3, || async { true }).depends_on(["billing"]);
    let ready = Check::new("ready", Level::L4, || async { true }).depends_on(["billing"]).readiness();
    let endpoint = builder([billing, invoices, ready]).build_info(BuildMetadata::new("orders", "1"));
    let address = serve(endpoint.build().expect("a good endpoint").router()).await;
    assert_eq!(get(address, "/health/levels/1").await.json()["root_causes"], json!(["billing"]));
    let group = get(address, "/readyz?format=json").await.json();
    assert_eq!(group["root_causes"], json!(["ready"]), "`billing` is not in the group");
}

#[tokio::test]
async fn mended_fault_does_not_go_round_in_a_loop() {
    let edges: [(_, &[_]); 3] = [("a", &["b"]), ("b", &["a", "c"]), ("c", &[])];
    let graph = Graph::start(edges).await;
    graph["c"].set_db(false);
    graph["a"].becomes(|report| report["root_causes"] == json!(["b/c/db"])).await;
    // The check of `a` goes through `b` itself, so it passes.
    let report = graph["b"].becomes(|report| report["root_causes"] == json!(["c/db"])).await;
    assert_eq!(report["level_3"]["checks"]["a"]["status"], "pass");
    graph["c"].set_db(true);
    graph["a"].becomes_healthy().await;
    graph["b"].becomes_healthy().await;
}

#[tokio::test]
async fn own_fault_does_not_come_back_through_another_service() {
    let graph = Graph::start([("a", &["b"]), ("b", &["a"])]).await;
    graph["a"].set_db(false);
    graph["b"].becomes(|report| report["root_causes"] == json!(["a/db"])).await;
    for _ in 0..5 {
        let report = graph["a"].becomes(|report| report["level_3"]["checks"]["b"]["status"] == "pass").await;
        assert_eq!(report["root_causes"], json!(["db"]));
        tokio::time::sleep(MAX_AGE).await;
    }
    graph["a"].set_db(true);
    graph["b"].becomes_healthy().await;
}

/// Neither sees the root causes behind a check of the other, so each names the check itself.
#[tokio::test]
async fn mended_fault_does_not_go_round_between_services_that_hide_details() {
    let edges: [(_, &[_]); 2] = [("a", &["b"]), ("b", &["a"])];
    let graph = Graph::start_with(edges, |probe| probe.header("authorization", "Bearer t")).await;
    graph["a"].set_db(false);
    graph["b"].becomes(|report| report["level_3"]["checks"]["a"]["status"] == "fail").await;
    for _ in 0..5 {
        graph["a"].report().await;
        graph["b"].report().await;
        tokio::time::sleep(MAX_AGE).await;
    }
    graph["a"].set_db(true);
    for _ in 0..100 {
        let (a, b) = tokio::join!(graph["a"].report(), graph["b"].report());
        if [&a, &b].iter().all(|answer| answer.json()["status"] == "pass") {
            return;
        }
        tokio::time::sleep(MAX_AGE / 4).await;
    }
    panic!("{:#} {:#}", graph["a"].report().await.json(), graph["b"].report().await.json());
}

#[tokio::test]
async fn dead_service_is_its_own_root_cause() {
    let refused = probes::service("http://127.0.0.1:1").name("billing");
    let endpoint = builder([refused.into()]).build_info(BuildMetadata::new("orders", "1"));
    let address = serve(endpoint.build().expect("a good endpoint").router()).await;
    let report = get(address, "/health/levels/1").await.json();
    assert_eq!(report["root_causes"], json!(["billing"]));
    assert_eq!(report["level_3"]["checks"]["billing"].get("root_causes"), None);
}

#[tokio::test]
async fn draining_service_names_its_cause() {
    let orders = Check::new("db", Level::L5, || async { true }).readiness();
    let endpoint = builder([orders]).build_info(BuildMetadata::new("orders", "1"));
    let endpoint = endpoint.build().expect("a good endpoint");
    endpoint.monitor().drain();
    let address = serve(endpoint.router()).await;
    let report = get(address, "/readyz?format=json").await.json();
    assert_eq!(report["root_causes"], json!(["draining"]));
}

/// Names that a service shows to this caller alone are not for the callers of this service.
#[tokio::test]
async fn root_causes_learned_with_credentials_are_details() {
    let graph = Graph::start([("billing", &[])]).await;
    graph["billing"].set_db(false);
    let url = format!("http://{}", graph["billing"].address);
    let probe = |name| probes::service(&url).remote_level(Level::L1).name(name);
    let with_token = probe("with_token").header("authorization", "Bearer t");
    let with_parameter = |parameter| probes::service(format!("{url}?{parameter}")).remote_level(Level::L1);
    let gateway = with_parameter("token=t").name("with_parameter");
    let selecting = with_parameter("exclude=cache").name("selecting");
    let monitor = monitor([probe("open").into(), with_token.into(), gateway.into(), selecting.into()]);
    let report = monitor.report(&Selection::everything()).await;
    let shown = |details| {
        let bytes = report.render(ReportFormat::Json, details);
        let report: Value = serde_json::from_slice(&bytes).expect("JSON");
        ["open", "with_token", "with_parameter", "selecting"]
            .map(|name| report["level_3"]["checks"][name]["root_causes"].clone())
    };
    let db = || json!(["billing/db"]);
    assert_eq!(shown(ShowDetails::Always), [db(), db(), db(), db()]);
    assert_eq!(shown(ShowDetails::Never), [db(), Value::Null, Value::Null, db()]);
}

/// Returns the status of a service's check in `orders`, and its root causes, if the service answers this.
async fn judged(status: &str, body: &Value) -> (Status, Vec<String>) {
    let body = answer(status, &body.to_string()).replacen("\r\n", "\r\nContent-Type: application/json\r\n", 1);
    let server = Server::answering(body).await;
    let check = probes::service(server.url("")).level(Level::L1).name("billing");
    let endpoint = builder([check.into()]).build_info(BuildMetadata::new("orders", "1")).build();
    let report = endpoint.expect("a good endpoint").monitor().report(&Selection::everything()).await;
    let result = report.result("billing").expect("a result");
    (result.status(), result.root_causes().iter().map(ToString::to_string).collect())
}

/// Its failure goes round; its own warning does not.
#[tokio::test]
async fn warnings_of_a_service_count_behind_ignored_root_causes() {
    let body = |checks: Value| json!({ "status": "fail", "service": "billing", "root_causes": ["orders/db"], "checks": checks });
    let failing = json!({ "status": "fail", "root_causes": ["orders/db"] });
    let cases = [
        (json!({ "orders": failing }), Status::Pass, vec![]),
        (json!({ "orders": failing, "cache": { "status": "warn" } }), Status::Warn, vec!["billing/cache"]),
        (
            json!({ "orders": failing, "a/b": { "status": "warn" }, "ledger": { "status": "warn", "root_causes": ["ledger/db"] } }),
            Status::Warn,
            vec!["billing/a%2Fb", "billing/ledger/db"],
        ),
        (
            json!({
                "orders": failing,
                "shop": { "status": "warn", "root_causes": ["orders/db"] },
                "invoices": { "status": "warn", "cause": "blocked" },
                "muted": { "status": "warn", "muted": { "until": null } },
                "asked": { "status": "warn", "cause": "loop" },
            }),
            Status::Pass,
            vec![],
        ),
    ];
    for (checks, status, named) in cases {
        let named: Vec<_> = named.into_iter().map(ToOwned::to_owned).collect();
        assert_eq!(judged("503 Service Unavailable", &body(checks.clone())).await, (status, named), "{checks}");
    }
}

#[tokio::test]
async fn failure_far_away_counts() {
    let far = "a/b/c/d/e/f/g/h/i/j/k/l/db";
    let body = json!({ "status": "fail", "service": "billing", "root_causes": [far], "checks": {} });
    assert_eq!(judged("503 Service Unavailable", &body).await, (Status::Fail, vec![format!("billing/{far}")]));
}

/// The database of `ledger` is mended, and `ledger` itself still hears of it in a circle.
#[tokio::test]
async fn longer_path_to_a_mended_fault_is_ignored() {
    let paths = Arc::new(Mutex::new("ledger/db"));
    let answers = Arc::clone(&paths);
    let server = Server::start(move |mut stream| {
        let path = *answers.lock().expect("no panic");
        async move {
            let body = json!({ "status": "fail", "service": "billing", "root_causes": [path], "checks": {} });
            let body = answer("503 Service Unavailable", &body.to_string());
            let body = body.replacen("\r\n", "\r\nContent-Type: application/json\r\n", 1);
            head(&mut stream).await;
            let _ = stream.write_all(body.as_bytes()).await;
        }
    });
    let server = server.await;
    let url = server.url("");
    // A probe that is made anew for each run knows what the runs before were told.
    let check = Check::new("billing", Level::L3, move || {
        let probe = probes::service(&url);
        async move { probe.observe().await }
    });
    let monitor = monitor([check.max_age(Duration::ZERO)]);
    let billing = async || {
        let result = Arc::clone(&monitor.report(&Selection::everything()).await.entries()[0].result);
        (result.status(), result.root_causes().first().map(ToString::to_string))
    };
    let named = |path: &str| (Status::Fail, Some(format!("billing/{path}")));
    assert_eq!(billing().await, named("ledger/db"));
    *paths.lock().expect("no panic") = "tax/ledger/db";
    assert_eq!(billing().await, named("tax/ledger/db"), "through another neighbor");
    *paths.lock().expect("no panic") = "ledger/tax/ledger/db";
    for _ in 0..10 {
        assert_eq!(billing().await, (Status::Pass, None));
    }
    for news in ["ledger/disk", "tax/ledger/disk", "ledger/db", "ledger/tax/ledger/db"] {
        *paths.lock().expect("no panic") = news;
        assert_eq!(billing().await, named(news), "{news}");
    }
}

/// Each service is ready if the other one is, by a check that is in no group.
#[tokio::test]
async fn mended_fault_does_not_go_round_through_checks_outside_a_group() {
    let listener = async || TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let (a, b) = (listener().await, listener().await);
    let address = |listener: &TcpListener| listener.local_addr().expect("an address");
    let addresses = [address(&a), address(&b)];
    let db_works = Arc::new(AtomicBool::new(true));
    for (listener, name, other, asked) in [(a, "a", "b", addresses[1]), (b, "b", "a", addresses[0])] {
        let asks = probes::service(format!("http://{asked}")).name(other).max_age(MAX_AGE);
        let ready = Check::new("ready", Level::L2, || async {}).depends_on([other]).readiness().max_age(MAX_AGE);
        let works = Arc::clone(&db_works);
        let db = Check::new("db", Level::L4, move || std::future::ready(name == "b" || works.load(Ordering::SeqCst)));
        let checks = [asks.into(), ready, db.readiness().max_age(Duration::ZERO)];
        let endpoint = builder(checks).build_info(BuildMetadata::new(name, "1")).build().expect("a good endpoint");
        let router = endpoint.router();
        tokio::spawn(async { axum::serve(listener, router).await });
    }
    let become_all = async |status: &str| {
        let mut last = Value::Null;
        for _ in 0..100 {
            let [one, other] = addresses.map(|address| get(address, "/readyz?format=json"));
            let (one, other) = tokio::join!(one, other);
            last = json!([one.json(), other.json()]);
            if last[0]["status"] == status && last[1]["status"] == status {
                return last;
            }
            tokio::time::sleep(MAX_AGE / 4).await;
        }
        panic!("readiness stayed another: {last:#}");
    };
    become_all("pass").await;
    db_works.store(false, Ordering::SeqCst);
    let reports = become_all("fail").await;
    assert_eq!((&reports[0]["root_causes"], &reports[1]["root_causes"]), (&json!(["db"]), &json!(["a/db"])));
    db_works.store(true, Ordering::SeqCst);
    become_all("pass").await;
}

/// Two programs may be `/app/server`: the other one's failure is news.
#[tokio::test]
async fn failure_of_a_service_with_the_same_program_name_counts() {
    let path = std::env::args().next().expect("a path").leak();
    let program = Path::new(path).file_stem().and_then(|name| name.to_str()).expect("a name");
    let body = format!(r#"{{"status":"fail","service":"billing","root_causes":["{program}/db"],"checks":{{}}}}"#);
    let body = answer("503 Service Unavailable", &body).replacen("\r\n", "\r\nContent-Type: application/json\r\n", 1);
    let server = Server::answering(body).await;
    let check = || probes::service(server.url("")).level(Level::L1).name("billing");
    let nameless = monitor([check().into()]).report(&Selection::everything()).await;
    assert_eq!(nameless.status(), Status::Fail, "{nameless:?}");

    let endpoint = builder([check().into()]).build_info(BuildMetadata::new(program, "1"));
    let named = endpoint.build().expect("a good endpoint");
    assert_eq!(named.monitor().report(&Selection::everything()).await.status(), Status::Pass, "its own failure");
}
