//! Probe of a topic of Kafka.

use super::{BrokerProbe, BrokerState, broker};
use crate::{
    model::Status,
    probes::ask::{AskError, IntoAsk},
};

/// Maximum number of partitions that a message names.
const MAX_PARTITIONS: usize = 8;

/// Checks that all partitions of a topic in Kafka have a leader.
///
/// Name `kafka`, level 2, data of [`probes::amqp`](super::amqp()). It asks for the metadata of a topic that the program uses,
/// through the program's own consumer or producer, see [`ask!`](crate::ask!). Nothing is produced, and no other topic is looked at, so
/// the user needs the right to describe this one alone.
///
/// ```ignore
/// let orders = probes::kafka(health_runtime::ask!(rdkafka: consumer, topic: "orders")).name("kafka_orders");
/// ```
///
/// | | online | takes messages | status |
/// |---|---|---|---|
/// | each partition has a leader | yes | yes | pass |
/// | a partition has none | yes | no | fail, or the status of [`blocked_as`](BrokerProbe::blocked_as) |
/// | no such topic, no permission for it, no broker, no answer | no | no | fail |
///
/// The client blocks, so it is asked on Tokio's blocking pool, with a time limit of its own. A topic that does not exist is not
/// created by a consumer. A producer creates it if the brokers allow that, as its first message would.
///
/// A closure of your own answers the name of the topic, and then a line with the number and the leader of each partition: `0 3`,
/// or `0 -1` if there is none.
#[track_caller]
pub fn kafka(ask: impl IntoAsk) -> BrokerProbe {
    let probe = broker(ask, |kafka| async move { state_in(&kafka.ask("METADATA").await?) });
    probe.name("kafka").blocked_as(Status::Fail)
}

fn state_in(answer: &str) -> Result<BrokerState, AskError> {
    let unknown = || AskError::new(format!("it answered `{answer}`, which is not the metadata of a topic"));
    let mut lines = answer.lines();
    let topic = lines.next().ok_or_else(unknown)?;
    let mut partitions = 0;
    let mut without_leader = Vec::new();
    for line in lines {
        let (partition, leader) = line.split_once(' ').ok_or_else(unknown)?;
        let leader: i64 = leader.parse().map_err(|_| unknown())?;
        partitions += 1;
        if leader < 0 {
            without_leader.push(partition);
        }
    }
    if partitions == 0 {
        return Err(AskError::new(format!("topic `{topic}` has no partitions")));
    }
    if without_leader.is_empty() {
        return Ok(BrokerState::Ready);
    }
    let more = if without_leader.len() > MAX_PARTITIONS { ", …" } else { "" };
    let named = without_leader[..without_leader.len().min(MAX_PARTITIONS)].join(", ");
    Ok(BrokerState::Blocked(format!(
        "{} of {partitions} partitions of topic `{topic}` have no leader: {named}{more}",
        without_leader.len()
    )))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn partitions_without_leader_are_named() {
        assert_eq!(state_in("orders\n0 1\n1 2\n"), Ok(BrokerState::Ready));
        let text = "1 of 2 partitions of topic `orders` have no leader: 1";
        assert_eq!(state_in("orders\n0 1\n1 -1"), Ok(BrokerState::Blocked(text.to_owned())));
        let many: Vec<_> = (0..100).map(|partition| format!("{partition} -1")).collect();
        let text = "100 of 100 partitions of topic `orders` have no leader: 0, 1, 2, 3, 4, 5, 6, 7, …";
        assert_eq!(state_in(&format!("orders\n{}", many.join("\n"))), Ok(BrokerState::Blocked(text.to_owned())));
        for other in ["", "orders", "orders\n0", "orders\n0 x"] {
            assert!(state_in(other).is_err(), "{other}");
        }
    }
}
