//! A write on request.

use std::{collections::BTreeSet, sync::Mutex};

use super::{DatabaseKind, DatabaseProbe, DatabaseState, memcached, redis};
use crate::{
    probes::ask::{AskError, Asking, Examine},
    sync::lock,
};

/// memcached allows no longer ones.
const MAX_KEY_BYTES: usize = 250;

impl DatabaseProbe {
    /// Writes a key of Redis or memcached in each run, which takes 10 s to expire: `SET key health_runtime PX 10000`. Default: no
    /// write. The node or server that has the key takes it. For another database it is a start-up error.
    ///
    /// It detects a server that refuses writes although it answers: out of memory, in Redis also a failed snapshot (`MISCONF`), too
    /// few replicas, a user without the right. Take a key that the program does not use, such as `health:probe`.
    pub fn write_key(mut self, key: &'static str) -> Self {
        self.write_key = Some(key);
        self.examine = match self.kind {
            DatabaseKind::Redis => writing(redis::examine, interned(format!("SET {key} health_runtime PX 10000"))),
            DatabaseKind::Memcached => writing(memcached::examine, interned(format!("set {key}"))),
            _ => self.examine,
        };
        self
    }
}

impl DatabaseKind {
    /// Returns why the key cannot be written.
    pub(super) fn key_fault(self, key: &str) -> Option<String> {
        let is_word = !key.is_empty() && !key.contains(|c: char| c.is_whitespace() || c.is_control());
        match self {
            Self::Redis | Self::Memcached if !is_word || key.len() > MAX_KEY_BYTES => Some(format!(
                "`{key}` is not a valid key for `write_key`; take one without spaces, such as `health:probe`"
            )),
            Self::Redis | Self::Memcached => None,
            _ => Some("it asks neither Redis nor memcached, so `write_key` has no effect".to_owned()),
        }
    }
}

/// Returns a static text, which statements are. It is leaked, once for each text of the program.
fn interned(statement: String) -> &'static str {
    static STATEMENTS: Mutex<BTreeSet<&'static str>> = Mutex::new(BTreeSet::new());
    let mut statements = lock(&STATEMENTS);
    if let Some(known) = statements.get(statement.as_str()) {
        return known;
    }
    let statement: &'static str = statement.leak();
    statements.insert(statement);
    statement
}

/// Examines, and writes if the server may take it.
fn writing<F, Fut>(examine: F, statement: &'static str) -> Examine<DatabaseState>
where
    F: Fn(Asking) -> Fut + Send + Sync + 'static,
    Fut: Future<Output = Result<DatabaseState, AskError>> + Send + 'static,
{
    Examine::new(move |db: Asking| {
        let state = examine(db.clone());
        async move {
            match state.await? {
                DatabaseState::Writeable | DatabaseState::Online => write(&db, statement).await,
                state => Ok(state),
            }
        }
    })
}

async fn write(db: &Asking, statement: &'static str) -> Result<DatabaseState, AskError> {
    match db.ask(statement).await {
        Ok(_) => Ok(DatabaseState::Writeable),
        Err(error) if error.is_exhausted() || error.is_late() => Err(error.with_step("a write fails")),
        Err(error) if error.text().contains("READONLY") => {
            Ok(DatabaseState::ReadOnly(format!("it is a replica, which refuses the write: {}", error.text())))
        }
        Err(error) => Ok(DatabaseState::Unwriteable(format!("a write fails: {}", error.text().trim_end()))),
    }
}
