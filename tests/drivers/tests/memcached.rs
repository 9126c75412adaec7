//! `probes::memcached` through the crate memcache on a real server.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::time::Duration;

use health_drivers::Server;
use health_runtime::{Outcome, Status, probes::DatabaseProbe};
use memcache::Client;
use tokio::time::{Instant, sleep};

const TIMEOUT: Duration = Duration::from_secs(2);

#[no_implicit_prelude]
mod without_prelude {
    use ::health_runtime::{
        ask,
        probes::{self, DatabaseProbe},
    };
    use ::memcache;

    pub(super) fn probe(client: &memcache::Client) -> DatabaseProbe {
        probes::memcached(ask!(memcache: client)).timeout(super::TIMEOUT)
    }
}

async fn observe(probe: &DatabaseProbe) -> Outcome {
    let start = Instant::now();
    let outcome = probe.observe().await;
    assert!(start.elapsed() < TIMEOUT, "{:?} {outcome:?}", start.elapsed());
    outcome
}

async fn assert_is(probe: &DatabaseProbe, status: Status, text: &str) {
    let outcome = observe(probe).await;
    assert_eq!(outcome.status(), status, "{outcome:?}");
    assert!(outcome.message().unwrap_or_default().contains(text), "{outcome:?}");
    let is_online = status == Status::Pass;
    let data = outcome.data().expect("data");
    assert_eq!(data["is_db_online"], is_online, "{outcome:?}");
    assert_eq!(data["is_db_writeable"].is_null(), is_online, "{outcome:?}");
}

/// Observes until the check passes.
async fn assert_recovers(probe: &DatabaseProbe) {
    let end = Instant::now() + Duration::from_secs(20);
    while observe(probe).await.status() != Status::Pass {
        assert!(Instant::now() < end, "it does not recover");
        sleep(Duration::from_millis(50)).await;
    }
}

#[tokio::test]
#[ignore = "needs memcached: scripts/peers"]
async fn states_of_a_server_are_told_apart() {
    let mut server = Server::memcached();
    let connect = |options: &str| Client::connect(format!("memcache://127.0.0.1:{}{options}", server.port));
    let client = connect("?connect_timeout=1&timeout=1").expect("a client");
    let patient = without_prelude::probe(&connect("").expect("a client"));
    let probe = without_prelude::probe(&client);
    assert_is(&probe, Status::Pass, "").await;
    assert_is(&patient, Status::Pass, "").await;

    let before = server.memcached_counts();
    assert_eq!(before.1, 0);
    for _ in 0..10_000 {
        assert_eq!(probe.observe().await.status(), Status::Pass);
    }
    assert_eq!(server.memcached_counts(), before);

    server.freeze();
    assert_is(&probe, Status::Fail, "").await;
    for _ in 0..2 {
        assert_is(&patient, Status::Fail, "no answer came within 1.8s").await;
    }
    server.thaw();
    assert_recovers(&probe).await;
    assert_recovers(&patient).await;

    server.stop();
    assert_is(&probe, Status::Fail, "").await;
    server.start();
    assert_recovers(&probe).await;
}
