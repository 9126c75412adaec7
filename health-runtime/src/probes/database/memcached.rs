//! Probe of memcached.

use super::{DatabaseKind, DatabaseProbe, DatabaseState, database};
use crate::{
    model::Level,
    probes::ask::{AskError, Asking, IntoAsk},
};

/// Checks that all memcached servers of a client answer.
///
/// Name `memcached`, level 2, data and settings of [`probes::postgres`](super::postgres()), but without the lag of replicas and the
/// state of the pool. It is asked through the program's own client, see [`ask!`](crate::ask!): for the version of each server, which
/// needs no key. Nothing is written, unless you ask for it by [`write_key`](DatabaseProbe::write_key), so whether it takes writes is
/// not known (`is_db_writeable` is `null`).
///
/// ```ignore
/// let cache = probes::memcached(health_runtime::ask!(memcache: client)).name("cache");
/// ```
///
/// | | online | writeable | status |
/// |---|---|---|---|
/// | all servers answer | yes | unknown | pass |
/// | with `write_key`: the server of the key takes it | yes | yes | pass |
/// | … the server refuses it, such as out of memory without eviction (`-M`) | yes | no | fail |
/// | one does not answer, or refuses the connection | no | no | fail |
///
/// The client blocks, so it is asked on Tokio's blocking pool, one thread at a time. It ends by its own limits alone: give its URL
/// both, `?connect_timeout=1&timeout=1` in seconds. Without them a frozen server holds that thread, and each run reports that
/// no answer came. It does not tell which one of several servers failed.
///
/// A closure of your own answers `version`, and for `write_key` it stores `health_runtime` under KEY for 10 s when it is asked
/// `set KEY`.
#[track_caller]
pub fn memcached(ask: impl IntoAsk) -> DatabaseProbe {
    let probe = database(ask, examine).name("memcached").level(Level::L2);
    DatabaseProbe { kind: DatabaseKind::Memcached, ..probe }
}

pub(super) async fn examine(memcached: Asking) -> Result<DatabaseState, AskError> {
    memcached.ask("version").await?;
    Ok(DatabaseState::Online)
}
