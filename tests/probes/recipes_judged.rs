//! The recipes of the guide on probes, against the responses that the servers' documentation describes, and against the
//! servers that Debian has.

use std::{
    net::TcpListener,
    process::{Child, Command, Stdio},
    time::Duration,
};

use health_runtime::{
    Status::{self, Fail, Pass, Warn},
    probes::HttpProbe,
};
use tempfile::TempDir;
use tokio::time::{Instant, sleep};

use super::{
    recipes,
    server::{Server, answer, header},
    tls::secure,
};

type Recipe = fn(&str) -> HttpProbe;

/// Status code and body of a response, and the status that it has.
type Response = (&'static str, &'static str, Status);

/// The recipes, each with its path and responses as documented.
const RESPONSES: &[(Recipe, &str, &[Response])] = &[
    (
        recipes::elasticsearch_or_opensearch,
        "/_cluster/health",
        &[
            ("200 OK", r#"{"cluster_name":"a","status":"green","timed_out":false,"number_of_nodes":2}"#, Pass),
            ("200 OK", r#"{"cluster_name":"a","status":"yellow","timed_out":false,"number_of_nodes":1}"#, Warn),
            ("200 OK", r#"{"cluster_name":"a","status":"red","timed_out":false,"number_of_nodes":2}"#, Fail),
            ("408 Request Timeout", r#"{"cluster_name":"a","status":"red","timed_out":true}"#, Fail),
            ("503 Service Unavailable", r#"{"error":{"type":"master_not_discovered_exception"},"status":503}"#, Fail),
            ("401 Unauthorized", r#"{"error":{"type":"security_exception"},"status":401}"#, Fail),
        ],
    ),
    (
        recipes::consul,
        "/v1/status/leader",
        &[
            ("200 OK", r#""10.1.10.12:8300""#, Pass),
            ("200 OK", r#""""#, Fail),
            ("500 Internal Server Error", "No cluster leader", Fail),
        ],
    ),
    (
        recipes::vault,
        "/v1/sys/health",
        &[
            ("200 OK", r#"{"initialized":true,"sealed":false,"standby":false,"version":"1.17.0"}"#, Pass),
            ("429 Too Many Requests", r#"{"initialized":true,"sealed":false,"standby":true}"#, Pass),
            ("472 Disaster Recovery", r#"{"initialized":true,"sealed":false,"standby":true}"#, Pass),
            ("473 Performance Standby", r#"{"initialized":true,"sealed":false,"performance_standby":true}"#, Pass),
            ("474 Standby Without Active", r#"{"initialized":true,"sealed":false,"standby":true}"#, Fail),
            ("501 Not Implemented", r#"{"initialized":false,"sealed":true,"standby":true}"#, Fail),
            ("530 Removed", r#"{"initialized":true,"sealed":true,"removed_from_cluster":true}"#, Fail),
            ("503 Service Unavailable", r#"{"initialized":true,"sealed":true,"standby":true}"#, Fail),
        ],
    ),
    (
        recipes::keycloak,
        "/health/ready",
        &[
            ("200 OK", r#"{"status":"UP","checks":[]}"#, Pass),
            (
                "503 Service Unavailable",
                r#"{"status":"DOWN","checks":[{"name":"Keycloak database connections async health check","status":"DOWN"}]}"#,
                Fail,
            ),
        ],
    ),
    (
        recipes::etcd,
        "/health",
        &[
            ("200 OK", r#"{"health":"true"}"#, Pass),
            ("200 OK", r#"{"health":"true","reason":""}"#, Pass),
            ("503 Service Unavailable", r#"{"health":"false","reason":"ALARM NOSPACE"}"#, Fail),
            ("503 Service Unavailable", r#"{"health":"false","reason":"RAFT NO LEADER"}"#, Fail),
        ],
    ),
    (
        recipes::clickhouse,
        "/ping",
        &[("200 OK", "Ok.\n", Pass), ("500 Internal Server Error", "Code: 999. Coordination::Exception", Fail)],
    ),
    (recipes::minio, "/minio/health/cluster", &[("200 OK", "", Pass), ("503 Service Unavailable", "", Fail)]),
    (
        |url| recipes::rabbitmq(url, "monitoring", "secret"),
        "/api/health/checks/alarms",
        &[
            ("200 OK", r#"{"status":"ok"}"#, Pass),
            (
                "503 Service Unavailable",
                r#"{"status":"failed","reason":"There are alarms in effect in the cluster","alarms":[{"node":"rabbit@a","resource":"memory"}]}"#,
                Warn,
            ),
            ("503 Service Unavailable", "<html>no server is available</html>", Fail),
            ("401 Unauthorized", r#"{"error":"not_authorized","reason":"Not_Authorized"}"#, Fail),
        ],
    ),
    (
        recipes::nats,
        "/healthz",
        &[
            ("200 OK", r#"{"status":"ok"}"#, Pass),
            (
                "503 Service Unavailable",
                r#"{"status":"unavailable","error":"JetStream has not established contact"}"#,
                Fail,
            ),
        ],
    ),
    (
        recipes::nomad_server,
        "/v1/agent/health?type=server",
        &[
            ("200 OK", r#"{"server":{"message":"ok","ok":true}}"#, Pass),
            ("500 Internal Server Error", r#"{"server":{"message":"No cluster leader","ok":false}}"#, Fail),
        ],
    ),
    (
        recipes::influxdb,
        "/health",
        &[
            (
                "200 OK",
                r#"{"name":"influxdb","message":"ready for queries and writes","status":"pass","checks":[]}"#,
                Pass,
            ),
            ("503 Service Unavailable", r#"{"name":"influxdb","message":"no","status":"fail"}"#, Fail),
        ],
    ),
    (
        recipes::couchdb,
        "/_up",
        &[
            ("200 OK", r#"{"status":"ok","seeds":{}}"#, Pass),
            ("404 Object Not Found", r#"{"status":"maintenance_mode"}"#, Warn),
            ("404 Object Not Found", r#"{"status":"nolb"}"#, Warn),
            ("404 Object Not Found", r#"{"error":"not_found","reason":"missing"}"#, Fail),
        ],
    ),
    (
        recipes::qdrant,
        "/readyz",
        &[("200 OK", "all shards are ready", Pass), ("503 Service Unavailable", "some shards are not ready", Fail)],
    ),
    (
        recipes::meilisearch,
        "/health",
        &[("200 OK", r#"{"status":"available"}"#, Pass), ("500 Internal Server Error", r#"{"code":"internal"}"#, Fail)],
    ),
    (
        recipes::typesense,
        "/health",
        &[
            ("200 OK", r#"{"ok":true}"#, Pass),
            ("200 OK", r#"{"ok":true,"resource_error":"OUT_OF_DISK"}"#, Pass),
            ("503 Service Unavailable", r#"{"ok":false}"#, Fail),
        ],
    ),
    (
        recipes::grafana,
        "/api/health",
        &[
            ("200 OK", r#"{"database":"ok","version":"11.0.0","commit":"1"}"#, Pass),
            ("503 Service Unavailable", r#"{"database":"failing","version":"11.0.0"}"#, Fail),
        ],
    ),
    (
        recipes::loki,
        "/ready",
        &[
            ("200 OK", "ready\n", Pass),
            ("503 Service Unavailable", "Ingester not ready: waiting for 15s after being ready\n", Fail),
        ],
    ),
    (
        recipes::prometheus_or_alertmanager,
        "/-/ready",
        &[
            ("200 OK", "Prometheus Server is Ready.\n", Pass),
            ("200 OK", "OK", Pass),
            ("503 Service Unavailable", "Service Unavailable", Fail),
        ],
    ),
];

#[tokio::test]
async fn documented_responses_have_their_statuses() {
    for (recipe, path, responses) in RESPONSES {
        for (code, body, status) in *responses {
            let (server, mut requests) = Server::recording(answer(code, body)).await;
            let outcome = recipe(&server.url("")).observe().await;
            assert_eq!(outcome.status(), *status, "{body}: {outcome:?}");
            let request = requests.recv().await.expect("a request");
            assert!(request.starts_with(&format!("GET {path} HTTP/1.1\r\n")), "{request}");
        }
    }
}

#[tokio::test]
async fn kubernetes_is_asked_with_the_service_account() {
    let account = TempDir::new().expect("a folder");
    let (server, authority) = secure("127.0.0.1", "ok").await;
    std::fs::write(account.path().join("token"), "token").expect("a file");
    std::fs::write(account.path().join("ca.crt"), authority).expect("a file");
    let url = format!("https://127.0.0.1:{}", server.address.port());
    let outcome = recipes::kubernetes(&url, account.path()).observe().await;
    assert_eq!(outcome.status(), Pass, "{outcome:?}");

    let failing = "[+]ping ok\n[-]etcd failed: reason withheld\nreadyz check failed";
    for (code, body) in [("500 Internal Server Error", failing), ("403 Forbidden", r#"{"kind":"Status","code":403}"#)] {
        let (server, mut requests) = Server::recording(answer(code, body)).await;
        let outcome = recipes::kubernetes(&server.url(""), account.path()).observe().await;
        assert_eq!(outcome.status(), Fail, "{outcome:?}");
        assert_eq!(header(&requests.recv().await.expect("a request"), "authorization"), Some("Bearer token"));
    }
}

#[test]
fn guide_shows_these_recipes() {
    let guide = include_str!("../../health-runtime/docs/probes.md");
    assert!(guide.contains(concat!("```rust\n", include_str!("recipes.rs"), "```\n")), "copy tests/probes/recipes.rs");
    for (_, path, _) in RESPONSES {
        assert!(guide.contains(&format!("| `{path}` |")), "the table lacks {path}");
    }
}

/// A server of Debian that ends with this value.
struct Process {
    child: Child,
    url: String,
    _folder: TempDir,
}

impl Process {
    /// Starts a program; the arguments name the port as `PORT`, another one as `OTHER`, and a folder as `FOLDER`.
    fn start(program: &str, arguments: &[&str]) -> Self {
        let folder = TempDir::new().expect("a folder");
        let ports = [(); 2].map(|()| TcpListener::bind("127.0.0.1:0").expect("a free port"));
        let [port, other] = ports.map(|listener| listener.local_addr().expect("an address").port().to_string());
        std::fs::write(folder.path().join("empty.yml"), "").expect("a file");
        let path = folder.path().display().to_string();
        let fill = |text: &&str| text.replace("PORT", &port).replace("OTHER", &other).replace("FOLDER", &path);
        let child = Command::new(program)
            .args(arguments.iter().map(fill))
            .stdin(Stdio::null())
            .stdout(Stdio::null())
            .stderr(Stdio::null())
            .spawn()
            .expect("the program");
        Self { child, url: format!("http://127.0.0.1:{port}"), _folder: folder }
    }

    fn signal(&self, signal: &str) {
        let id = self.child.id().to_string();
        assert!(Command::new("kill").args([signal, &id]).status().expect("kill").success());
    }

    /// Observes it up, frozen, thawed and gone.
    async fn judge(mut self, recipe: Recipe) {
        let probe = recipe(&self.url).timeout(Duration::from_secs(2));
        let wait_until = async |status: Status, part: &str| {
            let start = Instant::now();
            loop {
                let outcome = probe.observe().await;
                let message = outcome.message().unwrap_or_default();
                if outcome.status() == status && message.contains(part) {
                    return;
                }
                assert!(start.elapsed() < Duration::from_secs(20), "{message}");
                sleep(Duration::from_millis(50)).await;
            }
        };
        wait_until(Pass, "answered 200 OK").await;
        self.signal("-STOP");
        wait_until(Fail, "did not answer within 1.8s").await;
        self.signal("-CONT");
        wait_until(Pass, "answered 200 OK").await;
        self.child.kill().expect("an end");
        self.child.wait().expect("an end");
        wait_until(Fail, "Connection refused").await;
    }
}

impl Drop for Process {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[tokio::test]
#[ignore = "needs etcd: scripts/peers"]
async fn etcd_is_judged() {
    let arguments = [
        "--data-dir=FOLDER",
        "--listen-client-urls=http://127.0.0.1:PORT",
        "--advertise-client-urls=http://127.0.0.1:PORT",
        "--listen-peer-urls=http://127.0.0.1:OTHER",
    ];
    Process::start("etcd", &arguments).judge(recipes::etcd).await;
}

#[tokio::test]
#[ignore = "needs nats-server: scripts/peers"]
async fn nats_is_judged() {
    let arguments = ["-a", "127.0.0.1", "-p", "OTHER", "-m", "PORT"];
    Process::start("nats-server", &arguments).judge(recipes::nats).await;
}

#[tokio::test]
#[ignore = "needs Prometheus: scripts/peers"]
async fn prometheus_is_judged() {
    let arguments =
        ["--config.file=FOLDER/empty.yml", "--storage.tsdb.path=FOLDER/data", "--web.listen-address=127.0.0.1:PORT"];
    Process::start("prometheus", &arguments).judge(recipes::prometheus_or_alertmanager).await;
}
