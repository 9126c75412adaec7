use std::{fmt, time::Duration};

use health_runtime::{
    Outcome, Status,
    probes::{BrokerProbe, DatabaseProbe},
};
use tokio::time::{Instant, sleep};

use crate::{CANARY, TIMEOUT};

/// Longest time until a status comes: clients wait between their attempts to connect, and a new server on a busy machine is slow.
const PATIENCE: Duration = Duration::from_secs(30);

const MAX_TRIES: usize = 3;

/// Whether the server answers, and whether it takes writes or messages; `None` if the probe does not know.
pub type Facts = [Option<bool>; 2];

pub const WRITEABLE: Facts = [Some(true), Some(true)];
pub const READ_ONLY: Facts = [Some(true), Some(false)];
pub const OFFLINE: Facts = [Some(false), Some(false)];

/// A probe of a database or of a broker.
#[expect(async_fn_in_trait, reason = "no test spawns it")]
pub trait Observe: fmt::Debug {
    /// Keys of the facts in its data.
    const FACTS: [&str; 2];

    async fn run(&self) -> Outcome;
}

impl Observe for DatabaseProbe {
    const FACTS: [&str; 2] = ["is_db_online", "is_db_writeable"];

    async fn run(&self) -> Outcome {
        self.observe().await
    }
}

impl Observe for BrokerProbe {
    const FACTS: [&str; 2] = ["is_broker_online", "takes_messages"];

    async fn run(&self) -> Outcome {
        self.observe().await
    }
}

/// Observes within the timeout, by one of several tries because the machine may be busy, and without the password in any text.
pub async fn observe(probe: &impl Observe) -> Outcome {
    let mut elapsed = Duration::ZERO;
    for _ in 0..MAX_TRIES {
        let start = Instant::now();
        let outcome = probe.run().await;
        elapsed = start.elapsed();
        assert!(!format!("{probe:?} {outcome:?}").contains(CANARY), "{outcome:?}");
        if elapsed < TIMEOUT {
            return outcome;
        }
        println!("{elapsed:?} {outcome:?}");
    }
    panic!("each try takes longer than the timeout, the last one {elapsed:?}");
}

/// Observes, and compares the status and a part of the message.
pub async fn assert(probe: &impl Observe, status: Status, text: &str) {
    assert_outcome(&observe(probe).await, status, text);
}

/// Observes, and compares the facts as well.
pub async fn assert_facts<P: Observe>(probe: &P, status: Status, text: &str, facts: Facts) {
    let outcome = observe(probe).await;
    assert_outcome(&outcome, status, text);
    let data = outcome.data().expect("data");
    assert_eq!(P::FACTS.map(|key| data[key].as_bool()), facts, "{outcome:?}");
}

fn assert_outcome(outcome: &Outcome, status: Status, text: &str) {
    assert_eq!(outcome.status(), status, "{outcome:?}");
    assert!(outcome.message().unwrap_or_default().contains(text), "{outcome:?}");
}

/// Observes until the status comes, with this part of the message.
pub async fn eventually(probe: &impl Observe, status: Status, text: &str) {
    let end = Instant::now() + PATIENCE;
    loop {
        let outcome = observe(probe).await;
        if outcome.status() == status && outcome.message().unwrap_or_default().contains(text) {
            return;
        }
        assert!(Instant::now() < end, "{status:?} `{text}` does not come: {outcome:?}");
        sleep(Duration::from_millis(100)).await;
    }
}
