/// Asks a database through a client for several of them, or through that of MySQL.
#[doc(hidden)]
#[macro_export]
macro_rules! __ask_sql {
    (@sqlx [$($sqlx:tt)+] $client:expr) => {{
        // A module without the prelude has none of its traits.
        use ::core::{
            clone::Clone as _,
            convert::From as _,
            iter::{IntoIterator as _, Iterator as _},
        };

        let pool = ($client).clone();
        let (state, other) = (pool.clone(), pool.clone());
        $crate::probes::Ask::pooled(
            move || {
                $crate::probes::PoolState::new(state.size() as usize, state.num_idle())
                    .with_max(state.options().get_max_connections() as usize)
            },
            move |statement: &'static str, wait| {
                let pool = pool.clone();
                async move {
                    loop {
                        let idle = pool.try_acquire();
                        let was_idle = idle.is_some();
                        let mut connection = match idle {
                            ::core::option::Option::Some(connection) => connection,
                            ::core::option::Option::None => match wait.during(pool.acquire()).await {
                                ::core::result::Result::Ok(connection) => connection,
                                ::core::result::Result::Err($($sqlx)+::Error::PoolTimedOut) => {
                                    return ::core::result::Result::Err(wait.timed_out());
                                }
                                ::core::result::Result::Err(error) => {
                                    return ::core::result::Result::Err($crate::probes::AskError::from(error));
                                }
                            },
                        };
                        let query = $($sqlx)+::raw_sql(statement);
                        let is_show = statement.starts_with("SHOW ");
                        // Not the methods of `query`, whose futures are not `Send` in 0.8.
                        let rows = if is_show {
                            $($sqlx)+::Executor::fetch_all(&mut *connection, query).await
                        } else {
                            let row = $($sqlx)+::Executor::fetch_one(&mut *connection, query).await;
                            row.map(|row| ::std::vec::Vec::from([row]))
                        };
                        let error = match rows {
                            ::core::result::Result::Ok(rows) if is_show => {
                                let rows = rows.iter().map(|row| {
                                    let columns = $($sqlx)+::Row::columns(row).iter().enumerate();
                                    let lines = columns.map(|(index, column)| {
                                        // All values are text in MySQL's protocol for statements that are not prepared.
                                        let value = $($sqlx)+::Row::try_get_unchecked::<
                                            ::core::option::Option<::std::string::String>,
                                            _,
                                        >(row, index);
                                        ::std::format!(
                                            "{}: {}",
                                            $($sqlx)+::Column::name(column),
                                            value.ok().flatten().unwrap_or_default(),
                                        )
                                    });
                                    lines.collect::<::std::vec::Vec<_>>().join("\n")
                                });
                                return ::core::result::Result::Ok(rows.collect::<::std::vec::Vec<_>>().join("\n\n"));
                            }
                            ::core::result::Result::Ok(rows) => {
                                return $($sqlx)+::Row::try_get::<::std::string::String, _>(&rows[0], 0)
                                    .map_err($crate::probes::AskError::from);
                            }
                            ::core::result::Result::Err(error) => error,
                        };
                        // The server may have closed the connection while it was idle. Only a test tells that from an error of
                        // the statement: farewells of servers are errors of the database as well.
                        if !was_idle || $($sqlx)+::Connection::ping(&mut *connection).await.is_ok() {
                            return ::core::result::Result::Err($crate::probes::AskError::from(error));
                        }
                        // Closes it at once. The pool would count it until it has tested it.
                        ::core::mem::drop(connection.detach());
                    }
                }
            },
        )
        .with_values(move |statement: &'static str, values: ::std::vec::Vec<::std::string::String>| {
            let pool = other.clone();
            async move {
                let mut connection = pool.acquire().await?;
                // Without a prepared statement, which a pooler of transactions would not know.
                let query = values
                    .into_iter()
                    .fold($($sqlx)+::query(statement).persistent(false), |query, value| query.bind(value));
                let row = $($sqlx)+::Executor::fetch_one(&mut *connection, query).await?;
                $($sqlx)+::Row::try_get::<::std::string::String, _>(&row, 0).map_err($crate::probes::AskError::from)
            }
        })
    }};

    (@sea_orm [$($sea_orm:tt)+] $client:expr) => {{
        let pool: &$($sea_orm)+::sqlx::Pool<_> = $client;
        $crate::__ask_sql!(@sqlx [$($sea_orm)+::sqlx] pool)
    }};

    (@diesel_async [$($diesel_async:tt)+] $client:expr) => {
        $crate::__ask_pool!(
            deadpool [$($diesel_async)+::pooled_connection::deadpool::PoolError]
            $client,
            |connection, statement| {
                // MySQL's client leaves the rest of an answer in the connection, and diesel's pool may not test it.
                let mut connection = $crate::probes::CloseUnanswered::new(connection, |connection| {
                    ::core::mem::drop($($diesel_async)+::pooled_connection::deadpool::Object::take(connection));
                });
                let answer = $crate::__ask_sql!(@diesel [$($diesel_async)+] **connection, statement);
                connection.release();
                answer
            }
        )
    };

    (@diesel_async_bb8 [$($diesel_async:tt)+] $client:expr) => {
        $crate::__ask_pool!(
            bb8 [$($diesel_async)+::pooled_connection::bb8::RunError]
            $client,
            |connection, statement| $crate::__ask_sql!(@diesel [$($diesel_async)+] *connection, statement)
        )
    };

    (@diesel [$($diesel_async:tt)+] $connection:expr, $statement:ident) => {{
        let statement = ::diesel::dsl::sql::<::diesel::sql_types::Text>($statement);
        let answer = $($diesel_async)+::RunQueryDsl::get_result::<::std::string::String>(statement, &mut $connection);
        answer.await.map_err($crate::probes::AskError::from)
    }};

    (@mysql_async [$($mysql_async:tt)+] $client:expr) => {{
        use ::core::{clone::Clone as _, convert::From as _, iter::Iterator as _};

        let pool = ($client).clone();
        let metrics = pool.metrics();
        $crate::probes::Ask::pooled(
            move || {
                let count = |gauge: &::core::sync::atomic::AtomicUsize| {
                    gauge.load(::core::sync::atomic::Ordering::Relaxed)
                };
                $crate::probes::PoolState::new(count(&metrics.connection_count), count(&metrics.connections_in_pool))
                    .with_waiting(count(&metrics.active_wait_requests))
                    .with_in_use(count(&metrics.connections_in_use))
            },
            move |statement: &'static str, wait| {
                // All values are text in the protocol for statements that are not prepared.
                fn text_of(value: ::core::option::Option<&$($mysql_async)+::Value>) -> ::std::string::String {
                    match value {
                        ::core::option::Option::Some($($mysql_async)+::Value::Bytes(bytes)) => {
                            ::std::string::String::from_utf8_lossy(bytes).into_owned()
                        }
                        _ => ::std::string::String::new(),
                    }
                }

                let pool = pool.clone();
                async move {
                    let mut connection = wait.during(pool.get_conn()).await?;
                    if statement.starts_with("SHOW ") {
                        let rows = $($mysql_async)+::prelude::Queryable::query::<$($mysql_async)+::Row, _>(
                            &mut connection, statement,
                        );
                        let rows = rows.await?;
                        let rows = rows.iter().map(|row| {
                            let columns = row.columns_ref().iter().enumerate();
                            let lines = columns.map(|(index, column)| {
                                ::std::format!("{}: {}", column.name_str(), text_of(row.as_ref(index)))
                            });
                            lines.collect::<::std::vec::Vec<_>>().join("\n")
                        });
                        return ::core::result::Result::Ok(rows.collect::<::std::vec::Vec<_>>().join("\n\n"));
                    }
                    let row = $($mysql_async)+::prelude::Queryable::query_first::<$($mysql_async)+::Row, _>(
                        &mut connection, statement,
                    );
                    match row.await? {
                        ::core::option::Option::Some(row) => ::core::result::Result::Ok(text_of(row.as_ref(0))),
                        ::core::option::Option::None => {
                            ::core::result::Result::Err($crate::probes::AskError::new("the answer has no row"))
                        }
                    }
                }
            },
        )
    }};
}
