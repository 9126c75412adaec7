/// Asks over a pool of deadpool or bb8. The path leads to the type of the pool's errors; the last argument is an expression of a
/// connection and a statement.
#[doc(hidden)]
#[macro_export]
macro_rules! __ask_pool {
    ($pool:ident [$($error:tt)+] $client:expr, |$connection:ident, $statement:ident, $values:ident| $answer:expr) => {{
        use ::core::{clone::Clone as _, convert::From as _};

        let pool = ($client).clone();
        let other = pool.clone();
        $crate::__ask_pool!($pool [$($error)+] pool, |$connection, $statement| {
            let $values = ::std::vec::Vec::<::std::string::String>::new();
            $answer
        })
        .with_values(move |$statement: &'static str, $values: ::std::vec::Vec<::std::string::String>| {
            let pool = other.clone();
            async move {
                let mut $connection = pool.get().await.map_err($crate::probes::AskError::from)?;
                $answer
            }
        })
    }};
    (deadpool [$($error:tt)+] $client:expr, |$connection:ident, $statement:ident| $answer:expr) => {{
        use ::core::{clone::Clone as _, convert::From as _};

        let pool = ($client).clone();
        let state = pool.clone();
        $crate::probes::Ask::pooled(
            move || {
                let state = state.status();
                $crate::probes::PoolState::new(state.size, state.available)
                    .with_max(state.max_size)
                    .with_waiting(state.waiting)
            },
            move |$statement: &'static str, wait| {
                let pool = pool.clone();
                async move {
                    let mut $connection = match wait.during(pool.get()).await {
                        ::core::result::Result::Ok(connection) => connection,
                        ::core::result::Result::Err($($error)+::Timeout(_)) => {
                            return ::core::result::Result::Err(wait.timed_out());
                        }
                        ::core::result::Result::Err(error) => {
                            return ::core::result::Result::Err($crate::probes::AskError::from(error));
                        }
                    };
                    $answer
                }
            },
        )
    }};
    (bb8 [$($error:tt)+] $client:expr, |$connection:ident, $statement:ident| $answer:expr) => {{
        use ::core::{clone::Clone as _, convert::From as _};

        let pool = ($client).clone();
        let state = pool.clone();
        $crate::probes::Ask::pooled(
            move || {
                let max = state.config().max_size as usize;
                let state = state.state();
                $crate::probes::PoolState::new(state.connections as usize, state.idle_connections as usize).with_max(max)
            },
            move |$statement: &'static str, wait| {
                let pool = pool.clone();
                async move {
                    let mut $connection = match wait.during(pool.get()).await {
                        ::core::result::Result::Ok(connection) => connection,
                        ::core::result::Result::Err($($error)+::TimedOut) => {
                            return ::core::result::Result::Err(wait.timed_out());
                        }
                        ::core::result::Result::Err(error) => {
                            return ::core::result::Result::Err($crate::probes::AskError::from(error));
                        }
                    };
                    $answer
                }
            },
        )
    }};
}
