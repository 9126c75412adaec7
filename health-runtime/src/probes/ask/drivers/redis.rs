/// Asks Redis through the crate `redis`, alone or in a pool, or through fred.
#[doc(hidden)]
#[macro_export]
macro_rules! __ask_redis {
    (@redis [$($redis:tt)+] $client:expr) => {{
        use ::core::clone::Clone as _;

        let client = ($client).clone();
        let other = client.clone();
        $crate::probes::Ask::new(move |statement: &'static str| {
            let mut client = client.clone();
            async move { $crate::__ask_redis!(@query [$($redis)+] &mut client, statement) }
        })
        .with_values(move |statement: &'static str, values: ::std::vec::Vec<::std::string::String>| {
            let mut client = other.clone();
            async move { $crate::__ask_redis!(@query [$($redis)+] &mut client, statement, values) }
        })
    }};

    (@deadpool_redis [$($deadpool_redis:tt)+] $client:expr) => {
        $crate::__ask_pool!(
            deadpool [$($deadpool_redis)+::PoolError]
            $client,
            |client, statement, values| $crate::__ask_redis!(@query [$($deadpool_redis)+::redis] &mut client, statement, values)
        )
    };

    (@bb8_redis [$($bb8_redis:tt)+] $client:expr) => {
        $crate::__ask_pool!(
            bb8 [$($bb8_redis)+::bb8::RunError]
            $client,
            |client, statement, values| $crate::__ask_redis!(@query [$($bb8_redis)+::redis] &mut *client, statement, values)
        )
    };

    // Elements of an array or a set become lines, and keys and values of a map, as in the second version of the protocol.
    (@query [$($redis:tt)+] $client:expr, $statement:ident) => {
        $crate::__ask_redis!(@query [$($redis)+] $client, $statement, ::std::vec::Vec::<::std::string::String>::new())
    };
    (@query [$($redis:tt)+] $client:expr, $statement:ident, $values:expr) => {{
        use ::core::{
            convert::From as _,
            iter::{IntoIterator as _, Iterator as _},
        };

        fn text_of(value: $($redis)+::Value) -> ::std::string::String {
            match value {
                $($redis)+::Value::Okay => ::std::string::String::from("OK"),
                $($redis)+::Value::Int(number) => ::std::string::ToString::to_string(&number),
                $($redis)+::Value::SimpleString(text) => text,
                $($redis)+::Value::BulkString(bytes) => ::std::string::String::from_utf8_lossy(&bytes).into_owned(),
                $($redis)+::Value::Double(number) => ::std::string::ToString::to_string(&number),
                $($redis)+::Value::Boolean(is_true) => ::std::string::ToString::to_string(&::core::primitive::u8::from(is_true)),
                $($redis)+::Value::Array(values) | $($redis)+::Value::Set(values) => {
                    values.into_iter().map(text_of).collect::<::std::vec::Vec<_>>().join("\n")
                }
                $($redis)+::Value::Map(pairs) => {
                    let values = pairs.into_iter().flat_map(|(key, value)| [text_of(key), text_of(value)]);
                    values.collect::<::std::vec::Vec<_>>().join("\n")
                }
                $($redis)+::Value::Attribute { data, .. } => text_of(*data),
                $($redis)+::Value::VerbatimString { text, .. } => text,
                _ => ::std::string::String::new(),
            }
        }

        let mut words = $statement.split(' ');
        let mut command = $($redis)+::cmd(words.next().unwrap_or_default());
        for word in words {
            command.arg(word);
        }
        for value in $values {
            command.arg(value.as_str());
        }
        match command.query_async::<$($redis)+::Value>($client).await {
            ::core::result::Result::Ok(value) => ::core::result::Result::Ok(text_of(value)),
            ::core::result::Result::Err(error) => {
                let code = error.code().map(::std::string::String::from);
                let is_dropped = error.is_connection_dropped();
                let error = $crate::probes::AskError::from(error).with_code(code);
                ::core::result::Result::Err(if is_dropped { error.disconnected() } else { error })
            }
        }
    }};

    (@fred [$($fred:tt)+] $client:expr) => {{
        use ::core::{
            clone::Clone as _,
            convert::From as _,
            iter::{IntoIterator as _, Iterator as _},
        };

        let client = ($client).clone();
        let other = client.clone();
        $crate::probes::Ask::new(move |statement: &'static str| {
            let client = client.clone();
            async move { $crate::__ask_redis!(@fred_query [$($fred)+] client, statement, ::std::vec::Vec::new()) }
        })
        .with_values(move |statement: &'static str, values: ::std::vec::Vec<::std::string::String>| {
            let client = other.clone();
            async move { $crate::__ask_redis!(@fred_query [$($fred)+] client, statement, values) }
        })
    }};

    (@fred_query [$($fred:tt)+] $client:ident, $statement:ident, $values:expr) => {{
        fn text_of(value: $($fred)+::types::Value) -> ::std::string::String {
            match value {
                $($fred)+::types::Value::Array(values) => {
                    values.into_iter().map(text_of).collect::<::std::vec::Vec<_>>().join("\n")
                }
                $($fred)+::types::Value::Map(map) => {
                    let values = map.inner().into_iter().flat_map(|(key, value)| {
                        [key.into_string().unwrap_or_default(), text_of(value)]
                    });
                    values.collect::<::std::vec::Vec<_>>().join("\n")
                }
                value => value.into_string().unwrap_or_default(),
            }
        }

        // Else it would keep the command until it has a connection again.
        if !$($fred)+::interfaces::ClientLike::is_connected(&$client) {
            return ::core::result::Result::Err($crate::probes::AskError::new(
                "the client is not connected to the server, and waits until it tries again",
            ));
        }
        let mut words = $statement.split(' ').map(::std::string::String::from);
        // The key of a script stands behind the script and the number of keys.
        let hash = match $statement {
            "EVAL" => $($fred)+::types::ClusterHash::Offset(2),
            _ => $($fred)+::types::ClusterHash::FirstKey,
        };
        let command = $($fred)+::types::CustomCommand::new(words.next().unwrap_or_default(), hash, false);
        let words: ::std::vec::Vec<::std::string::String> = words.chain($values).collect();
        let answer = $($fred)+::interfaces::ClientLike::custom::<$($fred)+::types::Value, _>(
            &$client, command, words,
        );
        answer.await.map(text_of).map_err($crate::probes::AskError::from)
    }};
}
