//! Probe of a name lookup.

use std::{collections::BTreeSet, time::Duration};

use serde_json::json;
use tokio::time::Instant;

use super::{
    address::{HostPort, is_host},
    dial,
    finding::ServerState,
    milliseconds,
};
use crate::{
    model::{Level, Outcome},
    probes::{
        deadline::Deadline,
        lookup::HostLookup,
        probe::{idle_check, probe},
    },
};

/// Maximum number of addresses that are listed.
const MAX_ADDRESSES: usize = 32;

probe! {
    /// The probe of [`probes::resolve`](resolve()).
    pub struct ResolveProbe { host: String, lookup: HostLookup }

    /// Looks the name up once.
    ///
    /// ```no_run
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 4)]` above it.
    /// async fn dns() -> Outcome {
    ///     probes::resolve("db.internal").observe().await
    /// }
    /// ```
    task fn observe;
}

/// Checks that a host name has an address, by the lookup of the operating system: `/etc/hosts`, DNS, and the other sources that
/// it is configured for.
///
/// Name `resolve_` and the host, level 3. The lookup is the one that the program's own connections use, with the operating
/// system's cache if there is one.
///
/// | data | |
/// |---|---|
/// | `addresses` | IP addresses, sorted, at most 32 |
/// | `lookup_ms` | time of the lookup in milliseconds |
///
/// It fails without an address, and if the lookup does not end within nine tenths of the check's timeout. A lookup cannot be
/// cancelled: one that hangs blocks one thread of the blocking pool, and later runs wait for it instead of starting another. A
/// resolver of the C library tries for 5 s at each server, so a shorter timeout reports a slow one as late.
///
/// It leaves nothing in the log of a server, except that of queries in a resolver that keeps one.
///
/// An address, or a name with characters that none has, is a start-up error.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::resolve("db.internal")).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn resolve(host: impl AsRef<str>) -> ResolveProbe {
    let host = host.as_ref();
    let name = if is_host(host) { format!("resolve_{host}") } else { "resolve".to_owned() };
    ResolveProbe { check: idle_check(name, Level::L3), host: host.to_owned(), lookup: HostLookup::default() }
}

impl ResolveProbe {
    async fn look(&self, deadline: Deadline) -> Result<(Duration, Result<BTreeSet<String>, ServerState>), String> {
        let start = Instant::now();
        let target = HostPort { host: self.host.clone(), port: 0 };
        let found = dial::resolve(&self.lookup, &target, deadline).await;
        let addresses = found.map(|found| found.iter().map(|address| address.ip().to_string()).collect());
        Ok((start.elapsed(), addresses))
    }

    fn faults(&self) -> Vec<String> {
        let host = self.host.escape_debug();
        let address = (self.host.parse::<std::net::IpAddr>().is_ok())
            .then(|| format!("`{host}` is an address, which needs no lookup; write a host name"));
        let invalid = (address.is_none() && !is_host(&self.host))
            .then(|| format!("`{host}` is not a valid host name; write one without port, such as `db.internal`"));
        [address, invalid].into_iter().flatten().collect()
    }

    fn judge(&self, (time, addresses): (Duration, Result<BTreeSet<String>, ServerState>)) -> Outcome {
        let (outcome, addresses) = match addresses {
            Ok(addresses) => (Outcome::pass(), addresses),
            Err(finding) => {
                let text = finding.text.unwrap_or_default();
                (Outcome::fail(format!("{} {text}", self.host)), BTreeSet::new())
            }
        };
        let addresses: Vec<_> = addresses.into_iter().take(MAX_ADDRESSES).collect();
        outcome.with_data(json!({ "addresses": addresses, "lookup_ms": milliseconds(time) }))
    }
}
