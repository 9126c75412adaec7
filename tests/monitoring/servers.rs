//! Prometheus and Alertmanager, each a process of its own with a file of the examples, in a hurry.

use std::{
    fs,
    net::{SocketAddr, TcpListener},
    path::Path,
    process::{Command, Stdio},
    time::Duration,
};

use health_tests::{Example, send};
use serde_json::{Value, json};
use tempfile::TempDir;
use tokio::time::{sleep, timeout};

use super::{deploy, yaml};

/// A server, which ends with the test.
pub(super) struct Server {
    address: SocketAddr,
    _process: Example,
    _folder: TempDir,
}

/// A sample: its labels and its value.
pub(super) type Sample = (Value, String);

impl Server {
    /// Starts Prometheus, which scrapes these jobs and evaluates the rules without waiting.
    pub(super) fn prometheus(jobs: Value, alertmanager: Option<&Self>) -> Self {
        let [mut config]: [Value; 1] = yaml("prometheus/prometheus.yml").try_into().expect("one document");
        config["global"] =
            json!({ "scrape_interval": "500ms", "scrape_timeout": "500ms", "evaluation_interval": "500ms" });
        config["scrape_configs"] = jobs;
        let targets: Vec<_> = alertmanager.iter().map(|server| server.address.to_string()).collect();
        config["alerting"]["alertmanagers"][0]["static_configs"][0]["targets"] = json!(targets);
        Self::start("prometheus", "--config.file", &config, |folder| {
            for file in ["health.recording.yml", "health.rules.yml"] {
                let rules = deploy(&format!("prometheus/{file}"));
                let rules: Vec<_> = rules.lines().filter(|line| !line.trim_start().starts_with("for:")).collect();
                fs::write(folder.join(file), rules.join("\n")).expect("a file");
            }
        })
    }

    /// Starts Alertmanager. It notifies nobody within the time of a test.
    pub(super) fn alertmanager() -> Self {
        let [config]: [Value; 1] = yaml("alertmanager/alertmanager.yml").try_into().expect("one document");
        Self::start("prometheus-alertmanager", "--config.file", &config, |_| {})
    }

    fn start(program: &str, option: &str, config: &Value, prepare: impl FnOnce(&Path)) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        prepare(folder.path());
        // JSON is YAML.
        fs::write(folder.path().join("config.yml"), config.to_string()).expect("a file");
        let address = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
        let mut command = Command::new(program);
        command.arg(format!("{option}=config.yml")).arg(format!("--web.listen-address={address}"));
        if program == "prometheus" {
            command.arg("--storage.tsdb.path=data");
        } else {
            command.args(["--storage.path=data", "--cluster.listen-address="]);
        }
        let log = fs::File::create(folder.path().join("log")).expect("a file");
        let child = command.current_dir(folder.path()).stdout(Stdio::null()).stderr(log).spawn();
        let process = Example(child.expect("it starts; scripts/peers installs it"));
        Self { address, _process: process, _folder: folder }
    }

    /// Requests JSON; `None` while the server does not listen.
    pub(super) async fn get(&self, path: &str) -> Option<Value> {
        // In the older version of HTTP nothing comes in chunks.
        let (address, request) = (self.address, format!("GET {path} HTTP/1.0\r\n\r\n"));
        let answer = tokio::spawn(async move { send(address, &request).await });
        let answer = timeout(Duration::from_secs(5), answer).await.expect("it answers").ok()?;
        // It is not ready yet, or the request is bad.
        assert!(matches!(answer.status, 200 | 503), "{path}: {answer:?}");
        (answer.status == 200).then(|| answer.json())
    }

    /// Evaluates an expression.
    pub(super) async fn query(&self, expression: &str) -> Vec<Sample> {
        let result = match self.get(&format!("/api/v1/query?query={}", encoded(expression))).await {
            Some(mut answer) => answer["data"]["result"].take(),
            None => return Vec::new(),
        };
        let result = result.as_array().cloned().unwrap_or_default();
        result
            .into_iter()
            .map(|of| (of["metric"].clone(), of["value"][1].as_str().expect("a value").to_owned()))
            .collect()
    }

    /// Evaluates an expression until its result is right.
    pub(super) async fn until(&self, expression: &str, is_right: impl Fn(&[Sample]) -> bool) -> Vec<Sample> {
        let mut last = Vec::new();
        for _ in 0..120 {
            last = self.query(expression).await;
            if is_right(&last) {
                return last;
            }
            sleep(Duration::from_millis(250)).await;
        }
        panic!("{expression} is {last:?}");
    }

    /// Waits until an expression has a result.
    pub(super) async fn until_any(&self, expression: &str) -> Vec<Sample> {
        self.until(expression, |found| !found.is_empty()).await
    }
}

pub(super) fn encoded(text: &str) -> String {
    form_urlencoded::byte_serialize(text.as_bytes()).collect()
}

/// Returns a job that scrapes these addresses of a service.
pub(super) fn job(service: &str, addresses: &[SocketAddr]) -> Value {
    let targets: Vec<_> = addresses.iter().map(ToString::to_string).collect();
    json!({
        "job_name": service,
        "metrics_path": "/health/metrics",
        "static_configs": [{ "targets": targets, "labels": { "service": service } }],
    })
}
