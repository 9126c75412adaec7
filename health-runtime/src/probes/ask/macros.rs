/// Returns an [`Ask`](crate::probes::Ask) over a client of yours, for the probes that ask one: `ask!(sqlx: pool)`.
///
/// The driver is a crate of your own, in your own version; health-runtime depends on none. If your program has it under another
/// name, write that: `ask!(sqlx as sqlx08: pool)`. The client is cloned.
///
/// | driver | versions | client |
/// |---|---|---|
/// | `sqlx` | 0.8, 0.9 | `Pool` of any database |
/// | `tokio_postgres` | 0.7 | `Arc<Client>` |
/// | `deadpool_postgres` | 0.14 | `Pool` |
/// | `redis` | 0.32, 1 | `ConnectionManager`, `MultiplexedConnection`, `ClusterConnection` |
/// | `async_nats` | 0.51 | `Client` |
/// | `lapin` | 4 | `Arc<Connection>` |
/// | `rdkafka` | 0.39 | `Arc` of a consumer or a producer, with a topic: `ask!(rdkafka: consumer, topic: "orders")` |
///
/// Versions are those that are tested. For another driver pass a closure, see [`Ask`](crate::probes::Ask).
///
/// Statements are sent as text, without preparing them, so poolers such as `PgBouncer` need no setting. A pool's idle connection
/// is asked as it is, because a test of it could not be told from a slow server; a broken one is replaced, and asked again.
///
/// ```ignore
/// let db = probes::postgres(health_runtime::ask!(sqlx: pool));
/// let cache = probes::redis(health_runtime::ask!(redis: manager)).name("cache");
/// ```
#[macro_export]
macro_rules! ask {
    ($driver:ident: $client:expr $(,)?) => {
        $crate::ask!(@$driver [$driver] $client)
    };
    ($driver:ident as $($name:ident)::+: $client:expr $(,)?) => {
        $crate::ask!(@$driver [$($name)::+] $client)
    };

    (rdkafka: $client:expr, topic: $topic:expr $(,)?) => {
        $crate::__ask_by_call!(@rdkafka [rdkafka] $client, $topic)
    };
    (rdkafka as $($name:ident)::+: $client:expr, topic: $topic:expr $(,)?) => {
        $crate::__ask_by_call!(@rdkafka [$($name)::+] $client, $topic)
    };

    (@sqlx [$($sqlx:ident)::+] $client:expr) => {{
        // A module without the prelude has none of its traits.
        use ::core::{clone::Clone as _, convert::From as _};

        let pool = ($client).clone();
        let state = pool.clone();
        $crate::probes::Ask::pooled(
            move || {
                $crate::probes::PoolState::new(state.size() as usize, state.num_idle())
                    .with_max(state.options().get_max_connections() as usize)
            },
            move |statement, wait| {
                let pool = pool.clone();
                async move {
                    let mut idle = pool.try_acquire();
                    loop {
                        let was_idle = idle.is_some();
                        let mut connection = match idle.take() {
                            ::core::option::Option::Some(connection) => connection,
                            ::core::option::Option::None => match wait.during(pool.acquire()).await {
                                ::core::result::Result::Ok(connection) => connection,
                                ::core::result::Result::Err($($sqlx)::+::Error::PoolTimedOut) => {
                                    return ::core::result::Result::Err(wait.timed_out());
                                }
                                ::core::result::Result::Err(error) => {
                                    return ::core::result::Result::Err($crate::probes::AskError::from(error));
                                }
                            },
                        };
                        let statement = $($sqlx)::+::raw_sql(statement);
                        // Not `statement.fetch_one`, whose future is not `Send` in 0.8.
                        let error = match $($sqlx)::+::Executor::fetch_one(&mut *connection, statement).await {
                            ::core::result::Result::Ok(row) => {
                                return $($sqlx)::+::Row::try_get::<::std::string::String, _>(&row, 0)
                                    .map_err($crate::probes::AskError::from);
                            }
                            ::core::result::Result::Err(error) => error,
                        };
                        // The server closed the connection while it was idle; SQLSTATE 57P01 is its farewell.
                        let is_refused = error
                            .as_database_error()
                            .is_some_and(|error| error.code().is_none_or(|code| !code.starts_with("57P")));
                        if !was_idle || is_refused {
                            return ::core::result::Result::Err($crate::probes::AskError::from(error));
                        }
                        // Closes it at once. The pool would count it until it has tested it.
                        ::core::mem::drop(connection.detach());
                    }
                }
            },
        )
    }};

    (@tokio_postgres [$($tokio_postgres:ident)::+] $client:expr) => {{
        use ::core::{clone::Clone as _, convert::From as _, iter::Iterator as _};

        let client = ($client).clone();
        $crate::probes::Ask::new(move |statement| {
            let client = client.clone();
            async move {
                let answer = client.simple_query(statement).await?;
                $crate::ask!(@first_column [$($tokio_postgres)::+] answer)
            }
        })
    }};

    (@deadpool_postgres [$($deadpool_postgres:ident)::+] $client:expr) => {{
        use ::core::{clone::Clone as _, convert::From as _, iter::Iterator as _};

        let pool = ($client).clone();
        let state = pool.clone();
        $crate::probes::Ask::pooled(
            move || {
                let state = state.status();
                $crate::probes::PoolState::new(state.size, state.available)
                    .with_max(state.max_size)
                    .with_waiting(state.waiting)
            },
            move |statement, wait| {
                let pool = pool.clone();
                async move {
                    let client = match wait.during(pool.get()).await {
                        ::core::result::Result::Ok(client) => client,
                        ::core::result::Result::Err($($deadpool_postgres)::+::PoolError::Timeout(_)) => {
                            return ::core::result::Result::Err(wait.timed_out());
                        }
                        ::core::result::Result::Err(error) => {
                            return ::core::result::Result::Err($crate::probes::AskError::from(error));
                        }
                    };
                    let answer = client.simple_query(statement).await?;
                    $crate::ask!(@first_column [$($deadpool_postgres)::+::tokio_postgres] answer)
                }
            },
        )
    }};

    (@first_column [$($tokio_postgres:ident)::+] $answer:expr) => {
        $answer
            .iter()
            .find_map(|message| match message {
                $($tokio_postgres)::+::SimpleQueryMessage::Row(row) => row.get(0).map(::std::string::String::from),
                _ => ::core::option::Option::None,
            })
            .ok_or_else(|| $crate::probes::AskError::new("the answer has no row"))
    };

    (@redis [$($redis:ident)::+] $client:expr) => {{
        use ::core::{
            clone::Clone as _,
            convert::From as _,
            iter::{IntoIterator as _, Iterator as _},
        };

        let client = ($client).clone();
        $crate::probes::Ask::new(move |statement| {
            // Elements of an array become lines.
            fn text_of(value: $($redis)::+::Value) -> ::std::string::String {
                match value {
                    $($redis)::+::Value::Okay => ::std::string::String::from("OK"),
                    $($redis)::+::Value::Int(number) => ::std::string::ToString::to_string(&number),
                    $($redis)::+::Value::SimpleString(text) => text,
                    $($redis)::+::Value::BulkString(bytes) => {
                        ::std::string::String::from_utf8_lossy(&bytes).into_owned()
                    }
                    $($redis)::+::Value::Array(values) => values
                        .into_iter()
                        .map(text_of)
                        .collect::<::std::vec::Vec<_>>()
                        .join("\n"),
                    $($redis)::+::Value::VerbatimString { text, .. } => text,
                    _ => ::std::string::String::new(),
                }
            }
            let mut client = client.clone();
            async move {
                let mut words = statement.split(' ');
                let mut command = $($redis)::+::cmd(words.next().unwrap_or_default());
                for word in words {
                    command.arg(word);
                }
                match command.query_async::<$($redis)::+::Value>(&mut client).await {
                    ::core::result::Result::Ok(value) => ::core::result::Result::Ok(text_of(value)),
                    ::core::result::Result::Err(error) => {
                        let code = error.code().map(::std::string::String::from);
                        ::core::result::Result::Err($crate::probes::AskError::from(error).with_code(code))
                    }
                }
            }
        })
    }};

    (@async_nats $($rest:tt)*) => {
        $crate::__ask_by_call!(@async_nats $($rest)*)
    };
    (@lapin $($rest:tt)*) => {
        $crate::__ask_by_call!(@lapin $($rest)*)
    };
    (@rdkafka $($rest:tt)*) => {
        $crate::__ask_by_call!(@rdkafka $($rest)*)
    };

    (@$driver:ident $($rest:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($driver), "` is not a driver that `ask!` knows; it knows `sqlx`, `tokio_postgres`, ",
            "`deadpool_postgres`, `redis`, `async_nats`, `lapin` and `rdkafka`; for another one pass a closure, as the documentation of ",
            "`health_runtime::probes::Ask` shows"
        ))
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "`ask!` takes the name of a driver and a client: `ask!(sqlx: pool)`, or `ask!(sqlx as sqlx08: pool)` for a \
             driver that has another name in this program"
        )
    };
}
