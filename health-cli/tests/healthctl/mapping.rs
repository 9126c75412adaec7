use health_runtime::{Check, Level, Status, probes};
use serde_json::json;

use crate::{
    healthctl,
    services::{check, named, url_of},
    stub::{Reply, Stub, response},
};

/// `orders` asks `billing`, which asks `ledger`, whose database has this status.
async fn chain(db: Status) -> [String; 3] {
    let ledger = url_of(named("ledger", [check("db", Level::L1, db).readiness()])).await;
    let to_ledger = probes::service(&ledger).name("ledger_service").check_for_readiness();
    let billing = url_of(named("billing", [to_ledger, check("cache", Level::L2, Status::Pass)])).await;
    let to_billing = probes::service(&billing).name("billing_service").remote_level(Level::L1).into();
    let orders = url_of(named("orders", [to_billing, check("up", Level::L5, Status::Pass)])).await;
    [orders, billing, ledger]
}

trait ForReadiness {
    fn check_for_readiness(self) -> Check;
}

impl ForReadiness for probes::ServiceProbe {
    fn check_for_readiness(self) -> Check {
        Check::from(self).readiness()
    }
}

#[tokio::test]
async fn map_and_explanation_lead_through_the_services() {
    let [url, ..] = chain(Status::Fail).await;
    let map = healthctl(&["map", &url]).await;
    assert_eq!(map.code, 1, "{map:?}");
    let lines: Vec<_> = map.out.lines().collect();
    assert_eq!(lines[0], "orders 1.4.2  ✗ fail");
    assert!(lines[1].starts_with("└─ billing 1.4.2  ✗ fail"), "{map:?}");
    assert!(map.out.contains("ledger  ✗ fail") && map.out.contains("└─ db  ✗ fail"), "{map:?}");
    let dot = healthctl(&["map", &url, "--dot"]).await.out;
    assert!(
        dot.starts_with("digraph health {") && dot.contains("billing 1.4.2\\nfail") && dot.trim_end().ends_with('}'),
        "{dot}"
    );
    let tree = healthctl(&["map", &url, "--json"]).await.json();
    assert_eq!(tree["children"][0]["name"], "billing 1.4.2");
    let explained = healthctl(&["explain", &url]).await;
    assert!(explained.out.contains("billing/ledger/db"), "{explained:?}");
    assert!(explained.out.contains("through  check billing_service of this service"), "{explained:?}");
}

/// Returns the answer of a service that asks others: pairs of a service and the words of its status.
fn asks(service: &str, others: &[(&str, &str)]) -> Reply {
    let check = |(other, status): &(&str, &str)| {
        let data = json!({ "service": other, "version": "2.0" });
        ((*other).to_owned(), json!({ "status": status, "data": data }))
    };
    let checks: serde_json::Map<_, _> = others.iter().map(check).collect();
    let body = json!({ "status": "pass", "service": service, "level_3": { "checks": checks } });
    response("200 OK", "application/json", body.to_string())
}

async fn stubs<const N: usize>(services: [(&str, &[(&str, &str)]); N]) -> Vec<String> {
    let mut urls = Vec::new();
    for (service, others) in services {
        urls.push(Stub::with(asks(service, others)).await.url("/health"));
    }
    urls
}

