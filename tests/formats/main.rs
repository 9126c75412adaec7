//! The encodings: what each one says, and that nothing in a name, a message or data breaks one.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod exposition;
mod hostile;
mod metrics;
mod peers;
mod shapes;
