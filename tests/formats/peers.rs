//! The answers, read by those they are for: a schema's validator, Prometheus, and the parsers of others.

use std::{
    fs,
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Forced, Level, Selection, ShowDetails};
use health_tests::{ask, builder};
use serde_json::{Value, json};
use tempfile::TempDir;

use super::hostile;

const ROUTES: [&str; 6] =
    ["/health", "/health/levels", "/health/levels/3", "/readyz", "/startupz", "/health/checks/a%3Ab"];

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// The answers of every route in one encoding, with all that is notorious in them, as files.
async fn answers(format: &str) -> (TempDir, Vec<PathBuf>) {
    let router = hostile::router(&hostile::notorious());
    let folder = tempfile::tempdir().expect("a folder");
    let mut files = Vec::new();
    let paths: &[_] = if matches!(format, "openmetrics" | "prometheus") { &["/health/metrics"] } else { &ROUTES };
    // A check that has never run looks different in metrics.
    let _ = ask(router.clone(), "/health/levels", &[]).await;
    for (index, route) in paths.iter().enumerate() {
        let answer = ask(router.clone(), &format!("{route}?format={format}"), &[]).await;
        assert!(matches!(answer.status, 200 | 503), "{route}");
        files.push(folder.path().join(index.to_string()));
        fs::write(&files[index], answer.body).expect("a file");
    }
    (folder, files)
}

/// The answers of a service that drains, with one check in each state that there is seldom.
async fn rare_answers(format: &str) -> (TempDir, Vec<PathBuf>) {
    let has_run = Arc::new(AtomicBool::new(false));
    let checks = [
        Check::new("down", Level::L1, || async { false })
            .display("Orders <database>")
            .owner("payments & more")
            .runbook("https://wiki.example.com/down?a=b&c=d'"),
        Check::new("blocked", Level::L1, || async {}).depends_on(["down"]).readiness(),
        Check::new("counted", Level::L2, || async { false }).failure_threshold(3),
        Check::new("held", Level::L2, move || {
            let is_first = !has_run.swap(true, Ordering::SeqCst);
            async move { is_first }
        })
        .max_age(Duration::ZERO)
        .hold(Duration::from_hours(1))
        .readiness(),
        Check::new("muted for a while", Level::L3, || async { false }),
        Check::new("muted", Level::L3, || async { false }),
        Check::new("slow", Level::L4, || async {}).degraded_after(Duration::from_nanos(1)),
        Check::new("panics", Level::L4, || async { assert_eq!(1, 2, "at the disco") }).critical(false),
        Check::new("pending", Level::L4, std::future::pending::<()>).interval(Duration::from_hours(1)).startup(),
        Check::blocking("stuck", Level::L5, || std::thread::sleep(Duration::from_secs(2)))
            .timeout(Duration::from_millis(50))
            .max_age(Duration::ZERO),
    ];
    let endpoint = builder(checks).muted("muted").details(ShowDetails::Always).build().expect("a good endpoint");
    endpoint.monitor().mute("muted for a while", Duration::from_hours(1), "<why> & how").expect("such a check");
    // Before the check fails by itself. A drain ends the drill.
    endpoint.monitor().drill("muted", Forced::fail("<why> & how"), Duration::from_hours(1)).expect("a drill");
    endpoint.monitor().report(&Selection::everything()).await;
    let folder = tempfile::tempdir().expect("a folder");
    let mut all = ask(endpoint.router(), &format!("/health/levels?format={format}"), &[]).await.body;
    let mut files = vec![folder.path().join("drill")];
    fs::write(&files[0], &all).expect("a file");
    endpoint.monitor().drain();
    for route in ["/health", "/health/levels", "/readyz", "/startupz", "/health/checks/stuck", "/health/checks/blocked"]
    {
        let answer = ask(endpoint.router(), &format!("{route}?format={format}"), &[]).await;
        files.push(folder.path().join(files.len().to_string()));
        fs::write(files.last().expect("one"), &answer.body).expect("a file");
        all += &answer.body;
    }
    let causes = ["blocked", "draining", "panicked", "pending", "slow", "still_running"];
    let words: &[_] = match format {
        "xml" => &[
            "<drill behavior=",
            "<muted until=",
            "<muted>",
            "<blockedBy>",
            "heldUntil=",
            "runningSince=",
            "consecutive=",
            "draining=",
        ],
        _ => &["\"observed\":", "\"muted\":true", "\"drill\":{"],
    };
    for word in causes.iter().chain(words) {
        assert!(all.contains(word), "{word} is nowhere in {all}");
    }
    (folder, files)
}

