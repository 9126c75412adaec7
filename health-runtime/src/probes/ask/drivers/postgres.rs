/// Asks PostgreSQL through tokio-postgres, alone or in a pool.
#[doc(hidden)]
#[macro_export]
macro_rules! __ask_postgres {
    (@tokio_postgres [$($tokio_postgres:tt)+] $client:expr) => {{
        use ::core::clone::Clone as _;

        let client = ($client).clone();
        $crate::probes::Ask::new(move |statement: &'static str| {
            let client = client.clone();
            async move { $crate::__ask_postgres!(@first_column [$($tokio_postgres)+] client, statement) }
        })
    }};

    (@deadpool_postgres [$($deadpool_postgres:tt)+] $client:expr) => {
        $crate::__ask_pool!(
            deadpool [$($deadpool_postgres)+::PoolError]
            $client,
            |client, statement| $crate::__ask_postgres!(
                @first_column [$($deadpool_postgres)+::tokio_postgres] client, statement
            )
        )
    };

    (@bb8_postgres [$($bb8_postgres:tt)+] $client:expr) => {
        $crate::__ask_pool!(
            bb8 [$($bb8_postgres)+::bb8::RunError]
            $client,
            |client, statement| $crate::__ask_postgres!(
                @first_column [$($bb8_postgres)+::tokio_postgres] client, statement
            )
        )
    };

    (@first_column [$($tokio_postgres:tt)+] $client:ident, $statement:ident) => {{
        use ::core::{convert::From as _, iter::Iterator as _};

        $client
            .simple_query($statement)
            .await?
            .iter()
            .find_map(|message| match message {
                $($tokio_postgres)+::SimpleQueryMessage::Row(row) => row.get(0).map(::std::string::String::from),
                _ => ::core::option::Option::None,
            })
            .ok_or_else(|| $crate::probes::AskError::new("the answer has no row"))
    }};
}
