//! Probe of a `MongoDB` server.

use super::{DatabaseKind, DatabaseProbe, DatabaseState, database};
use crate::probes::ask::{AskError, Asking, IntoAsk};

/// The driver reports neither while it waits for a server.
const LATE_CAUSES: &str = "the server is frozen, or the client finds none; a `serverSelectionTimeoutMS` below the check's timeout \
    tells why";

/// Checks that a `MongoDB` deployment answers and takes writes.
///
/// Name `mongodb`, level 1, data and statuses of [`probes::postgres`](super::postgres()), but without the lag of replicas and the
/// state of the pool, which the client does not report. It is asked through the program's own client, see [`ask!`](crate::ask!): the
/// commands `ping` and `hello`, which need no privileges; servers without `hello` are asked `isMaster`. Databases are not listed.
///
/// ```ignore
/// let db = probes::mongodb(health_runtime::ask!(mongodb: client)).readiness();
/// ```
///
/// | | online | writeable | status |
/// |---|---|---|---|
/// | the primary, a standalone server, or a router of shards | yes | yes | pass |
/// | a secondary: the replica set has no primary, or the client is connected to this member alone | yes | no | fail, or the status of [`read_only_as`](DatabaseProbe::read_only_as) |
/// | neither, such as a member that recovers | yes | no | fail |
/// | no server, no answer, wrong password | no | no | fail |
///
/// The primary is asked, and a secondary if there is none. Without any server the driver waits for one for its
/// `server_selection_timeout`, 30 s by default; a shorter one than the check's timeout makes the message tell the reason. A router of
/// shards answers for itself alone. A connection that broke while it was idle is not an outage: the command is asked once more.
///
/// A closure of your own answers `hello` with the document as text, as JSON or the shell writes it.
#[track_caller]
pub fn mongodb(ask: impl IntoAsk) -> DatabaseProbe {
    DatabaseProbe { kind: DatabaseKind::MongoDb, ..database(ask, examine).name("mongodb") }
}

async fn examine(mongodb: Asking) -> Result<DatabaseState, AskError> {
    match ask_commands(&mongodb).await {
        Err(error) if error.is_late() => Err(AskError::late(format!("{}: {LATE_CAUSES}", error.text()))),
        state => state,
    }
}

async fn ask_commands(mongodb: &Asking) -> Result<DatabaseState, AskError> {
    mongodb.ask("ping").await?;
    match mongodb.ask("hello").await {
        // Its code is 59.
        Err(error) if error.text().contains("CommandNotFound") || error.text().contains("no such command") => {
            state_in(&mongodb.ask("isMaster").await?, "ismaster")
        }
        hello => state_in(&hello?, "isWritablePrimary"),
    }
}

fn state_in(hello: &str, is_primary: &str) -> Result<DatabaseState, AskError> {
    match (flag_in(hello, is_primary), flag_in(hello, "secondary")) {
        (Some(true), _) => Ok(DatabaseState::Writeable),
        (Some(false), Some(true)) => Ok(DatabaseState::Replica { lag: None }),
        (Some(false), _) => Ok(DatabaseState::Unwriteable(
            "it is neither a primary nor a secondary, such as a member that recovers".to_owned(),
        )),
        (None, _) => Err(AskError::new(format!("it answered `{hello}`, which MongoDB does not"))),
    }
}

/// Returns the value of a field, in a text that need not be strict JSON.
fn flag_in(document: &str, field: &str) -> Option<bool> {
    document.split(['{', ',', '}']).find_map(|part| {
        let (key, value) = part.split_once(':')?;
        (key.trim().trim_matches('"') == field).then(|| value.trim().parse().ok())?
    })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn answers_become_states() {
        let primary = r#"{ "isWritablePrimary": true, "topologyVersion": { "counter": 6 }, "ok": 1.0 }"#;
        assert_eq!(state_in(primary, "isWritablePrimary"), Ok(DatabaseState::Writeable));
        let secondary = r#"{"topologyVersion":{"counter":6},"isWritablePrimary":false,"secondary":true}"#;
        assert_eq!(state_in(secondary, "isWritablePrimary"), Ok(DatabaseState::Replica { lag: None }));
        let older = r#"{ "ismaster": true, "tags": { "secondary": "true" }, "ok": 1.0 }"#;
        assert_eq!(state_in(older, "ismaster"), Ok(DatabaseState::Writeable));
        for other in
            ["{ isWritablePrimary: false }", r#"{"isWritablePrimary":false,"secondary":false,"arbiterOnly":true}"#]
        {
            assert!(matches!(state_in(other, "isWritablePrimary"), Ok(DatabaseState::Unwriteable(_))), "{other}");
        }
        for other in ["", "{}", r#"{"secondary":true}"#, r#"{"isWritablePrimary":1}"#] {
            assert!(state_in(other, "isWritablePrimary").is_err(), "{other}");
        }
    }
}
