//! The Python SDK of the protocol.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use health_runtime::{
    BuildMetadata, Check, Level, Levels, Outcome, ShowDetails,
    access::{Access, AccessKey, access_key},
    probes,
};
use health_tests::{ask_python, builder, serve};
use serde_json::{Value, json};

const SECRET: &str = "0123456789abcdef-secret";

/// Gives the script a question and returns its answer.
async fn run(question: Value) -> Value {
    tokio::task::spawn_blocking(move || ask_python("mcp_client.py", &question)).await.expect("an answer")
}

/// Starts a service with the check `db` and, if it has one behind it, a check of that one.
async fn service(name: &'static str, db_works: Arc<AtomicBool>, behind: Option<(&'static str, String)>) -> String {
    let db = Check::new("db", Level::L3, move || {
        let works = db_works.load(Ordering::SeqCst);
        async move { if works { Outcome::pass() } else { Outcome::fail("the disk is full") } }
    });
    let db = db.runbook("https://wiki.example/disk").owner("team-data");
    let other = behind.map(|(other, base)| Check::from(probes::service(base).name(other).remote_level(Level::L3)));
    let checks = [db].into_iter().chain(other).map(|check| check.max_age(Duration::ZERO));
    let checks = checks.chain([Check::new("entry", Level::L3, || async { true }).depends_on(["db"])]);
    let endpoint = builder(checks).build_info(BuildMetadata::new(name, "1.0.0")).details(ShowDetails::Always);
    let address = serve(endpoint.build().expect("a good endpoint").router()).await;
    format!("http://{address}/health")
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the Python SDK of MCP: scripts/peers"]
async fn agent_finds_the_root_cause_three_services_away() {
    let works = || Arc::new(AtomicBool::new(true));
    let ledger_works = works();
    let ledger = service("ledger", Arc::clone(&ledger_works), None).await;
    let billing = service("billing", works(), Some(("ledger", ledger.clone()))).await;
    let orders = service("orders", works(), Some(("billing", billing.clone()))).await;
    let doors = json!({ "orders": orders, "billing": billing, "ledger": ledger });
    for mode in ["2026-07-28", "auto", "legacy"] {
        ledger_works.store(true, Ordering::SeqCst);
        let question = json!({ "find": doors, "begin": "orders", "mode": mode });
        assert_eq!(run(question.clone()).await, json!({ "status": "pass" }), "{mode}");
        ledger_works.store(false, Ordering::SeqCst);
        let found = run(question).await;
        assert_eq!(found["root_cause"], "billing/ledger/db", "{mode}: {found}");
        assert_eq!((&found["service"], &found["check"]), (&json!("ledger"), &json!("db")));
        assert_eq!(found["message"], "the disk is full");
        assert_eq!((&found["owner"], &found["runbook"]), (&json!("team-data"), &json!("https://wiki.example/disk")));
        assert_eq!(found["blocks"], json!(["entry"]));
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the Python SDK of MCP: scripts/peers"]
async fn sdk_understands_every_tool_in_both_eras() {
    let base = service("orders", Arc::new(AtomicBool::new(false)), None).await;
    for (mode, version) in [("2026-07-28", "2026-07-28"), ("auto", "2026-07-28"), ("legacy", "2025-11-25")] {
        let answer = run(json!({ "tour": base, "mode": mode })).await;
        assert_eq!(answer["version"], version, "{answer}");
        // Without `server/discover`, the SDK has no name before the first result.
        let server = if mode == version { Value::Null } else { json!("orders") };
        assert_eq!(answer["server"], server);
        let tools: Vec<_> =
            ["health_overview", "health_report", "health_check", "health_explain", "health_changes"].to_vec();
        assert_eq!(answer["tools"], json!(tools));
        // The SDK validates each result against its schema.
        assert_eq!(answer["statuses"], json!(["fail", "fail", "fail", "fail"]), "{answer}");
        assert_eq!(answer["changed"], json!(["db", "entry"]));
        assert_eq!(answer["resource"], "fail");
        assert_eq!(answer["mistake"], "there is no check named \"bd\"");
        assert_eq!(answer["unknown_tool"], -32602);
        assert_eq!(answer["unknown_resource"], if mode == "legacy" { -32002 } else { -32602 });
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the Python SDK of MCP: scripts/peers"]
async fn sdk_sends_credentials_with_each_request() {
    let keys = access_key([AccessKey::new("agent", SECRET)]);
    let endpoint = builder([Check::new("db", Level::L1, || async { true })]);
    let endpoint = endpoint.access(Access::new().levels(Levels::ALL, keys)).build().expect("a good endpoint");
    let base = format!("http://{}/health", serve(endpoint.router()).await);
    for mode in ["2026-07-28", "legacy"] {
        let ask = |secret: &str| {
            let headers = json!({ "X-Access-Key": "agent", "X-Secret-Key": secret });
            run(json!({ "status": base, "mode": mode, "headers": headers }))
        };
        assert_eq!(ask(SECRET).await, json!({ "status": "pass" }), "{mode}");
        assert_eq!(ask("wrong").await["error"], true, "{mode}");
    }
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs the Python SDK of MCP: scripts/peers"]
async fn sdk_mutes_a_check_in_both_eras() {
    let keys = access_key([AccessKey::new("agent", SECRET)]).may_operate();
    let endpoint = builder([Check::new("db", Level::L1, || async { false })]).details(ShowDetails::Always);
    let endpoint = endpoint.access(Access::new().levels(Levels::ALL, keys)).build().expect("a good endpoint");
    let base = format!("http://{}/health", serve(endpoint.router()).await);
    for mode in ["2026-07-28", "auto", "legacy"] {
        let headers = json!({ "X-Access-Key": "agent", "X-Secret-Key": SECRET });
        let answer = run(json!({ "operate": base, "mode": mode, "headers": headers })).await;
        let expected = json!({
            "tools": ["health_mute", "health_unmute"],
            "read_only": [false, false],
            "muted": { "reason": "a migration", "caller": "agent" },
            "statuses": ["fail", "pass", "fail"],
            "unmuted": null,
        });
        assert_eq!(answer, expected, "{mode}");
    }
}
