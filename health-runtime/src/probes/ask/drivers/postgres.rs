/// Asks PostgreSQL through tokio-postgres, alone or in a pool.
#[doc(hidden)]
#[macro_export]
macro_rules! __ask_postgres {
    (@tokio_postgres [$($tokio_postgres:tt)+] $client:expr) => {{
        use ::core::clone::Clone as _;

        let client = ($client).clone();
        let other = client.clone();
        $crate::probes::Ask::new(move |statement: &'static str| {
            let client = client.clone();
            async move { $crate::__ask_postgres!(@first_column [$($tokio_postgres)+] client, statement) }
        })
        .with_values(move |statement: &'static str, values: ::std::vec::Vec<::std::string::String>| {
            let client = other.clone();
            async move { $crate::__ask_postgres!(@bind [$($tokio_postgres)+] client, statement, values) }
        })
    }};

    (@deadpool_postgres [$($deadpool_postgres:tt)+] $client:expr) => {
        $crate::__ask_pool!(
            deadpool [$($deadpool_postgres)+::PoolError]
            $client,
            |client, statement, values| $crate::__ask_postgres!(
                @ask [$($deadpool_postgres)+::tokio_postgres] client, statement, values
            )
        )
    };

    (@bb8_postgres [$($bb8_postgres:tt)+] $client:expr) => {
        $crate::__ask_pool!(
            bb8 [$($bb8_postgres)+::bb8::RunError]
            $client,
            |client, statement, values| $crate::__ask_postgres!(
                @ask [$($bb8_postgres)+::tokio_postgres] client, statement, values
            )
        )
    };

    (@ask [$($tokio_postgres:tt)+] $client:ident, $statement:ident, $values:ident) => {
        if $values.is_empty() {
            $crate::__ask_postgres!(@first_column [$($tokio_postgres)+] $client, $statement)
        } else {
            $crate::__ask_postgres!(@bind [$($tokio_postgres)+] $client, $statement, $values)
        }
    };

    // Without a prepared statement, which a pooler of transactions would not know.
    (@bind [$($tokio_postgres:tt)+] $client:ident, $statement:ident, $values:ident) => {{
        use ::core::{convert::From as _, iter::Iterator as _};

        let parameters: ::std::vec::Vec<_> = $values
            .iter()
            .map(|value| {
                let value: &(dyn $($tokio_postgres)+::types::ToSql + ::core::marker::Sync) = value;
                (value, $($tokio_postgres)+::types::Type::TEXT)
            })
            .collect();
        match $client.query_typed($statement, &parameters).await?.first() {
            ::core::option::Option::Some(row) => {
                row.try_get::<_, ::std::string::String>(0).map_err($crate::probes::AskError::from)
            }
            ::core::option::Option::None => {
                ::core::result::Result::Err($crate::probes::AskError::new("the answer has no row"))
            }
        }
    }};

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
