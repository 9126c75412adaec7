//! Probe of a Redis or Valkey server over a connection of its own.

use super::{
    ConnectProbe, Protocol, TlsBegin, connect,
    finding::{ServerState, excerpt},
    peer::Peer,
};

const REDIS: Protocol = Protocol {
    name: "Redis",
    port: Some(6379),
    tls: TlsBegin::AtOnce(6379),
    refuse: |_| None,
    talk: |peer| Box::pin(talk(peer)),
};

/// Checks that a Redis or Valkey server answers, over a connection of its own: `PING`, then `QUIT`.
///
/// Name `redis_` and the address, level 3; the port is 6379 if the address has none. A program that has a client asks through it:
/// [`probes::redis`](crate::probes::redis()) sees the role and the cluster as well. Data and limits are those of
/// [`probes::tcp`](super::tcp()).
///
/// | `state` | status | |
/// |---|---|---|
/// | `accepting` | pass | it answered `PONG` |
/// | `login_required` | pass | it wants a password (`NOAUTH`), or its default user may not `PING` (`NOPERM`) |
/// | `starting` | fail | it is loading its data (`LOADING`); a server with a password says so only after a login |
/// | `without_primary` | fail | a replica that serves no stale data (`MASTERDOWN`) |
/// | `busy` | fail | a script runs for too long (`BUSY`) |
/// | `denied` | fail | its protected mode refuses other hosts (`DENIED`) |
/// | `full` | fail | `maxclients` is reached |
/// | `error` | fail | any other error, which the message shows |
///
/// # The server's log
/// Nothing at Redis' default level `notice`; at `verbose` two lines, `Accepted …` and `Client closed connection …`.
#[track_caller]
pub fn redis_at(address: impl AsRef<str>) -> ConnectProbe {
    connect("redis", address.as_ref(), &REDIS)
}

async fn talk(peer: &mut Peer) -> Result<ServerState, ServerState> {
    peer.send(b"PING\r\n").await?;
    let answer = peer.line().await?;
    let finding = judge(&answer).ok_or_else(|| peer.unexpected(&answer))?;
    peer.farewell = b"QUIT\r\n";
    Ok(finding)
}

fn judge(answer: &[u8]) -> Option<ServerState> {
    let error = answer.strip_prefix(b"-");
    let Some(error) = error else {
        return (answer == b"+PONG").then(ServerState::accepting);
    };
    let code = error.split(|byte| *byte == b' ').next().unwrap_or_default();
    let said = excerpt(error);
    Some(match code {
        b"NOAUTH" => ServerState::login_required("answers, and wants a password, so nothing more is known"),
        b"NOPERM" => {
            ServerState::login_required("answers, and its default user may not `PING`, so nothing more is known")
        }
        b"LOADING" => ServerState::fail("starting", format!("is loading its data: {said}")),
        b"MASTERDOWN" => ServerState::fail("without_primary", format!("is a replica without its primary: {said}")),
        b"BUSY" => ServerState::fail("busy", format!("is blocked by a script: {said}")),
        b"DENIED" => ServerState::fail("denied", format!("refuses this host: {said}")),
        b"ERR" if error.starts_with(b"ERR max number of clients") => ServerState::fail("full", "has too many clients"),
        _ => ServerState::fail("error", format!("answers with an error: {said}")),
    })
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;
    use crate::probes::connect::peer::talk_with;

    #[test]
    fn answers_become_states() {
        for (answer, state) in [
            ("+PONG\r\n", "accepting"),
            ("-NOAUTH Authentication required.\r\n", "login_required"),
            ("-NOPERM User default has no permissions to run the 'ping' command\r\n", "login_required"),
            ("-LOADING Redis is loading the dataset in memory\r\n", "starting"),
            (
                "-MASTERDOWN Link with MASTER is down and replica-serve-stale-data is set to 'no'.\r\n",
                "without_primary",
            ),
            ("-BUSY Redis is busy running a script.\r\n", "busy"),
            ("-DENIED Redis is running in protected mode\r\n", "denied"),
            ("-ERR max number of clients reached\r\n", "full"),
            ("-ERR unknown command\r\n", "error"),
            ("+PONGO\r\n", "unexpected_answer"),
            ("HTTP/1.1 400 Bad Request\r\n", "unexpected_answer"),
            ("+PON", "closed"),
            ("", "closed"),
        ] {
            assert_eq!(talk_with(REDIS.talk, answer.as_bytes()).state, state, "{answer}");
        }
    }

    proptest! {
        #[test]
        fn any_answer_has_a_state(answer in "-?(ERR|LOADING)?\\PC{0,300}\n", bytes: Vec<u8>) {
            talk_with(REDIS.talk, answer.as_bytes());
            talk_with(REDIS.talk, &bytes);
        }
    }
}
