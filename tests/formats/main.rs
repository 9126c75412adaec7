//! The formats: the content of each, and that no name, message or data breaks one.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod exposition;
mod for_people;
mod hostile;
mod metrics;
mod peers;
mod shapes;
