//! The answers, read by those they are for: a schema's validator, Prometheus, and the parsers of others.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::{Path, PathBuf},
    process::{Command, Output, Stdio},
    sync::{
        Arc,
        atomic::{AtomicBool, Ordering},
    },
    time::Duration,
};

use health_runtime::{Check, Level, Outcome, Selection, ShowDetails};
use health_tests::{Example, ask, builder, endpoint, send, serve};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

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
    endpoint.monitor().report(&Selection::everything()).await;
    endpoint.monitor().drain();
    let folder = tempfile::tempdir().expect("a folder");
    let (mut files, mut all) = (Vec::new(), String::new());
    for route in ["/health", "/health/levels", "/readyz", "/startupz", "/health/checks/stuck", "/health/checks/blocked"]
    {
        let answer = ask(endpoint.router(), &format!("{route}?format={format}"), &[]).await;
        files.push(folder.path().join(files.len().to_string()));
        fs::write(files.last().expect("one"), &answer.body).expect("a file");
        all += &answer.body;
    }
    let causes = ["blocked", "draining", "panicked", "pending", "slow", "still_running"];
    let words: &[_] = match format {
        "xml" => {
            &["<muted until=", "<muted>", "<blockedBy>", "heldUntil=", "runningSince=", "consecutive=", "draining="]
        }
        _ => &["\"observed\":", "\"muted\":true"],
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

#[test]
#[ignore = "needs prometheus: scripts/peers"]
fn alert_rules_pass_their_tests() {
    let folder = root().join("examples/deploy/prometheus");
    succeed(Command::new("promtool").args(["check", "config", "prometheus.yml"]).current_dir(&folder));
    succeed(Command::new("promtool").args(["test", "rules", "health.rules.test.yml"]).current_dir(&folder));
}

/// Starts a server that scrapes a target in both formats, with the alert rules of the examples, in a hurry.
fn prometheus(folder: &Path, target: SocketAddr) -> (Example, SocketAddr) {
    let rules = fs::read_to_string(root().join("examples/deploy/prometheus/health.rules.yml")).expect("the rules");
    let rules: Vec<_> = rules.lines().filter(|line| !line.trim_start().starts_with("for:")).collect();
    fs::write(folder.join("rules.yml"), rules.join("\n")).expect("a file");
    let job = |name: &str, params: &str| {
        format!(
            "  - job_name: {name}\n    metrics_path: /health/metrics\n{params}    static_configs:\n      - targets: ['{target}']\n"
        )
    };
    let config = format!(
        "global:\n  scrape_interval: 500ms\n  scrape_timeout: 500ms\n  evaluation_interval: 500ms\n\
         rule_files: [rules.yml]\nscrape_configs:\n{}{}",
        job("negotiated", ""),
        job("older", "    params:\n      format: [prometheus]\n")
    );
    fs::write(folder.join("prometheus.yml"), config).expect("a file");
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let mut command = Command::new("prometheus");
    command.arg(format!("--config.file={}", folder.join("prometheus.yml").display()));
    command.arg(format!("--storage.tsdb.path={}", folder.join("data").display()));
    command.arg(format!("--web.listen-address={free}"));
    let log = fs::File::create(folder.join("log")).expect("a file");
    let child = command.current_dir(folder).stdout(Stdio::null()).stderr(log).spawn();
    (Example(child.expect("it starts; scripts/peers installs it")), free)
}

/// Queries Prometheus, and returns pairs of labels and value.
async fn query(server: SocketAddr, query: &str) -> Vec<(Value, String)> {
    let query: String = form_urlencoded::byte_serialize(query.as_bytes()).collect();
    // In the older version of HTTP nothing comes in chunks.
    let Ok(answer) = timeout(
        Duration::from_secs(5),
        tokio::spawn(async move { send(server, &format!("GET /api/v1/query?query={query} HTTP/1.0\r\n\r\n")).await }),
    )
    .await
    .expect("it answers") else {
        return Vec::new(); // It does not listen yet.
    };
    if answer.status != 200 {
        return Vec::new();
    }
    let result = answer.json()["data"]["result"].take();
    let result = result.as_array().cloned().unwrap_or_default();
    result.into_iter().map(|of| (of["metric"].clone(), of["value"][1].as_str().expect("a value").to_owned())).collect()
}

/// Asks until the answer is what is wanted.
async fn until(server: SocketAddr, what: &str, is_right: impl Fn(&[(Value, String)]) -> bool) -> Vec<(Value, String)> {
    let mut last = Vec::new();
    for _ in 0..120 {
        last = query(server, what).await;
        if is_right(&last) {
            return last;
        }
        sleep(Duration::from_millis(250)).await;
    }
    panic!("{what} is {last:?}");
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs prometheus: scripts/peers"]
async fn prometheus_scrapes_and_alerts() {
    let endpoint = endpoint([
        Check::new("db", Level::L1, || async { true }).readiness(),
        Check::new("billing:eu \"é\\\u{1f4a5}", Level::L3, || async { Outcome::fail("no") }).readiness(),
        Check::new("partner", Level::L3, || async { Outcome::fail("no") }).critical(false).readiness(),
        Check::new("legacy", Level::L4, || async { false }).readiness(),
        Check::new("never_asked", Level::L2, || async { true }),
    ]);
    endpoint.monitor().mute("legacy", Duration::from_hours(1), "they know").expect("a check");
    let address = serve(endpoint.router()).await;
    assert_eq!(ask(endpoint.router(), "/readyz", &[]).await.status, 503);
    let folder = tempfile::tempdir().expect("a folder");
    let (_server, server) = prometheus(folder.path(), address);

    let statuses = until(server, "health_check_status == 1", |found| found.len() == 8).await;
    for job in ["negotiated", "older"] {
        let mut of_job: Vec<_> = statuses
            .iter()
            .filter(|(metric, _)| metric["job"] == job)
            .map(|(metric, _)| {
                ["check", "level", "health_check_status"].map(|label| metric[label].as_str().expect("a label"))
            })
            .collect();
        of_job.sort_unstable();
        let expected = [
            ["billing:eu \"é\\\u{1f4a5}", "3", "fail"],
            ["db", "1", "pass"],
            ["legacy", "4", "fail"],
            ["partner", "3", "warn"],
        ];
        assert_eq!(of_job, expected, "{job}");
    }
    assert_eq!(query(server, "up == 1").await.len(), 2, "a scrape is answered with 200 although checks fail");
    assert!(query(server, "health_check_age_seconds{check='never_asked'}").await.is_empty());
    assert_eq!(query(server, "health_check_runs_total{check='never_asked'} == 0").await.len(), 10);

    let firing = |name: &str| format!("ALERTS{{alertname='{name}',alertstate='firing',job='negotiated'}}");
    let failing = until(server, &firing("HealthCheckFailing"), |found| !found.is_empty()).await;
    let checks: Vec<_> = failing.iter().map(|(metric, _)| metric["check"].as_str().expect("a name")).collect();
    // The one that is muted alarms nobody.
    assert_eq!(checks, ["billing:eu \"é\\\u{1f4a5}"]);
    let warning = until(server, &firing("HealthCheckWarning"), |found| !found.is_empty()).await;
    assert_eq!(warning[0].0["check"], "partner");
}
