//! A real Apache, with the configuration that ships, in front of two instances.

use std::{
    fs,
    net::SocketAddr,
    path::{Path, PathBuf},
    process::{Child, Command, Stdio},
    time::Duration,
};

use axum::{Router, routing::get as on_get};
use health_runtime::{ServerHandle, serve_isolated};
use health_tests::{builder, get, serve};
use tokio::{
    net::{TcpListener, TcpStream},
    time::{Instant, sleep},
};

use crate::switch::Switch;

/// Modules that Debian does not link into the program.
const MODULES: [&str; 8] = [
    "mpm_event",
    "authz_core",
    "proxy",
    "proxy_http",
    "proxy_balancer",
    "proxy_hcheck",
    "lbmethod_byrequests",
    "slotmem_shm",
];

fn instance(name: &'static str, db: &Switch) -> Router {
    let endpoint = builder([db.check("db")]).build().expect("a good endpoint");
    endpoint.router().route("/work", on_get(async move || name))
}

struct Apache {
    child: Child,
    _folder: tempfile::TempDir,
    address: SocketAddr,
}

impl Drop for Apache {
    fn drop(&mut self) {
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

impl Apache {
    async fn start(method: &str, orders: [SocketAddr; 2]) -> Self {
        let folder = tempfile::tempdir().expect("a folder");
        let free = TcpListener::bind("127.0.0.1:0").await.expect("a free port").local_addr().expect("an address");
        let shipped = PathBuf::from(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy/apache/balancer.conf");
        let shipped = fs::read_to_string(shipped).expect("a file");
        assert_eq!(shipped.matches("hcmethod=GET").count(), 2);
        let balancer = shipped.replace("hcmethod=GET", &format!("hcmethod={method}"));
        let [first, second] = orders;
        let modules = MODULES.iter().fold(String::new(), |lines, name| {
            lines + &format!("LoadModule {name}_module /usr/lib/apache2/modules/mod_{name}.so\n")
        });
        let at = folder.path().display();
        let config = format!(
            "ServerRoot {at}\nServerName localhost\nPidFile {at}/pid\nDefaultRuntimeDir {at}\nErrorLog {at}/log\nListen {free}\n\
             {modules}Define ORDERS_1 {first}\nDefine ORDERS_2 {second}\nDefine CHECK_INTERVAL 100ms\n{balancer}"
        );
        let file = folder.path().join("httpd.conf");
        fs::write(&file, config).expect("a file");
        let child = Command::new(Path::new("/usr/sbin/apache2"))
            .args(["-X", "-f"])
            .arg(&file)
            .stderr(Stdio::null())
            .spawn()
            .expect("Apache is installed by scripts/peers");
        let deadline = Instant::now() + Duration::from_secs(10);
        while TcpStream::connect(free).await.is_err() {
            assert!(Instant::now() < deadline, "{:?}", fs::read_to_string(folder.path().join("log")));
            sleep(Duration::from_millis(20)).await;
        }
        Self { child, _folder: folder, address: free }
    }

    /// Returns which instances answer ten requests, or Apache itself with 503.
    async fn answering(&self) -> [bool; 3] {
        let mut answering = [false; 3];
        for _ in 0..10 {
            let answer = get(self.address, "/work").await;
            match (answer.status, answer.body.as_str()) {
                (200, "first") => answering[0] = true,
                (200, "second") => answering[1] = true,
                (503, _) => answering[2] = true,
                _ => panic!("{answer:?}"),
            }
        }
        answering
    }

    async fn until(&self, expected: [bool; 3]) {
        let deadline = Instant::now() + Duration::from_secs(20);
        loop {
            let answering = self.answering().await;
            if answering == expected {
                return;
            }
            assert!(Instant::now() < deadline, "{answering:?} and not {expected:?}");
            sleep(Duration::from_millis(50)).await;
        }
    }
}

fn isolated(name: &'static str, db: &Switch) -> ServerHandle {
    serve_isolated("127.0.0.1:0", instance(name, db)).expect("a server")
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Apache: scripts/peers"]
async fn apache_removes_and_restores_a_server() {
    let (first, second) = (Switch::default(), Switch::default());
    let servers = [serve(instance("first", &first)).await, serve(instance("second", &second)).await];
    let apache = Apache::start("GET", servers).await;
    apache.until([true, true, false]).await;
    first.fail();
    apache.until([false, true, false]).await;
    second.fail();
    apache.until([false, false, true]).await;
    first.pass();
    apache.until([true, false, false]).await;
}

/// Apache requests `OPTIONS *`, whose response is not about the health of a service.
#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Apache: scripts/peers"]
async fn apache_keeps_servers_that_it_probes_with_options() {
    let (first, second) = (Switch::default(), Switch::default());
    let servers = [isolated("first", &first), isolated("second", &second)];
    let apache = Apache::start("OPTIONS", servers.each_ref().map(|server| server.local_addrs()[0])).await;
    second.fail();
    sleep(Duration::from_secs(1)).await;
    apache.until([true, true, false]).await;

    let elsewhere = [serve(instance("first", &first)).await, servers[1].local_addrs()[0]];
    let apache = Apache::start("OPTIONS", elsewhere).await;
    apache.until([false, true, false]).await;
}