fn arguments<'a>(urls: &'a [String], options: &[&'a str]) -> Vec<&'a str> {
    ["map"].into_iter().chain(urls.iter().map(String::as_str)).chain(options.iter().copied()).collect()
}

#[tokio::test]
async fn reports_of_further_services_are_joined_by_their_names() {
    let [orders, billing, ledger] = chain(Status::Pass).await;
    let alone = healthctl(&["map", &orders]).await;
    assert_eq!(alone.out, "orders 1.4.2  ✓ pass\n└─ billing 1.4.2  ✓ pass  check billing_service\n");
    // In any order: the tree begins with the service that no other one asks.
    for urls in [[&orders, &billing, &ledger], [&ledger, &billing, &orders]] {
        let joined = healthctl(&["map", urls[0], urls[1], urls[2]]).await;
        let tree = "orders 1.4.2  ✓ pass\n└─ billing 1.4.2  ✓ pass  check billing_service\n   └─ ledger 1.4.2  ✓ pass  check ledger_service\n";
        assert_eq!((joined.code, &*joined.out), (0, tree), "{joined:?}");
    }
    let [orders, billing, ledger] = chain(Status::Fail).await;
    let failing = healthctl(&["map", &orders, &billing, &ledger]).await;
    assert_eq!(failing.code, 1, "{failing:?}");
    let lines: Vec<_> = failing.out.lines().map(|line| line.trim_start_matches(['└', '─', ' '])).collect();
    assert!(lines[2].starts_with("ledger 1.4.2  ✗ fail") && lines[3] == "db  ✗ fail  it is away", "{failing:?}");
}

#[tokio::test]
async fn each_service_is_drawn_once_and_circles_are_not_followed() {
    let urls = stubs([
        ("gateway", &[("orders", "pass"), ("users", "pass")]),
        ("orders", &[("billing", "pass")]),
        ("users", &[("billing", "warn")]),
        ("billing", &[("orders", "pass")]),
    ])
    .await;
    let ended = healthctl(&arguments(&urls, &[])).await;
    let tree = [
        "gateway  ✓ pass",
        "├─ orders 2.0  ✓ pass",
        "│  └─ billing 2.0  ✓ pass",
        "│     └─ orders 2.0  ✓ pass  drawn above",
        "└─ users 2.0  ✓ pass",
        "   └─ billing 2.0  ! warn  drawn above",
    ];
    assert_eq!(ended.out.lines().collect::<Vec<_>>(), tree);
    // Edges lead to the one node of a service.
    let dot = healthctl(&arguments(&urls, &["--dot"])).await.out;
    assert_eq!((dot.matches("shape=box").count(), dot.matches("->").count()), (4, 5), "{dot}");
    assert!(dot.contains("n2 -> n1;") && dot.contains("n3 -> n2;"), "{dot}");

    // Two that ask each other, and nobody asks them; and one of no name that they have.
    let urls = stubs([("a", &[("b", "pass")]), ("b", &[("a", "fail")]), ("c", &[("c", "pass")])]).await;
    let ended = healthctl(&arguments(&urls, &["--json"])).await;
    let trees: Vec<serde_json::Value> =
        ended.out.lines().map(|line| serde_json::from_str(line).expect("JSON")).collect();
    let again = json!({ "name": "a 2.0", "status": "fail", "note": "drawn above", "is_repeated": true });
    let b = json!({ "name": "b 2.0", "status": "pass", "children": [again] });
    assert_eq!(trees[0], json!({ "name": "a", "status": "pass", "children": [b] }));
    assert_eq!((trees.len(), &trees[1]["children"][0]["is_repeated"]), (2, &json!(true)), "{trees:?}");
}

#[tokio::test]
async fn service_without_an_answer_leaves_the_rest_of_the_map() {
    let urls = stubs([("orders", &[("billing", "pass")])]).await;
    let ended = healthctl(&["map", &urls[0], "http://127.0.0.1:9/health"]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    let lines: Vec<_> = ended.out.lines().collect();
    assert_eq!(lines[..2], ["orders  ✓ pass", "└─ billing 2.0  ✓ pass"]);
    assert!(lines[2].starts_with("http://127.0.0.1:9/health  ? unknown  cannot connect"), "{ended:?}");
    let alone = healthctl(&["map", "http://127.0.0.1:9/health"]).await;
    assert!(alone.code == 1 && alone.out.is_empty() && alone.err.contains("cannot connect"), "{alone:?}");
    assert_eq!(healthctl(&["map", &urls[0], "hunter2"]).await.code, 64);
}

#[tokio::test]
async fn report_tells_circles_and_checks_without_a_result() {
    let data = json!({ "service": "billing", "unknown": ["ledger"], "ignored_root_causes": ["billing/orders/db"] });
    let checks = json!({ "billing": { "status": "warn", "level": 3, "data": data } });
    let body = json!({ "status": "warn", "service": "orders", "level_3": { "checks": checks } });
    let stub = Stub::with(response("200 OK", "application/json", body.to_string())).await;
    let ended = healthctl(&["map", &stub.url("/health")]).await;
    let tree = "orders  ! warn\n└─ billing  ! warn  goes round: billing/orders/db\n   └─ ledger  ? unknown\n";
    assert_eq!((ended.code, &*ended.out), (0, tree));
    assert_eq!(stub.requests().len(), 1, "no address in a report is asked");
}

#[tokio::test]
async fn long_path_is_drawn_up_to_a_depth() {
    let path = "a/b/".repeat(500);
    let checks = json!({ "billing": { "status": "fail", "level": 3, "root_causes": [format!("{path}db")] } });
    let body = json!({ "status": "fail", "service": "orders", "level_3": { "checks": checks } });
    let stub = Stub::with(response("200 OK", "application/json", body.to_string())).await;
    let ended = healthctl(&["map", &stub.url("/health")]).await;
    assert_eq!((ended.code, ended.out.lines().count()), (1, 34), "{ended:?}");
}

#[tokio::test]
async fn edges_lead_to_the_first_service_of_a_name() {
    let urls = stubs([("billing", &[]), ("billing", &[]), ("orders", &[("billing", "pass")])]).await;
    let dot = healthctl(&arguments(&urls, &["--dot"])).await.out;
    // The second one of the name is drawn first, because nobody asks it.
    assert!(dot.contains("n0 [label=\"billing") && dot.contains("n1 [label=\"orders"), "{dot}");
    assert!(dot.contains("n1 -> n2;") && !dot.contains("-> n0;"), "{dot}");
}
