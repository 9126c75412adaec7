use std::{
    process::Stdio,
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Level, Status};
use serde_json::{Value, json};
use tokio::{
    io::{AsyncBufReadExt, BufReader},
    time::timeout,
};

use crate::{
    command, healthctl,
    services::{check, failing_orders, named, orders, url_of},
    stub::{Stub, response},
};

#[tokio::test]
async fn explanation_names_the_check_at_fault_and_what_it_blocks() {
    let url = url_of(failing_orders()).await;
    let ended = healthctl(&["explain", &url]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    let lines: Vec<_> = ended.out.lines().map(str::trim).collect();
    assert_eq!(lines[0], "orders 1.4.2 reports fail because of 1 root cause");
    assert_eq!(lines[2], "✗ fail  db  level 1");
    for fact in ["message  it is away", "blocks   report", "owner    storage team", "runbook  https://wiki/db"] {
        assert!(lines.contains(&fact), "{fact}: {ended:?}");
    }
    assert!(
        lines.iter().any(|line| line.starts_with("change   20") && line.ends_with("to fail: it is away")),
        "{ended:?}"
    );
    let explained = healthctl(&["explain", &url, "--json"]).await.json();
    assert_eq!(
        (&explained["root_causes"][0]["path"], &explained["root_causes"][0]["blocks"]),
        (&json!("db"), &json!(["report"]))
    );
    let well = healthctl(&["explain", &url_of(named("a", [check("up", Level::L5, Status::Pass)])).await]).await;
    assert_eq!((well.code, well.out.trim()), (0, "a 1.4.2 reports pass: 1 check, none of them at fault"));
    let warned = healthctl(&["explain", &url_of(orders()).await]).await;
    assert!(warned.code == 0 && warned.out.contains("! warn  cache"), "{warned:?}");
}

#[tokio::test]
async fn watch_prints_each_change_as_it_comes() {
    let is_up = Arc::new(AtomicBool::new(true));
    let state = Arc::clone(&is_up);
    let db = Check::new("db", Level::L1, move || {
        let is_up = state.load(Ordering::SeqCst);
        async move { is_up }
    });
    let url = url_of(named("orders", [db.interval(Duration::from_millis(50))])).await;
    let is_known = healthctl(&["wait", &url, "--for", "healthy", "--strict", "--interval", "50ms"]).await;
    assert_eq!(is_known.code, 0, "{is_known:?}");
    let foreign = Stub::with(response("200 OK", "application/json", r#"{"status":"UP"}"#)).await;
    // Longer than any clock runs.
    let interval = format!("{}s", u64::MAX);
    let mut program = command(&["watch", &url, &foreign.url("/actuator/health"), "--json", "--interval", &interval]);
    let mut program = program.stdout(Stdio::piped()).spawn().expect("the program starts");
    let mut lines = BufReader::new(program.stdout.take().expect("a pipe")).lines();
    let mut next = async || {
        let line = timeout(Duration::from_secs(20), lines.next_line()).await.expect("a line in time").expect("text");
        serde_json::from_str::<Value>(&line.expect("a line")).expect("JSON")
    };
    let first = [next().await, next().await];
    assert!(first.iter().all(|line| line["to"] == "pass" && line.get("check").is_none()), "{first:?}");
    is_up.store(false, Ordering::SeqCst);
    let change = next().await;
    assert_eq!((&change["check"], &change["from"], &change["to"]), (&json!("db"), &json!("pass"), &json!("fail")));
    let verdict = next().await;
    assert_eq!((verdict.get("check"), &verdict["to"]), (None, &json!("fail")), "{verdict}");
    let id = program.id().expect("a running program").to_string();
    let killed = tokio::process::Command::new("kill").args(["-INT", &id]).status().await.expect("kill");
    assert!(killed.success());
    let ended = timeout(Duration::from_secs(20), program.wait()).await.expect("it ends").expect("an exit");
    assert_eq!(ended.code(), Some(1), "the worst service decides");
}
