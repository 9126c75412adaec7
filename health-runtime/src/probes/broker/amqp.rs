//! Probe of a broker that speaks AMQP 0.9.1, such as `RabbitMQ`.

use super::{BrokerProbe, broker, examine_client};
use crate::probes::ask::IntoAsk;

/// Checks that a broker of AMQP 0.9.1 answers, and does not block the program's messages.
///
/// Name `amqp`, level 2. It is asked through the program's own connection, see [`ask!`](crate::ask!): its state, then a
/// channel of the probe's own, which it opens in its first run and keeps, and on which it sets the prefetch count that the channel
/// has from the start. Nothing is declared and nothing is published.
///
/// ```ignore
/// let rabbitmq = probes::amqp(health_runtime::ask!(lapin: connection)).name("rabbitmq");
/// ```
///
/// | data | |
/// |---|---|
/// | `is_broker_online` | it answered |
/// | `takes_messages` | it takes messages of this program |
///
/// | | online | takes messages | status |
/// |---|---|---|---|
/// | the channel answers | yes | yes | pass |
/// | the broker has blocked the connection, because it lacks memory or disk space | yes | no | warn, or the status of [`blocked_as`](BrokerProbe::blocked_as) |
/// | the client is reconnecting, closed or failed; no answer | no | no | fail |
/// | the client is connected again, and is still restoring its channels | no | no | fail |
///
/// `RabbitMQ` blocks connections that publish, from their first message under the alarm on; others pass. Each run ends by itself
/// after nine tenths of the check's timeout. A connection that has failed stays so unless the program connects again, which
/// lapin does with `enable_auto_recover`; until then the program lacks its broker as well.
///
/// A closure of your own answers `STATE` with `connected`, `blocked` or another word, which fails, and `PING` when the broker has
/// answered.
#[track_caller]
pub fn amqp(ask: impl IntoAsk) -> BrokerProbe {
    broker(ask, |amqp| async move { examine_client(&amqp).await }).name("amqp")
}
