//! A real Alertmanager, and libraries that verify signatures and read `CloudEvents`.

use std::{
    process::{Child, Command, Stdio},
    time::Duration,
};

use health_runtime::{
    Monitor, Outcome, Selection,
    alerts::{Alertmanager, Webhook},
};
use health_tests::{ask_python, get, monitor};
use serde_json::{Value, json};
use tokio::{
    net::TcpListener,
    time::{sleep, timeout},
};

use crate::receiver::{Received, Receiver, Switch};

/// A running Alertmanager, which ends with the test.
struct Daemon {
    process: Child,
    port: u16,
    _folder: tempfile::TempDir,
}

impl Drop for Daemon {
    fn drop(&mut self) {
        let _ = self.process.kill();
        let _ = self.process.wait();
    }
}

impl Daemon {
    async fn start() -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let config = folder.path().join("alertmanager.yml");
        std::fs::write(&config, "route:\n  receiver: nobody\nreceivers:\n  - name: nobody\n").expect("a file");
        let port = TcpListener::bind("127.0.0.1:0").await.and_then(|free| free.local_addr()).expect("a port").port();
        let process = Command::new("prometheus-alertmanager")
            .arg(format!("--config.file={}", config.display()))
            .arg(format!("--storage.path={}", folder.path().display()))
            .arg(format!("--web.listen-address=127.0.0.1:{port}"))
            .args(["--cluster.listen-address=", "--log.level=warn"])
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("Alertmanager starts");
        let daemon = Self { process, port, _folder: folder };
        until("it is ready", async || tokio::net::TcpStream::connect(("127.0.0.1", port)).await.is_ok()).await;
        daemon
    }

    fn url(&self) -> String {
        format!("http://127.0.0.1:{}", self.port)
    }

    /// Returns the alerts that fire.
    async fn firing(&self) -> Vec<Value> {
        let answer = get(([127, 0, 0, 1], self.port).into(), "/api/v2/alerts").await;
        let body =
            answer.body[answer.body.find('[').expect("a list")..=answer.body.rfind(']').expect("a list")].to_owned();
        serde_json::from_str(&body).expect("JSON")
    }
}

async fn until(state: &str, is_so: impl AsyncFn() -> bool) {
    let wait = async {
        while !is_so().await {
            sleep(Duration::from_millis(50)).await;
        }
    };
    timeout(Duration::from_secs(20), wait).await.unwrap_or_else(|_| panic!("not within 20 s: {state}"));
}

async fn run(monitor: &Monitor) {
    monitor.report(&Selection::everything()).await;
}

#[tokio::test]
#[ignore = "needs alertmanager: scripts/peers"]
async fn alertmanager_has_one_alert_of_two_instances_and_each_ends_its_own() {
    let daemon = Daemon::start().await;
    let db = Switch::new();
    let instances = [monitor([db.check("db")]), monitor([db.check("db")])];
    for instance in &instances {
        let alertmanager = Alertmanager::new([daemon.url()]).service("orders").endpoint_url("https://orders/health");
        instance.alert_to(alertmanager).expect("good settings");
    }
    let billing = Switch::new();
    let single = monitor([billing.check("billing").owner("payments")]);
    single.alert_to(Alertmanager::new([daemon.url()]).service("billing").instance("pod-1")).expect("good settings");

    for monitor in instances.iter().chain([&single]) {
        run(monitor).await;
    }
    db.set(Outcome::fail("down"));
    billing.set(Outcome::warn("slow"));
    for monitor in instances.iter().chain([&single]) {
        run(monitor).await;
    }
    until("both alerts fire", async || daemon.firing().await.len() == 2).await;
    let mut firing = daemon.firing().await;
    firing.sort_by_key(|alert| alert["labels"]["service"].to_string());
    let billing_labels = json!({ "alertname": "HealthCheckWarning", "service": "billing", "check": "billing", "level": "1",
                                 "severity": "ticket", "instance": "pod-1" });
    assert_eq!(firing[0]["labels"], billing_labels);
    assert_eq!(firing[0]["annotations"]["owner"], "payments");
    let db_labels = json!({ "alertname": "HealthCheckFailing", "service": "orders", "check": "db", "level": "1",
                            "severity": "page" });
    assert_eq!((&firing[1]["labels"], &firing[1]["status"]["state"]), (&db_labels, &json!("active")));
    assert_eq!(firing[1]["generatorURL"], "https://orders/health/checks/db");
    let listed = Command::new("amtool").args(["alert", "--output=json", "--alertmanager.url", &daemon.url()]).output();
    let listed: Value = serde_json::from_slice(&listed.expect("amtool runs").stdout).expect("JSON");
    assert_eq!(listed.as_array().map(Vec::len), Some(2));

    // One of the two instances works again, and so does the only one with a name.
    db.set(Outcome::pass());
    billing.set(Outcome::pass());
    run(&instances[0]).await;
    run(&single).await;
    until("the alert of the named instance has ended", async || daemon.firing().await.len() == 1).await;
    sleep(Duration::from_millis(1_500)).await;
    assert_eq!(daemon.firing().await[0]["labels"], db_labels, "the other instance still fails");
}

/// Returns the verdicts of both libraries about a request.
fn verdicts(request: &Received, secret: &str, body: &str) -> Value {
    let headers = ["webhook-id", "webhook-timestamp", "webhook-signature", "content-type"];
    let headers = headers.map(|name| (name.to_owned(), Value::from(request.header(name).expect("a header"))));
    let question = json!({ "secret": secret, "headers": serde_json::Map::from_iter(headers), "body": body });
    ask_python("webhook.py", &question)
}

#[tokio::test]
#[ignore = "needs standardwebhooks: scripts/peers"]
async fn libraries_accept_the_signature_and_the_event() {
    const SECRET: &str = "whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw";
    let mut receiver = Receiver::start().await;
    let db = Switch::new();
    db.set(Outcome::fail("\u{1f692} \"down\"\n"));
    let monitor = monitor([db.check("db")]);
    let webhook = Webhook::new(receiver.url()).service("orders & more").details().signing_secret(SECRET);
    monitor.alert_to(webhook).expect("good settings");
    run(&monitor).await;
    let request = receiver.next().await;

    let accepted = verdicts(&request, SECRET, &request.body);
    assert_eq!((&accepted["signature"], &accepted["event"]["subject"]), (&json!(true), &json!("db")), "{accepted}");
    assert_eq!(accepted["event"]["source"], "/orders%20%26%20more");
    assert_eq!(accepted["data"]["message"], "\u{1f692} \"down\"\n");
    let changed = request.body.replace("\"fail\"", "\"pass\"");
    assert_eq!(verdicts(&request, SECRET, &changed)["signature"], false);
    let other = "whsec_AAAAAAAAAAAAAAAAAAAAAAAAAAAAAAAA";
    assert_eq!(verdicts(&request, other, &request.body)["signature"], false);
}
