//! `ask!` in a module without the prelude, over drivers of which only the names are real.
#![allow(clippy::unused_async, clippy::unused_self, clippy::unnecessary_wraps, reason = "a driver needs them")]

use health_runtime::Status;

/// Stands for `tokio_postgres`.
mod postgres {
    #[derive(Clone)]
    pub(super) struct Client;

    pub(super) struct Row;

    pub(super) enum SimpleQueryMessage {
        Row(Row),
        CommandComplete,
    }

    impl Row {
        pub(super) fn get(&self, _: usize) -> Option<&str> {
            Some("f,off")
        }
    }

    impl Client {
        pub(super) async fn simple_query(&self, _: &str) -> Result<Vec<SimpleQueryMessage>, std::fmt::Error> {
            Ok(vec![SimpleQueryMessage::CommandComplete, SimpleQueryMessage::Row(Row)])
        }

        pub(super) async fn query_typed(
            &self,
            _: &str,
            _: &[(&(dyn types::ToSql + Sync), types::Type)],
        ) -> Result<Vec<Row>, std::fmt::Error> {
            Ok(vec![Row])
        }
    }

    impl Row {
        pub(super) fn try_get<I, T: From<String>>(&self, _: I) -> Result<T, std::fmt::Error> {
            Ok("f,off".to_owned().into())
        }
    }

    pub(super) mod types {
        pub(in super::super) trait ToSql {}

        impl ToSql for String {}

        pub(in super::super) struct Type;

        impl Type {
            pub(in super::super) const TEXT: Self = Self;
        }
    }
}

/// Stands for `deadpool_postgres`.
mod deadpool {
    pub(super) use super::postgres as tokio_postgres;

    #[derive(Clone)]
    pub(super) struct Pool;

    pub(super) struct State {
        pub(super) size: usize,
        pub(super) available: usize,
        pub(super) max_size: usize,
        pub(super) waiting: usize,
    }

    #[derive(Debug)]
    pub(super) enum PoolError {
        Timeout(()),
        Closed,
    }

    impl std::fmt::Display for PoolError {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("closed")
        }
    }

    impl std::error::Error for PoolError {}

    impl Pool {
        pub(super) fn status(&self) -> State {
            State { size: 1, available: 1, max_size: 1, waiting: 0 }
        }

        pub(super) async fn get(&self) -> Result<tokio_postgres::Client, PoolError> {
            match self.status().size {
                0 => Err(PoolError::Closed),
                1 => Ok(tokio_postgres::Client),
                _ => Err(PoolError::Timeout(())),
            }
        }
    }
}

/// Stands for `redis`.
mod redis {
    #[derive(Clone)]
    pub(super) struct Manager;

    #[allow(dead_code, reason = "this server answers no such value")]
    pub(super) enum Value {
        Nil,
        Okay,
        Int(i64),
        SimpleString(String),
        BulkString(Vec<u8>),
        Array(Vec<Self>),
        Set(Vec<Self>),
        Map(Vec<(Self, Self)>),
        Double(f64),
        Boolean(bool),
        Attribute { data: Box<Self> },
        VerbatimString { text: String },
    }

    pub(super) struct Cmd(Vec<String>);

    #[derive(Debug)]
    pub(super) struct RedisError;

    impl std::fmt::Display for RedisError {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("no permissions")
        }
    }

    impl std::error::Error for RedisError {}

    impl RedisError {
        pub(super) fn code(&self) -> Option<&str> {
            Some("NOPERM")
        }

        pub(super) fn is_connection_dropped(&self) -> bool {
            false
        }
    }

    pub(super) fn cmd(name: &str) -> Cmd {
        Cmd(vec![name.to_owned()])
    }

    impl Cmd {
        pub(super) fn arg(&mut self, word: &str) -> &mut Self {
            self.0.push(word.to_owned());
            self
        }

        pub(super) async fn query_async<T: From<Value>>(&self, _: &mut Manager) -> Result<T, RedisError> {
            let words: Vec<_> = self.0.iter().map(String::as_str).collect();
            let answer = match words[..] {
                ["PING"] => Value::SimpleString("PONG".to_owned()),
                ["ROLE"] => Value::Array(vec![
                    Value::BulkString(b"master".to_vec()),
                    Value::Int(42),
                    Value::Array(Vec::new()),
                    Value::VerbatimString { text: String::new() },
                ]),
                ["CLUSTER", "INFO"] => return Err(RedisError),
                [] => Value::Nil,
                _ => Value::Okay,
            };
            Ok(answer.into())
        }
    }
}

/// Stands for `sqlx`.
mod sqlx {
    use std::ops::{Deref, DerefMut};

    #[derive(Clone)]
    pub(super) struct Pool;

    pub(super) struct PoolOptions;

    pub(super) struct PoolConnection(RawConnection);

