//! Probe of a port that accepts connections.

use super::{ConnectProbe, HostPort, Protocol, TlsBegin, connect, finding::ServerState};

const TCP: Protocol = Protocol {
    name: "TCP",
    port: None,
    tls: TlsBegin::Never,
    refuse: refuse_mysql,
    talk: |_| Box::pin(async { Ok(ServerState::accepting()) }),
};

const MYSQL_PORT: u16 = 3306;

/// Checks that a server accepts TCP connections at `host:port`.
///
/// Name `tcp_` and the address (`tcp_queue.internal_9092`), level 3. For a server that has a probe of its own, such as
/// [`probes::redis_at`](super::redis_at()) or [`probes::http`](crate::probes::http()), take that: a frozen server still accepts
/// connections, because the operating system does it for it.
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let registry = Registry::builder().check(probes::tcp("queue.internal:9092")).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
///
/// # Address
/// `host:port`, an IPv6 address in brackets: `[fd00::1]:9092`. All addresses of a name are tried, one after the other, each with
/// an equal part of the time that is left; the first that accepts is enough.
///
/// # Data
/// All probes with a connection of their own have these:
///
/// | data | |
/// |---|---|
/// | `state` | one word of the table below; each protocol adds its own |
/// | `address` | IP address and port of the connection; `null` if there was none |
/// | `connect_ms` | time of the name lookup and the connection in milliseconds, or `null` |
/// | `answer_ms` | the same until the answer, or `null` |
///
/// | `state` | status | |
/// |---|---|---|
/// | `accepting` | pass | the server serves |
/// | `login_required` | pass | it serves, but wants a login before more is known; the message says so |
/// | `unresolved` | fail | the name has no address, or the lookup did not end in time |
/// | `refused` | fail | nobody listens at the port |
/// | `no_connection` | fail | nothing answered the attempt to connect in time |
/// | `unreachable` | fail | another error of the network, or a different one at each address |
/// | `no_answer` | fail | the server accepted the connection, and did not answer in time: it is frozen or overloaded |
/// | `closed` | fail | it closed the connection instead of answering |
/// | `unexpected_answer` | fail | another protocol; the message shows the beginning of the answer |
/// | `tls_failed` | fail | TLS failed, such as for a certificate that is not valid |
///
/// # Limits
/// Each run opens one connection and closes it, within nine tenths of the check's timeout; at most 16 KiB are read. A name lookup
/// cannot be cancelled: one that hangs blocks one thread of the blocking pool, and later runs wait for it instead of starting
/// another.
///
/// # The server's log
/// Nothing is sent, which many servers log as a client that went away: sshd writes `Connection closed by … [preauth]`.
///
/// # Start-up errors
/// An invalid address; and port 3306: MySQL counts a connection without a handshake as an error of this host, and after
/// `max_connect_errors` of these (100) it refuses every client of the host (error 1129).
#[track_caller]
pub fn tcp(address: impl AsRef<str>) -> ConnectProbe {
    connect("tcp", address.as_ref(), &TCP)
}

fn refuse_mysql(address: &HostPort) -> Option<String> {
    (address.port == MYSQL_PORT).then(|| {
        "it would lock this host out of MySQL at port 3306, which counts each connection without a handshake and then refuses \
         the host (error 1129); write `probes::mysql` with a client of yours"
            .to_owned()
    })
}
