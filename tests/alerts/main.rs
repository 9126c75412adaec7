//! Alerts for Alertmanager and for webhooks.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod alertmanager;
mod faults;
mod peers;
mod receiver;
mod settings;
mod webhook;
