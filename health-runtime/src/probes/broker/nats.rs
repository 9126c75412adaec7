//! Probe of a NATS server.

use super::{BrokerProbe, broker, examine_client};
use crate::probes::ask::{AskError, IntoAsk};

const LATE_CAUSES: &str = "the server is frozen, or the user may not publish and subscribe to its inbox";

/// Checks that messages go from this program to a NATS server and back.
///
/// Name `nats`, level 2, data and settings of [`probes::amqp`](super::amqp()). It is asked through the program's own client, see
/// [`ask!`](crate::ask!): an empty message is sent to a new inbox of the client, and received. Nothing is left in the server. A
/// flush would not do: that of `async_nats` returns as soon as the socket has taken the bytes, so a frozen server would pass
/// for minutes.
///
/// ```ignore
/// let nats = probes::nats(health_runtime::ask!(async_nats: client)).readiness();
/// ```
///
/// | | online | takes messages | status |
/// |---|---|---|---|
/// | the message comes back | yes | yes | pass |
/// | the message comes back in lame duck mode, if the client knows of it | yes | yes | warn |
/// | the client is disconnected: it reconnects up to its `max_reconnects`, and the probe sends nothing that would queue up | no | no | fail |
/// | the message does not come back: the server is frozen, or the user may not publish and subscribe to its inbox | no | no | fail |
///
/// A user with few permissions needs `_INBOX.>`, or the client's `custom_inbox_prefix`, in both lists. `async_nats` reports lame
/// duck mode to its `event_callback` alone; a closure of your own passes it on:
///
/// ```ignore
/// // Set on `Event::LameDuckMode`, and cleared on `Event::Connected`.
/// let is_lame_duck = Arc::new(AtomicBool::new(false));
/// let nats = probes::nats(move |statement| {
///     let (client, is_lame_duck) = (client.clone(), is_lame_duck.load(Ordering::Relaxed));
///     async move {
///         match (statement, client.connection_state()) {
///             ("STATE", State::Connected) if is_lame_duck => Ok("lame duck".to_owned()),
///             ("STATE", state) => Ok(state.to_string()),
///             _ => {
///                 let inbox = client.new_inbox();
///                 client.send_request(inbox.clone(), Request::new().inbox(inbox)).await.map(|_| String::new())
///             }
///         }
///     }
/// });
/// ```
///
/// Such a closure answers `STATE` with `connected`, `lame duck` or another word, which fails, and `PING` when the server has
/// answered.
#[track_caller]
pub fn nats(ask: impl IntoAsk) -> BrokerProbe {
    let examine = |nats| async move {
        match examine_client(&nats).await {
            Err(error) if error.is_late() => Err(AskError::late(format!("{}: {LATE_CAUSES}", error.text()))),
            state => state,
        }
    };
    broker(ask, examine).name("nats")
}
