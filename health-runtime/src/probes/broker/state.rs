/// State of a broker that answers. The texts are for a person.
#[derive(Clone, Debug, PartialEq, Eq)]
#[non_exhaustive]
pub enum BrokerState {
    /// It takes messages.
    Ready,
    /// It takes messages, and closes its connections soon.
    Draining(String),
    /// It takes no messages, or not all.
    Blocked(String),
}