fn names() -> Vec<String> {
    let mut names: Vec<_> = hostile::notorious().into_iter().map(|check| check.name).collect();
    names.sort_unstable();
    names
}

fn run(command: &mut Command) -> Output {
    command.output().unwrap_or_else(|error| panic!("{command:?}: {error}; scripts/peers installs it"))
}

/// Runs it, and wants it to be content.
fn succeed(command: &mut Command) -> String {
    let output = run(command);
    assert!(output.status.success(), "{command:?}: {output:?}");
    String::from_utf8(output.stdout).expect("UTF-8")
}

/// A program for the interpreter that `scripts/peers` furnished, with these files as its arguments.
fn python(program: &str, files: &[PathBuf]) -> String {
    succeed(Command::new(root().join("target/peers/venv/bin/python")).args(["-c", program]).args(files))
}

#[tokio::test]
#[ignore = "needs xmllint: scripts/peers"]
async fn xml_is_valid_by_its_schema() {
    let schema = root().join("health-runtime/schemas/health.xsd");
    let (_folder, files) = answers("xml").await;
    let (_rare_folder, rare) = rare_answers("xml").await;
    succeed(Command::new("xmllint").args(["--noout", "--schema"]).arg(&schema).args(files).args(rare));
    // The schema rejects a wrong document.
    let folder = tempfile::tempdir().expect("a folder");
    let wrong = folder.path().join("wrong");
    fs::write(&wrong, "<health xmlns=\"urn:health-runtime:report:1\" status=\"up\"/>").expect("a file");
    assert!(!run(Command::new("xmllint").args(["--noout", "--schema"]).args([schema, wrong])).status.success());
}

#[tokio::test]
#[ignore = "needs jsonschema: scripts/peers"]
async fn health_json_is_valid_by_the_draft() {
    let (_folder, mut files) = answers("health+json").await;
    files.insert(0, root().join("tests/schemas/health+json.schema.json"));
    let (_rare_folder, rare) = rare_answers("health+json").await;
    files.extend(rare);
    let validate = "
import json, sys
from jsonschema import Draft202012Validator
schema, *answers = [json.load(open(path, encoding='utf-8')) for path in sys.argv[1:]]
Draft202012Validator.check_schema(schema)
validator = Draft202012Validator(schema)
for answer in answers:
    validator.validate(answer)
# The schema can tell.
for wrong in ({}, {'status': 'up'}, {'status': 'pass', 'output': 'x'}, {'status': 'pass', 'checks': {'a:b:c': [{}]}},
              {'status': 'fail', 'checks': {'a': {}}}, {'status': 'fail', 'checks': {'a': [{'status': 'pass', 'output': ''}]}}):
    assert not validator.is_valid(wrong), wrong
ids = [check['componentId'] for checks in answers[1]['checks'].values() for check in checks]
print(json.dumps(sorted(ids)))
";
    assert_eq!(serde_json::from_str::<Vec<String>>(&python(validate, &files)).expect("JSON"), names());
}

#[tokio::test]
#[ignore = "needs prometheus: scripts/peers"]
async fn metrics_are_read_by_the_parsers_of_their_makers() {
    let read = |module: &str| {
        format!(
            "
import json, sys
from prometheus_client.{module} import text_string_to_metric_families as parse
families = list(parse(open(sys.argv[1], encoding='utf-8', newline='').read()))
names = {{sample.labels['check'] for family in families for sample in family.samples if 'check' in sample.labels}}
print(json.dumps([sorted(names), {{family.name: family.type for family in families}}]))
"
        )
    };
    for (format, module, status) in
        [("openmetrics", "openmetrics.parser", "stateset"), ("prometheus", "parser", "gauge")]
    {
        let (_folder, files) = answers(format).await;
        let read: Value = serde_json::from_str(&python(&read(module), &files)).expect("JSON");
        assert_eq!(read[0], json!(names()), "{format}");
        assert_eq!(
            (&read[1]["health_check_status"], &read[1]["health_check_duration_seconds"]),
            (&json!(status), &json!("histogram"))
        );
    }
    // It reads the older format only.
    let (_folder, files) = answers("prometheus").await;
    let checked =
        run(Command::new("promtool").args(["check", "metrics"]).stdin(fs::File::open(&files[0]).expect("a file")));
    assert!(checked.status.success() && checked.stdout.is_empty() && checked.stderr.is_empty(), "{checked:?}");
}
