//! Access: decided for each call, before anything is run for it.

use std::{
    sync::{
        Arc,
        atomic::{AtomicUsize, Ordering},
    },
    time::Duration,
};

use health_runtime::{
    BuildMetadata, Check, Endpoint, Level, Levels, Outcome, ShowDetails,
    access::{Access, AccessKey, Limits, access_key, any_of, closed, public},
};
use health_tests::{builder, serve_with_addresses};
use serde_json::{Value, json};

use crate::agent::Agent;

const SECRET: &str = "0123456789abcdef-secret";

const CALLS: [(&str, &str); 9] = [
    ("health_overview", "{}"),
    ("health_report", "{}"),
    ("health_report", r#"{"run":false}"#),
    ("health_report", r#"{"level":5}"#),
    ("health_report", r#"{"group":"readiness"}"#),
    ("health_report", r#"{"tag":"canary-tag"}"#),
    ("health_check", r#"{"name":"blocked"}"#),
    ("health_explain", "{}"),
    ("health_changes", "{}"),
];

/// `blocked` at level 5 depends on `canary` at level 1, whose every text begins with its name.
fn ship(access: Access, show: Option<ShowDetails>) -> (Endpoint, Arc<AtomicUsize>) {
    let runs = Arc::new(AtomicUsize::new(0));
    let counted = Arc::clone(&runs);
    let canary = Check::new("canary", Level::L1, move || {
        counted.fetch_add(1, Ordering::SeqCst);
        async { Outcome::fail("canary-message").with_data(json!({ "canary-data": "canary-data" })) }
    });
    let canary = canary
        .max_age(Duration::ZERO)
        .tags(["canary-tag"])
        .description("canary-description")
        .owner("canary-owner")
        .runbook("https://canary.example");
    let blocked = Check::new("blocked", Level::L5, || async { true }).depends_on(["canary"]).description("a-detail");
    let alive = Check::new("alive", Level::L5, || async { Outcome::warn("a-detail") }).readiness().owner("a-detail");
    let build = BuildMetadata::new("orders", "3.0.3");
    let builder = builder([canary, blocked, alive]).access(access).build_info(build);
    let builder = if let Some(show) = show { builder.details(show) } else { builder };
    (builder.build().expect("a good endpoint"), runs)
}

fn shallow() -> Access {
    let keys = [AccessKey::new("all", SECRET), AccessKey::new("five", "a secret of level five").levels(Level::L5)];
    Access::new().levels(Level::L1..=Level::L4, access_key(keys)).levels(Level::L5, public())
}

fn with_key(agent: &Agent, id: &str, secret: &str) -> Agent {
    agent.clone().with("X-Access-Key", id).with("X-Secret-Key", secret)
}

#[tokio::test]
async fn nothing_leaks_to_callers_of_other_levels() {
    let details = || Access::new().levels(Level::L1..=Level::L4, closed()).levels(Level::L5, public().with_details());
    for (access, show) in [(shallow(), None), (details(), None), (details(), Some(ShowDetails::Always))] {
        let sees_details = !format!("{show:?}").contains("None");
        let (endpoint, _) = ship(access, show);
        let agent = Agent::of(&endpoint).await;
        endpoint.monitor().report(&health_runtime::Selection::everything()).await;
        for (tool, arguments) in CALLS {
            let arguments: Value = serde_json::from_str(arguments).expect("JSON");
            let answer = agent.call_raw(tool, arguments.clone()).await;
            let text = answer.body.replace("has the tag \\\"canary-tag\\\"", "");
            assert!(!text.contains("canary"), "{tool} {arguments}: {answer:?}");
            assert_eq!(answer.status, 200, "{tool} {arguments}: {answer:?}");
        }
        let report = agent.call("health_report", json!({ "level": 5 })).await;
        assert_eq!(report["level_5"]["checks"]["blocked"]["cause"], "blocked");
        let explained = agent.call("health_explain", json!({})).await;
        assert_eq!(explained["root_causes"][0]["root_cause"], "blocked", "{explained} {sees_details}");
        let read = agent.stateless("resources/read", json!({ "uri": "health://report" })).await;
        assert!(read.status == 200 && !read.body.contains("canary"), "{read:?}");
    }
}

#[tokio::test]
async fn outline_has_no_texts() {
    let (endpoint, _) = ship(Access::new().levels(Levels::ALL, public()), None);
    let agent = Agent::of(&endpoint).await;
    for (tool, arguments) in CALLS.into_iter().chain([("health_check", r#"{"name":"canary"}"#)]) {
        let result = agent.call(tool, serde_json::from_str(arguments).expect("JSON")).await.to_string();
        for text in
            ["untrusted_text", "-message", "-data", "-description", "-owner", "a-detail", "https://", "blocks\":[\""]
        {
            assert!(!result.contains(text), "{tool} {arguments}: {text} in {result}");
        }
        assert!(!result.contains("depends_on"), "{result}");
    }
    let known = agent.stateless("server/discover", json!({})).await.json();
    assert_eq!(known["result"]["_meta"]["io.modelcontextprotocol/serverInfo"]["name"], "orders");
    let secret = Access::new().levels(Levels::ALL, public()).info(closed());
    let unknown = Agent::of(&ship(secret, None).0).await.stateless("server/discover", json!({})).await;
    assert!(!unknown.body.contains("orders") && !unknown.body.contains("3.0.3"), "{unknown:?}");
}

#[tokio::test]
async fn each_call_is_authorized_by_itself() {
    let (endpoint, runs) = ship(shallow(), None);
    let agent = Agent::of(&endpoint).await;
    let (all, five) = (with_key(&agent, "all", SECRET), with_key(&agent, "five", "a secret of level five"));
    for (agent, status, challenge) in [(&agent, 401, r#"AccessKey realm="health""#), (&five, 403, ""), (&all, 200, "")]
    {
        for (tool, arguments) in
            [("health_report", json!({ "level": 1 })), ("health_check", json!({ "name": "canary" }))]
        {
            let answer = agent.call_raw(tool, arguments).await;
            assert_eq!((answer.status, answer.header("www-authenticate")), (status, challenge), "{tool}: {answer:?}");
        }
        let nobody = agent.call_raw("health_check", json!({ "name": "nobody" })).await;
        assert_eq!(nobody.status, status, "an unknown name looks as one that is refused");
        if status != 200 {
            assert_eq!(runs.load(Ordering::SeqCst), 0);
        }
        // The list is the same for everybody.
        assert_eq!(agent.stateless("tools/list", json!({})).await.status, 200);
    }
    assert!(runs.load(Ordering::SeqCst) > 0);
    let result = all.call("health_explain", json!({})).await;
    assert_eq!(result["root_causes"][0]["untrusted_text"]["message"], "canary-message");
}

#[tokio::test]
async fn strangers_are_refused_before_their_body_is_read() {
    let keys = || access_key([AccessKey::new("all", SECRET)]);
    let (endpoint, runs) = ship(Access::new().levels(Levels::ALL, any_of([keys(), closed()])), None);
    let agent = Agent::of(&endpoint).await;
    for method in ["server/discover", "tools/list", "tools/call", "none"] {
        let answer = agent.stateless(method, json!({ "name": "health_overview" })).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (401, r#"AccessKey realm="health""#));
    }
    assert_eq!(agent.handshake("initialize", json!({})).await.status, 401);
    assert_eq!(agent.post(&[("Content-Type", "application/json")], "{").await.status, 401);
    assert_eq!(runs.load(Ordering::SeqCst), 0);
    assert_eq!(endpoint.refusals().unauthenticated, 6);
    let wrong = with_key(&agent, "all", "wrong");
    assert_eq!(wrong.stateless("tools/list", json!({})).await.status, 401);
    assert_eq!(with_key(&agent, "all", SECRET).stateless("tools/list", json!({})).await.status, 200);
}

#[tokio::test]
async fn limits_count_calls_that_run_checks() {
    let limits = Limits::new().levels(Level::L1, 2, Duration::from_mins(1));
    let (endpoint, runs) = ship(Access::new().levels(Levels::ALL, public()).limits(limits), None);
    let mut agent = Agent::of(&endpoint).await;
    agent.address = serve_with_addresses(endpoint.router()).await;
    for _ in 0..9 {
        assert_eq!(agent.stateless("tools/list", json!({})).await.status, 200);
        assert_eq!(agent.call_raw("health_report", json!({ "run": false })).await.status, 200);
    }
    let statuses = [1, 2, 3].map(|_| agent.call_raw("health_report", json!({ "level": 1 })));
    let mut answers = Vec::new();
    for status in statuses {
        answers.push(status.await);
    }
    assert_eq!(answers.iter().map(|answer| answer.status).collect::<Vec<_>>(), [200, 200, 429]);
    assert!(!answers[2].header("retry-after").is_empty());
    assert_eq!(runs.load(Ordering::SeqCst), 2);
}

#[tokio::test]
async fn scope_of_an_address_holds() {
    let (endpoint, runs) = ship(Access::new().levels(Levels::ALL, public()), Some(ShowDetails::Always));
    let agent = Agent::of(&endpoint.levels(Level::L5).without_groups()).await;
    let report = agent.call("health_report", json!({})).await;
    assert!(report.get("level_1").is_none() && !report.to_string().contains("canary"), "{report}");
    assert_eq!(agent.mistake("health_report", json!({ "level": 1 })).await, "there is no level 1 at this address");
    let none = agent.mistake("health_report", json!({ "group": "readiness" })).await;
    assert_eq!(none, "there are no groups at this address");
    for (tool, arguments) in [("health_overview", "{}"), ("health_explain", "{}"), ("health_changes", "{}")] {
        let result = agent.call(tool, serde_json::from_str(arguments).expect("JSON")).await;
        assert!(!result.to_string().contains("canary"), "{tool}: {result}");
    }
    assert!(runs.load(Ordering::SeqCst) > 0, "`blocked` depends on it");
    let groups = Agent::of(&endpoint.without_levels()).await;
    assert_eq!(groups.stateless("tools/list", json!({})).await.status, 404);
}
