//! Guides, one for each topic.
//!
//! | guide | answers |
//! |---|---|
//! | [`declaring_checks`] | How do I declare a check, and at which level? |
//! | [`background_checks`] | How do I run it on an interval? |
//! | [`probes`] | How do I check databases, services and this process without writing it myself? |
//! | [`many_services`] | How do services ask each other, without circles and floods? |
//! | [`routes_and_formats`] | What does the endpoint answer, and in which format? |
//! | [`metrics_and_alerts`] | What do I scrape, alert on, and mute? |
//! | [`fire_drills`] | How do I find out whether alerts and load balancers work? |
//! | [`access`] | Who sees what, and what protects it? |
//! | [`serving_and_tls`] | At which addresses, on which thread, with which certificate? |
//! | [`kubernetes`] | Which probe asks which path, with which numbers? |
//! | [`healthctl`] | How do I ask a service from a terminal, from CI, or from a monitor? |
//! | [`load_balancers`] | What do HAProxy, Envoy, Consul and Apache understand? |
//! | [`deploy_settings`] | How do I retime or disable a check without a new build? |
//! | [`graceful_shutdown`] | How do I shut down without losing a request? |
//! | [`agents`] | How does an agent find out what is broken? |
//! | [`testing_checks`] | How do I test a failure without waiting for one? |
//! | [`troubleshooting`] | What does this error or log line mean, and what do I do? |

// A guide names items of every feature; without `full`, some of its links lead nowhere.
#![cfg_attr(not(feature = "full"), allow(rustdoc::broken_intra_doc_links))]

#[doc = include_str!("../docs/declaring_checks.md")]
#[doc = ""]
#[doc = include_str!("../docs/health_check_keys.md")]
pub mod declaring_checks {}

#[doc = include_str!("../docs/background_checks.md")]
pub mod background_checks {}

#[doc = include_str!("../docs/probes.md")]
pub mod probes {}

#[doc = include_str!("../docs/many_services.md")]
pub mod many_services {}

#[doc = include_str!("../docs/routes_and_formats.md")]
pub mod routes_and_formats {}

#[doc = include_str!("../docs/metrics_and_alerts.md")]
pub mod metrics_and_alerts {}

#[doc = include_str!("../docs/access.md")]
pub mod access {}

#[doc = include_str!("../docs/serving_and_tls.md")]
pub mod serving_and_tls {}

#[doc = include_str!("../docs/kubernetes.md")]
pub mod kubernetes {}

#[doc = include_str!("../docs/containers_and_systemd.md")]
pub mod containers_and_systemd {}

#[doc = include_str!("../docs/healthctl.md")]
pub mod healthctl {}

#[doc = include_str!("../docs/load_balancers.md")]
pub mod load_balancers {}

#[doc = include_str!("../docs/deploy_settings.md")]
pub mod deploy_settings {}

#[doc = include_str!("../docs/fire_drills.md")]
pub mod fire_drills {}

#[doc = include_str!("../docs/graceful_shutdown.md")]
pub mod graceful_shutdown {}

#[doc = include_str!("../docs/agents.md")]
pub mod agents {}

#[doc = include_str!("../docs/testing_checks.md")]
pub mod testing_checks {}

#[doc = include_str!("../docs/troubleshooting.md")]
pub mod troubleshooting {}
