/// The arms of `ask!` for clients whose statements are calls of their API, and not text for the server.
#[doc(hidden)]
#[macro_export]
macro_rules! __ask_by_call {
    (@async_nats [$($async_nats:tt)+] $client:expr) => {{
        use ::core::{clone::Clone as _, convert::From as _};

        let client: $($async_nats)+::Client = ($client).clone();
        $crate::probes::Ask::new(move |statement| {
            let client = client.clone();
            async move {
                if statement == "STATE" {
                    return ::core::result::Result::Ok(::std::string::String::from(
                        match client.connection_state() {
                            $($async_nats)+::connection::State::Connected => "connected",
                            $($async_nats)+::connection::State::Pending => "not connected yet",
                            $($async_nats)+::connection::State::Disconnected => {
                                "disconnected, and reconnects up to its `max_reconnects`"
                            }
                        },
                    ));
                }
                // A request to the inbox that waits for its answer answers itself.
                let inbox = client.new_inbox();
                let request = $($async_nats)+::Request::new()
                    .inbox(inbox.clone())
                    .timeout(::core::option::Option::None);
                match client.send_request(inbox, request).await {
                    ::core::result::Result::Ok(_) => ::core::result::Result::Ok(::std::string::String::new()),
                    ::core::result::Result::Err(error) => {
                        ::core::result::Result::Err($crate::probes::AskError::from(error))
                    }
                }
            }
        })
    }};

    (@async_nats_kv [$($async_nats:tt)+] $context:expr, bucket: $bucket:expr) => {{
        use ::core::{
            clone::Clone as _,
            convert::{From as _, Into as _},
            default::Default as _,
            iter::{IntoIterator as _, Iterator as _},
        };

        let context: $($async_nats)+::jetstream::Context = ($context).clone();
        let bucket = ::std::string::String::from($bucket);
        // Its names are not those of the expressions above.
        {
            use $($async_nats)+::jetstream::{context, kv, stream, Context};

            /// `create_key_value` reads the account, which that of a server before 2.10 is not.
            async fn open(context: &Context, bucket: &str) -> ::core::result::Result<kv::Store, $crate::probes::AskError> {
                match context.get_key_value(bucket).await {
                    ::core::result::Result::Err(error) if error.kind() == context::KeyValueErrorKind::GetBucket => {
                        let config = stream::Config {
                            name: ::std::format!("KV_{bucket}"),
                            subjects: ::std::vec![::std::format!("$KV.{bucket}.>")],
                            max_messages_per_subject: 1,
                            max_message_size: 128 * 1024,
                            discard: stream::DiscardPolicy::New,
                            allow_rollup: true,
                            deny_delete: true,
                            allow_direct: true,
                            num_replicas: 1,
                            ..stream::Config::default()
                        };
                        context.get_or_create_stream(config).await?;
                        ::core::result::Result::Ok(context.get_key_value(bucket).await?)
                    }
                    opened => ::core::result::Result::Ok(opened?),
                }
            }

            async fn ask(
                store: &kv::Store,
                statement: &str,
                values: ::std::vec::Vec<::std::string::String>,
            ) -> ::core::result::Result<::std::string::String, $crate::probes::AskError> {
                let mut values = values.into_iter();
                let key = values.next().unwrap_or_default();
                let entry = store.entry(key.clone()).await?.filter(|entry| {
                    ::core::matches!(entry.operation, kv::Operation::Put)
                });
                let written = match (statement, entry) {
                    ("READ", entry) => {
                        return ::core::result::Result::Ok(entry.map_or_else(::std::string::String::new, |entry| {
                            ::std::format!("={}", ::std::string::String::from_utf8_lossy(&entry.value))
                        }));
                    }
                    ("CREATE", ::core::option::Option::None) => {
                        let value = values.next().unwrap_or_default();
                        match store.create(key, value.into()).await {
                            ::core::result::Result::Err(error) if error.kind() != kv::CreateErrorKind::AlreadyExists => {
                                return ::core::result::Result::Err($crate::probes::AskError::from(error));
                            }
                            created => created.is_ok(),
                        }
                    }
                    // Revisions begin anew in a bucket that is made again, so the text is compared as well, as it was read.
                    ("REPLACE", ::core::option::Option::Some(entry))
                        if values.next().is_some_and(|expected| {
                            ::std::string::String::from_utf8_lossy(&entry.value) == expected.as_str()
                        }) =>
                    {
                        let value = values.next().unwrap_or_default();
                        match store.update(key, value.into(), entry.revision).await {
                            ::core::result::Result::Err(error) if error.kind() != kv::UpdateErrorKind::WrongLastRevision => {
                                return ::core::result::Result::Err($crate::probes::AskError::from(error));
                            }
                            updated => updated.is_ok(),
                        }
                    }
                    _ => false,
                };
                ::core::result::Result::Ok(::std::string::String::from(if written { "yes" } else { "no" }))
            }

            let opened = <$crate::probes::Kept<kv::Store> as ::core::default::Default>::default();
            $crate::probes::Ask::new(|_| async {
                ::core::result::Result::<::std::string::String, _>::Err($crate::probes::AskError::new(
                    "a key-value bucket answers a `Fleet` alone; for the probe write `ask!(async_nats: client)`",
                ))
            })
            .with_values(move |statement: &'static str, values: ::std::vec::Vec<::std::string::String>| {
                let (context, bucket, opened) = (context.clone(), bucket.clone(), opened.clone());
                async move {
                    // Without a connection the client keeps every request, and sends all of them when it has one.
                    if context.client().connection_state() != $($async_nats)+::connection::State::Connected {
                        return ::core::result::Result::Err($crate::probes::AskError::new("the client is not connected"));
                    }
                    // Opened anew after an error or a timeout: a server without its memory has lost the bucket.
                    let store = match opened.take() {
                        ::core::option::Option::Some(store) => store,
                        ::core::option::Option::None => open(&context, &bucket).await?,
                    };
                    let answer = ask(&store, statement, values).await?;
                    opened.set(store);
                    ::core::result::Result::<_, $crate::probes::AskError>::Ok(answer)
                }
            })
        }
    }};
    (@async_nats_kv $($call:tt)*) => {
        ::core::compile_error!(
            "`ask!(async_nats_kv: …)` lacks the bucket that the fleet shares: `ask!(async_nats_kv: context, bucket: \"health\")`"
        )
    };

    (@lapin [$($lapin:tt)+] $client:expr) => {{
        use ::core::{
            clone::Clone as _,
            convert::{From as _, Into as _},
        };

        let connection = ($client).clone();
        // One channel for all runs: a channel that is being opened or closed while the connection breaks keeps lapin 4.12 from
        // ever restoring those of the program.
        let kept = <$crate::probes::Kept<$($lapin)+::Channel> as ::core::default::Default>::default();
        $crate::probes::Ask::new(move |statement| {
            let (connection, kept) = (connection.clone(), kept.clone());
            async move {
                let connection: &$($lapin)+::Connection = &connection;
                let channel = kept.get();
                if statement == "STATE" {
                    let status = connection.status();
                    let is_restoring = channel.is_some_and(|channel| channel.status().reconnecting());
                    return ::core::result::Result::<_, $crate::probes::AskError>::Ok(::std::string::String::from(
                        match status.connected() {
                            true if status.blocked() => "blocked",
                            true if is_restoring => "restoring its channels",
                            true => "connected",
                            false if status.reconnecting() => "reconnecting",
                            false if status.connecting() => "connecting",
                            false if status.errored() => "disconnected by an error",
                            false => "closed",
                        },
                    ));
                }
                let channel = match channel {
                    // While lapin restores a channel, it answers with an error.
                    ::core::option::Option::Some(channel)
                        if channel.status().connected() || channel.status().reconnecting() =>
                    {
                        channel
                    }
                    _ => {
                        let channel = connection.create_channel().await?;
                        kept.set(channel.clone());
                        channel
                    }
                };
                // The setting that a channel has from the start: nothing changes, and the broker answers.
                channel.basic_qos(0, $($lapin)+::options::BasicQosOptions { global: false }).await?;
                ::core::result::Result::Ok(::std::string::String::new())
            }
        })
    }};

    (@mongodb [$($mongodb:tt)+] $client:expr) => {{
        use ::core::{clone::Clone as _, convert::From as _};

        let client: $($mongodb)+::Client = ($client).clone();
        $crate::probes::Ask::new(move |statement| {
            let client = client.clone();
            async move {
                let mut command = $($mongodb)+::bson::Document::new();
                command.insert(statement, 1);
                let preference = $($mongodb)+::options::ReadPreference::PrimaryPreferred {
                    options: ::core::option::Option::None,
                };
                let answer = client
                    .database("admin")
                    .run_command(command)
                    .selection_criteria($($mongodb)+::options::SelectionCriteria::ReadPreference(preference))
                    .await;
                match answer {
                    ::core::result::Result::Ok(answer) => {
                        ::core::result::Result::Ok(::std::string::ToString::to_string(&answer))
                    }
                    ::core::result::Result::Err(error) => {
                        // The driver repeats no command of this kind, and has closed the connection.
                        let is_dropped = ::core::matches!(
                            &*error.kind,
                            $($mongodb)+::error::ErrorKind::Io(_)
                                | $($mongodb)+::error::ErrorKind::ConnectionPoolCleared { .. }
                        );
                        let error = $crate::probes::AskError::from(error);
                        ::core::result::Result::Err(if is_dropped { error.disconnected() } else { error })
                    }
                }
            }
        })
    }};

    (@memcache [$($memcache:tt)+] $client:expr) => {{
        use ::core::{clone::Clone as _, convert::From as _, iter::IntoIterator as _};

        let client: $($memcache)+::Client = ($client).clone();
        $crate::probes::Ask::blocking(move |statement, _| {
            if let ::core::option::Option::Some(key) = statement.strip_prefix("set ") {
                return match client.set(key, "health_runtime", 10) {
                    ::core::result::Result::Ok(()) => ::core::result::Result::Ok(::std::string::String::new()),
                    // The binary protocol has a number for it.
                    ::core::result::Result::Err($($memcache)+::MemcacheError::CommandError(
                        $($memcache)+::CommandError::Unknown(0x82),
                    )) => ::core::result::Result::Err($crate::probes::AskError::new(
                        "SERVER_ERROR out of memory storing object",
                    )),
                    ::core::result::Result::Err(error) => {
                        ::core::result::Result::Err($crate::probes::AskError::from(error))
                    }
                };
            }
            // Without the servers' URLs, which may contain a password.
            let mut versions = ::std::string::String::new();
            for (_, version) in client.version()? {
                versions += &version;
                versions += "\n";
            }
            ::core::result::Result::<_, $crate::probes::AskError>::Ok(versions)
        })
    }};

    (@rdkafka [$($rdkafka:tt)+] $client:expr, $topic:expr) => {{
        use ::core::{
            clone::Clone as _,
            convert::From as _,
            iter::{IntoIterator as _, Iterator as _},
        };
        #[allow(unused_imports, reason = "the client is one of them")]
        use $($rdkafka)+::{consumer::Consumer as _, producer::Producer as _};

        let client = ($client).clone();
        let topic = ::std::string::String::from($topic);
        $crate::probes::Ask::blocking(move |_, limit| {
            let metadata = client.client().fetch_metadata(::core::option::Option::Some(&topic), limit)?;
            let mut answer = topic.clone();
            for found in metadata.topics().iter().filter(|found| found.name() == topic) {
                if let ::core::option::Option::Some(error) = found.error() {
                    let error = $($rdkafka)+::types::RDKafkaErrorCode::from(error);
                    return ::core::result::Result::Err($crate::probes::AskError::new(::std::format!(
                        "topic `{topic}`: {error}"
                    )));
                }
                for partition in found.partitions() {
                    answer += &::std::format!("\n{} {}", partition.id(), partition.leader());
                }
            }
            ::core::result::Result::Ok(answer)
        })
    }};
    (@rdkafka [$($rdkafka:tt)+] $client:expr) => {
        ::core::compile_error!(
            "`ask!(rdkafka: …)` lacks the topic that the program uses: `ask!(rdkafka: consumer, topic: \"orders\")`"
        )
    };
}
