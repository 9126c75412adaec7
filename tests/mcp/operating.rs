//! The tools that mute checks, for callers with the right to operate them.

use health_runtime::{
    Check, Endpoint, Level, Levels, ShowDetails,
    access::{Access, AccessKey, access_key, any_of},
};
use health_tests::{builder, endpoint};
use serde_json::{Value, json};

use crate::agent::Agent;

const SECRET: &str = "0123456789abcdef-secret";

fn db() -> Check {
    Check::new("db", Level::L1, || async { false })
}

/// A service of which `operator` may operate level 1, and `reader` nothing.
fn operated() -> Endpoint {
    let operator = access_key([AccessKey::new("operator", SECRET)]).may_operate();
    let reader = access_key([AccessKey::new("reader", SECRET)]);
    let five = access_key([AccessKey::new("five", SECRET).levels(Level::L5)]).may_operate();
    let access = Access::new().levels(Levels::ALL, any_of([operator, reader, five]));
    builder([db()]).details(ShowDetails::Always).access(access).build().expect("good rules")
}

async fn agent(endpoint: &Endpoint, id: &str) -> Agent {
    Agent::of(endpoint).await.with("X-Access-Key", id).with("X-Secret-Key", SECRET)
}

async fn tools(agent: &Agent) -> Vec<Value> {
    let listed = agent.stateless("tools/list", json!({})).await.json();
    listed["result"]["tools"].as_array().expect("tools").clone()
}

#[tokio::test]
async fn tools_that_mute_exist_only_where_a_policy_grants_the_right() {
    let open = endpoint([db()]);
    let agent_of_nobody = Agent::of(&open).await;
    assert_eq!(tools(&agent_of_nobody).await.len(), 5);
    let unknown = agent_of_nobody.stateless("tools/call", json!({ "name": "health_mute", "arguments": {} })).await;
    assert_eq!(unknown.json()["error"]["code"], -32602, "{unknown:?}");
    // Every caller sees the same list.
    for id in ["operator", "reader"] {
        let tools = tools(&agent(&operated(), id).await).await;
        let hints: Vec<_> = tools[5..]
            .iter()
            .map(|tool| {
                let hints = &tool["annotations"];
                let hint = |name: &str| hints[name].as_bool().expect("a hint");
                let name = tool["name"].as_str().expect("a name");
                (name, hint("readOnlyHint"), hint("destructiveHint"), hint("idempotentHint"))
            })
            .collect();
        assert_eq!(hints, [("health_mute", false, true, false), ("health_unmute", false, true, true)]);
        assert!(tools[..5].iter().all(|tool| tool["annotations"]["readOnlyHint"] == true));
    }
}

#[tokio::test]
async fn operator_mutes_a_check_and_is_recorded() {
    let endpoint = operated();
    let agent = agent(&endpoint, "operator").await;
    let arguments = json!({ "name": "db", "for": "2h", "reason": "see https://bot:canary@tickets/7" });
    let muted = agent.call("health_mute", arguments).await;
    assert_eq!((&muted["check"], &muted["muted"]["untrusted_text"]["caller"]), (&json!("db"), &json!("operator")));
    let reason = muted["muted"]["untrusted_text"]["reason"].as_str().expect("a reason");
    assert!(reason.starts_with("see https://") && !muted.to_string().contains("canary"), "{muted}");
    assert!(muted["muted"].get("reason").is_none() && muted["muted"]["until"].is_string(), "{muted}");
    let tools = tools(&agent).await;
    let validator = jsonschema::validator_for(&tools[5]["outputSchema"]).expect("a schema");
    assert!(validator.is_valid(&muted), "{muted}");
    let shown = agent.call("health_check", json!({ "name": "db" })).await;
    assert_eq!(shown["muted"], muted["muted"]);
    let unmuted = agent.call("health_unmute", json!({ "name": "db" })).await;
    assert_eq!(unmuted, json!({ "check": "db", "muted": null }));
    assert!(validator.is_valid(&unmuted));
    assert!(agent.call("health_check", json!({ "name": "db" })).await.get("muted").is_none());
}

#[tokio::test]
async fn each_call_needs_the_right() {
    let endpoint = operated();
    let mute = json!({ "name": "db", "for": "2h", "reason": "a test" });
    for (id, name, status) in [
        ("stranger", "db", 401),
        ("reader", "db", 403),
        ("five", "db", 403),
        ("five", "none", 403),
        ("reader", "none", 200),
    ] {
        let agent = agent(&endpoint, id).await;
        let mut mute = mute.clone();
        mute["name"] = json!(name);
        for (tool, arguments) in [("health_mute", mute), ("health_unmute", json!({ "name": name }))] {
            let answer = agent.call_raw(tool, arguments).await;
            assert_eq!(answer.status, status, "{id} {tool} {name}: {answer:?}");
            assert!(status != 200 || answer.body.contains("there is no check named"), "{answer:?}");
        }
    }
    let shown = agent(&endpoint, "reader").await.call("health_check", json!({ "name": "db" })).await;
    assert!(shown.get("muted").is_none());
}

#[tokio::test]
async fn mistakes_are_for_the_model() {
    let agent = agent(&operated(), "operator").await;
    for (tool, arguments, mistake) in [
        ("health_mute", json!({ "name": "db" }), "`for` is missing\\n`reason` is missing"),
        ("health_mute", json!({ "name": "db", "for": "8d", "reason": "x" }), "`for` must be between `1s` and `7days`"),
        ("health_mute", json!({ "name": "bd", "for": "1h", "reason": "x" }), "there is no check named"),
        ("health_unmute", json!({ "name": "db", "reason": "x" }), "there is no argument"),
    ] {
        let answer = agent.call_raw(tool, arguments).await;
        assert!(answer.status == 200 && answer.json()["result"]["isError"] == true, "{answer:?}");
        assert!(answer.body.contains(mistake), "{mistake}: {answer:?}");
    }
}
