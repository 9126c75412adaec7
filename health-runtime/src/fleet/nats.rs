use super::store::{FleetStore, StoreFuture, marked_text, swap_values};
use crate::probes::Ask;

/// A key-value bucket of `JetStream`. The words are read by `ask!(async_nats_kv: …)`.
pub(super) struct Nats(Ask);

impl Nats {
    pub(super) const fn new(ask: Ask) -> Self {
        Self(ask)
    }
}

impl FleetStore for Nats {
    fn read(&self, key: &str) -> StoreFuture<Option<String>> {
        let answer = self.0.with("READ", vec![key.to_owned()]);
        Box::pin(async move { Ok(marked_text(&answer.await?)) })
    }

    fn swap(&self, key: &str, expected: Option<&str>, value: &str) -> StoreFuture<bool> {
        let statement = if expected.is_some() { "REPLACE" } else { "CREATE" };
        let answer = self.0.with(statement, swap_values(key, expected, value));
        Box::pin(async move { Ok(answer.await? == "yes") })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The macro reads the values by their order.
    #[tokio::test]
    async fn values_are_the_key_and_the_texts() {
        let ask = Ask::new(|_| async { Ok::<_, std::io::Error>(String::new()) });
        let nats = Nats::new(ask.with_values(|statement, values| async move {
            let written = format!("{statement} {}", values.join(" "));
            Ok::<_, std::io::Error>(match written.as_str() {
                "READ key" => "=text".to_owned(),
                "CREATE key new" | "REPLACE key old new" => "yes".to_owned(),
                other => panic!("{other}"),
            })
        }));
        assert_eq!(nats.read("key").await, Ok(Some("text".to_owned())));
        assert_eq!(nats.swap("key", None, "new").await, Ok(true));
        assert_eq!(nats.swap("key", Some("old"), "new").await, Ok(true));
    }
}
