//! Looks up the addresses of a server, and connects to the first that accepts.

use std::{
    io::{self, ErrorKind},
    net::SocketAddr,
};

use tokio::{
    net::TcpStream,
    time::{Instant, timeout_at},
};

use super::{address::HostPort, finding::ServerState};
use crate::probes::{deadline::Deadline, lookup::HostLookup};

/// Maximum number of addresses that are tried, and listed in a text. Names of large services have more.
const MAX_ADDRESSES: usize = 8;

/// Returns the addresses of a server. An IP address needs no lookup.
///
/// # Errors
/// The host has no address, or none was found before the deadline.
pub(super) async fn resolve(
    lookup: &HostLookup,
    target: &HostPort,
    deadline: Deadline,
) -> Result<Vec<SocketAddr>, ServerState> {
    let HostPort { host, port } = target;
    if let Ok(ip) = host.parse() {
        return Ok(vec![SocketAddr::new(ip, *port)]);
    }
    match deadline.wait("is not resolved", lookup.addresses(host)).await {
        Ok(Ok(addresses)) if addresses.is_empty() => Err(ServerState::fail("unresolved", "has no address")),
        Ok(Ok(mut addresses)) => {
            for address in &mut addresses {
                address.set_port(*port);
            }
            Ok(addresses)
        }
        Ok(Err(error)) => Err(ServerState::fail("unresolved", format!("is not resolved: {error}"))),
        Err(late) => Err(ServerState::fail("unresolved", late)),
    }
}

/// Connects to these addresses one after the other. Each gets an equal part of the time that is left.
///
/// # Errors
/// No address accepts. The text is about all of them, if they differ.
pub(super) async fn connect(
    addresses: &[SocketAddr],
    deadline: Deadline,
) -> Result<(TcpStream, SocketAddr), ServerState> {
    let addresses = &addresses[..addresses.len().min(MAX_ADDRESSES)];
    let mut findings: Vec<(SocketAddr, ServerState)> = Vec::new();
    for (tried, address) in addresses.iter().enumerate() {
        let now = Instant::now();
        let left = u32::try_from(addresses.len() - tried).unwrap_or(1);
        let end = now + deadline.end.saturating_duration_since(now) / left;
        match timeout_at(end, TcpStream::connect(address)).await {
            Ok(Ok(stream)) => {
                // A request is one write, which must not wait for the acknowledgement of another.
                let _ = stream.set_nodelay(true);
                return Ok((stream, *address));
            }
            Ok(Err(error)) => findings.push((*address, finding(&error))),
            Err(_) => findings.push((*address, ServerState::fail("no_connection", "accepts no connection"))),
        }
    }
    Err(summarize(&findings, deadline))
}

fn finding(error: &io::Error) -> ServerState {
    match error.kind() {
        ErrorKind::ConnectionRefused => ServerState::fail("refused", "refuses connections"),
        _ => ServerState::fail("unreachable", format!("is not reachable: {error}")),
    }
}

/// Makes one finding of those of all addresses.
fn summarize(findings: &[(SocketAddr, ServerState)], deadline: Deadline) -> ServerState {
    let text_of = |finding: &ServerState| finding.text.clone().unwrap_or_default();
    let Some((_, last)) = findings.last().cloned() else {
        return ServerState::fail("unresolved", "has no address");
    };
    let time = if findings.iter().any(|(_, finding)| finding.state == "no_connection") {
        format!(" {deadline}")
    } else {
        String::new()
    };
    if findings.len() == 1 {
        return ServerState { text: Some(text_of(&last) + &time), ..last };
    }
    if findings.iter().all(|(_, finding)| finding.text == last.text) {
        let addresses: Vec<_> = findings.iter().map(|(address, _)| address.ip().to_string()).collect();
        return ServerState { text: Some(format!("{}{time} at {}", text_of(&last), addresses.join(" and "))), ..last };
    }
    let all: Vec<_> =
        findings.iter().map(|(address, finding)| format!("{} {}", address.ip(), text_of(finding))).collect();
    ServerState::fail("unreachable", format!("is not reachable{time}: {}", all.join(", ")))
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    fn summary(states: &[&'static str]) -> ServerState {
        let finding = |state| match state {
            "refused" => self::finding(&ErrorKind::ConnectionRefused.into()),
            "no_connection" => ServerState::fail("no_connection", "accepts no connection"),
            _ => ServerState::fail("unreachable", "is not reachable: no route"),
        };
        let findings = states.iter().enumerate().map(|(index, state)| {
            (SocketAddr::from(([10, 0, 0, u8::try_from(index).unwrap_or(0)], 80)), finding(*state))
        });
        summarize(&findings.collect::<Vec<_>>(), Deadline::within(Duration::from_secs(1)))
    }

    #[test]
    fn findings_of_all_addresses_become_one() {
        for (states, state, text) in [
            (&["refused"][..], "refused", "refuses connections"),
            (&["no_connection"], "no_connection", "accepts no connection within 900ms"),
            (&["unreachable"], "unreachable", "is not reachable: no route"),
            (&["refused", "refused"], "refused", "refuses connections at 10.0.0.0 and 10.0.0.1"),
            (
                &["refused", "no_connection"],
                "unreachable",
                "is not reachable within 900ms: 10.0.0.0 refuses connections, 10.0.0.1 accepts no connection",
            ),
            (&[], "unresolved", "has no address"),
        ] {
            let summary = summary(states);
            assert_eq!((summary.state, summary.text.as_deref()), (state, Some(text)));
        }
    }

    #[tokio::test]
    async fn address_needs_no_lookup() {
        for (text, shown) in [("127.0.0.1:1", "127.0.0.1:1"), ("[::1]:1", "[::1]:1")] {
            let address = HostPort::parse(text, None).expect("an address");
            let found = resolve(&HostLookup::default(), &address, Deadline::within(Duration::from_secs(1))).await;
            assert_eq!(found.expect("an address")[0].to_string(), shown);
        }
    }
}
