//! Alerts without Prometheus: the failing checks for Alertmanager, and each change of a status for a webhook.
//!
//! ```no_run
//! use health_runtime::{
//!     Endpoint,
//!     alerts::{Alertmanager, Webhook},
//! };
//!
//! # fn start() -> Result<(), health_runtime::Error> {
//! let endpoint = Endpoint::builder() // with `health_endpoint!`: `configure: |builder| builder.alert_to(…)`
//!     .alert_to(Alertmanager::new(["http://alertmanager-0:9093", "http://alertmanager-1:9093"]).service("orders"))
//!     .alert_to(Webhook::new("https://ops.example.com/hooks/health").service("orders"))
//!     .build()?;
//! # Ok(())
//! # }
//! ```
//!
//! A service without an endpoint calls [`Monitor::alert_to`](crate::Monitor::alert_to). The guide on
//! [metrics and alerts](crate::_docs::metrics_and_alerts#alerts-without-prometheus) says what is sent, and when.

mod alertmanager;
mod backoff;
mod cloud_event;
mod event_queue;
mod firing;
mod outage;
mod post;
mod receiver;
mod sender;
mod signature;
mod webhook;

pub use alertmanager::Alertmanager;
pub use receiver::AlertReceiver;
pub use webhook::Webhook;