    /// Closed when it is dropped.
    pub(super) struct RawConnection(Vec<u8>);

    pub(super) struct Text;

    #[derive(Debug)]
    pub(super) enum Error {
        PoolTimedOut,
        Closed,
    }

    pub(super) trait Executor {
        fn fetch_one(self, statement: impl AsRef<str> + Send) -> impl Future<Output = Result<Text, Error>> + Send;
        fn fetch_all(self, statement: &'static str) -> impl Future<Output = Result<Vec<Text>, Error>> + Send;
    }

    pub(super) trait Connection {
        fn ping(&mut self) -> impl Future<Output = Result<(), Error>> + Send;
    }

    pub(super) trait Row {
        fn columns(&self) -> &[Name];
        fn try_get<T: From<String>, I>(&self, column: I) -> Result<T, Error>;
        fn try_get_unchecked<T: From<String>, I>(&self, column: I) -> Result<T, Error>;
    }

    pub(super) struct Name;

    pub(super) trait Column {
        fn name(&self) -> &'static str;
    }

    impl Column for Name {
        fn name(&self) -> &'static str {
            "Slave_IO_State"
        }
    }

    pub(super) fn raw_sql(statement: &'static str) -> &'static str {
        statement
    }

    pub(super) struct Query(String);

    pub(super) fn query(statement: &'static str) -> Query {
        Query(statement.to_owned())
    }

    impl Query {
        pub(super) fn persistent(self, _: bool) -> Self {
            self
        }

        pub(super) fn bind(mut self, value: String) -> Self {
            self.0.extend([value]);
            self
        }
    }

    impl AsRef<str> for Query {
        fn as_ref(&self) -> &str {
            &self.0
        }
    }

    impl Pool {
        pub(super) fn size(&self) -> u32 {
            1
        }

        pub(super) fn num_idle(&self) -> usize {
            0
        }

        pub(super) fn options(&self) -> PoolOptions {
            PoolOptions
        }

        pub(super) fn try_acquire(&self) -> Option<PoolConnection> {
            None
        }

        pub(super) async fn acquire(&self) -> Result<PoolConnection, Error> {
            match self.num_idle() {
                0 => Ok(PoolConnection(RawConnection(Vec::new()))),
                1 => Err(Error::PoolTimedOut),
                _ => Err(Error::Closed),
            }
        }
    }

    impl PoolOptions {
        pub(super) fn get_max_connections(&self) -> u32 {
            1
        }
    }

    impl PoolConnection {
        pub(super) fn detach(self) -> RawConnection {
            self.0
        }
    }

    impl Deref for PoolConnection {
        type Target = RawConnection;

        fn deref(&self) -> &RawConnection {
            &self.0
        }
    }

    impl DerefMut for PoolConnection {
        fn deref_mut(&mut self) -> &mut RawConnection {
            &mut self.0
        }
    }

    impl Executor for &mut RawConnection {
        async fn fetch_one(self, statement: impl AsRef<str> + Send) -> Result<Text, Error> {
            self.0.extend_from_slice(statement.as_ref().as_bytes());
            Ok(Text)
        }

        async fn fetch_all(self, statement: &'static str) -> Result<Vec<Text>, Error> {
            self.fetch_one(statement).await.map(|row| vec![row])
        }
    }

    impl Connection for RawConnection {
        async fn ping(&mut self) -> Result<(), Error> {
            self.0.push(0);
            Ok(())
        }
    }

    impl Row for Text {
        fn columns(&self) -> &[Name] {
            &[Name]
        }

        fn try_get<T: From<String>, I>(&self, _: I) -> Result<T, Error> {
            Ok("0,0".to_owned().into())
        }

        fn try_get_unchecked<T: From<String>, I>(&self, column: I) -> Result<T, Error> {
            self.try_get(column)
        }
    }

    impl std::fmt::Display for Error {
        fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
            f.write_str("closed")
        }
    }

    impl std::error::Error for Error {}
}

#[no_implicit_prelude]
mod without_prelude {
    use ::health_runtime::{
        ask,
        probes::{self, DatabaseProbe},
    };

    use super::{deadpool, postgres, redis, sqlx};

    pub(super) fn probes() -> [DatabaseProbe; 4] {
        let client = ::std::sync::Arc::new(postgres::Client);
        let by_reference = &sqlx::Pool;
        [
            probes::postgres(ask!(tokio_postgres as postgres: client)),
            probes::postgres(ask!(deadpool_postgres as deadpool: deadpool::Pool)),
            probes::redis(ask!(redis as redis: redis::Manager)),
            probes::mysql(ask!(sqlx as super::sqlx: by_reference)),
        ]
    }
}

#[tokio::test]
async fn drivers_are_asked_without_the_prelude() {
    for probe in without_prelude::probes() {
        let outcome = probe.observe().await;
        assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    }
}
