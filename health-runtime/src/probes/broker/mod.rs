//! Probe of a broker of messages: the part that is the same for all of them. A broker is one more file, with the statements that
//! its client is asked and what their answers mean.

mod amqp;
mod kafka;
mod nats;
mod state;

pub use amqp::amqp;
pub use kafka::kafka;
pub use nats::nats;
use serde::Serialize;
pub use state::BrokerState;

use super::{
    ask::{Ask, AskError, Asking, Examine, IntoAsk, OfflineReason},
    deadline::Deadline,
    probe::{excerpt, idle_check, judged, probe},
};
use crate::model::{Level, Outcome, Status};

probe! {
    /// The probe of a broker of messages, such as [`probes::nats`](super::nats()).
    pub struct BrokerProbe {
        ask: Ask,
        examine: Examine<BrokerState>,
        blocked_as: Status,
        exhausted_as: Status,
        offline_reason: OfflineReason,
    }

    /// Asks the broker once.
    task fn observe;
}

/// Checks a broker for which there is no probe: `examine` asks it through `ask` and returns its state.
///
/// Name `broker`, level 2, and the data, settings and texts of every probe of a broker, see [`probes::amqp`](super::amqp()).
///
/// ```
/// use health_runtime::probes::{self, Asking, BrokerState};
///
/// # #[derive(Clone)] struct Client;
/// # impl Client { async fn ping(&self) -> Result<String, std::io::Error> { Ok("PINGRESP".into()) } }
/// # let client = Client;
/// let ask = move |_: &'static str| {
///     let client = client.clone();
///     async move { client.ping().await }
/// };
/// let mqtt = probes::broker(ask, |mqtt: Asking| async move {
///     mqtt.ask("PING").await?;
///     Ok(BrokerState::Ready)
/// })
/// .name("mqtt");
/// # let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
/// # assert_eq!(runtime.block_on(mqtt.observe()).status(), health_runtime::Status::Pass);
/// ```
#[track_caller]
pub fn broker<F, Fut>(ask: impl IntoAsk, examine: F) -> BrokerProbe
where
    F: Fn(Asking) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<BrokerState, AskError>> + Send + 'static,
{
    BrokerProbe {
        check: idle_check("broker", Level::L2),
        ask: ask.into_ask(),
        examine: Examine::new(examine),
        blocked_as: Status::Warn,
        exhausted_as: Status::Warn,
        offline_reason: OfflineReason::default(),
    }
}

impl BrokerProbe {
    /// Sets the status of a broker that answers, and takes no messages or not all. Default: see the function that made the
    /// probe.
    pub fn blocked_as(mut self, status: Status) -> Self {
        self.blocked_as = status;
        self
    }

    /// Sets the status of a pool whose connections were all in use for the whole run. Default: [`Status::Warn`], because the
    /// program is busy, and nothing is known about the broker. It fails regardless if the broker was offline when it was last
    /// asked.
    pub fn exhausted_as(mut self, status: Status) -> Self {
        self.exhausted_as = status;
        self
    }

    async fn look(&self, run: Deadline) -> Result<Result<BrokerState, AskError>, String> {
        Ok(self.examine.run(&self.ask, run.left(), run).await)
    }

    #[expect(clippy::unused_self, reason = "every probe has this method")]
    const fn faults(&self) -> Option<String> {
        None
    }

    fn judge(&self, state: Result<BrokerState, AskError>) -> Outcome {
        if state.is_ok() {
            self.offline_reason.clear();
        }
        let (is_online, takes_messages, (status, text)) = match state {
            Ok(BrokerState::Ready) => (Some(true), Some(true), (Status::Pass, String::new())),
            Ok(BrokerState::Draining(text)) => (Some(true), Some(true), (Status::Warn, excerpt(&text))),
            Ok(BrokerState::Blocked(text)) => (Some(true), Some(false), (self.blocked_as, excerpt(&text))),
            Err(error) => {
                let known = (!error.is_exhausted()).then_some(false);
                (known, known, self.offline_reason.judge(&error, self.exhausted_as))
            }
        };
        judged(status, BrokerData { is_broker_online: is_online, takes_messages }, Some(text))
    }
}

/// Asks a client for its state and, unless the broker blocks the connection, for an answer of the broker.
async fn examine_client(client: &Asking) -> Result<BrokerState, AskError> {
    let state = match client.ask("STATE").await?.as_str() {
        "connected" => BrokerState::Ready,
        "lame duck" => {
            BrokerState::Draining("the server is in lame duck mode, and closes its connections soon".to_owned())
        }
        // The broker reads nothing from such a connection, so no answer would come.
        "blocked" => return Ok(BrokerState::Blocked("publishers are blocked by an alarm of the broker".to_owned())),
        state => return Err(AskError::new(format!("the client is {state}"))),
    };
    client.ask("PING").await?;
    Ok(state)
}

#[derive(Serialize)]
struct BrokerData {
    is_broker_online: Option<bool>,
    takes_messages: Option<bool>,
}
