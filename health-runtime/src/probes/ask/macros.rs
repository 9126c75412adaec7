/// Returns an [`Ask`](crate::probes::Ask) over a client of yours, for the probes that ask one: `ask!(sqlx: pool)`.
///
/// The driver is a crate of your own, in your own version; health-runtime depends on none. `sqlx` is the crate of that name among your
/// dependencies (`::sqlx`), also where a module of yours has the same name. If your program has it under another name or through
/// another crate, write the path: `ask!(sqlx as sqlx08: pool)`, `ask!(sqlx as database::sqlx: pool)`. The client is cloned.
///
/// | driver | versions | client |
/// |---|---|---|
/// | `sqlx` | 0.8, 0.9 | `Pool` of any database |
/// | `sea_orm` | 2 | the pool of a `DatabaseConnection`: `ask!(sea_orm: db.get_postgres_connection_pool())` |
/// | `diesel_async` | 0.9 | `Pool` of `pooled_connection::deadpool` |
/// | `diesel_async_bb8` | 0.9 | `Pool` of `pooled_connection::bb8`; under another name: `diesel_async_bb8 as name` |
/// | `tokio_postgres` | 0.7 | `Arc<Client>` |
/// | `deadpool_postgres` | 0.14 | `Pool` |
/// | `bb8_postgres` | 0.9 | `Pool` |
/// | `mysql_async` | 0.37 | `Pool` |
/// | `redis` | 0.32, 1 | `ConnectionManager`, `MultiplexedConnection`, `ClusterConnection` |
/// | `deadpool_redis` | 0.23 | `Pool`, also those of `sentinel` and `cluster` |
/// | `bb8_redis` | 0.26 | `Pool` |
/// | `fred` | 10 | `Client`, `Pool` |
/// | `mongodb` | 3 | `Client` |
/// | `memcache` | 0.21 | `Client` |
/// | `async_nats` | 0.51 | `Client` |
/// | `async_nats_kv` | 0.51 | `Context` of `jetstream` with a bucket, for a [`Fleet`](crate::Fleet) alone: `ask!(async_nats_kv: context, bucket: "health")`; under another name: `async_nats_kv as name` |
/// | `lapin` | 4 | `Arc<Connection>` |
/// | `rdkafka` | 0.39 | `Arc` of a consumer or a producer, with a topic: `ask!(rdkafka: consumer, topic: "orders")` |
///
/// Versions are those that are tested. For another driver pass a closure, see [`Ask`](crate::probes::Ask). The crates of bb8 have
/// to be 0.9.1 or later, and diesel needs its own name, `diesel`.
///
/// - Statements are sent as text, without preparing them, so poolers such as `PgBouncer` need no setting. `diesel_async` prepares
///   all statements, those of your program as well.
/// - sqlx's idle connection is asked as it is, because a test of it could not be told from a slow server; a broken one is
///   replaced, and asked again. Other pools test a connection or not, by their own settings.
/// - redis is asked once more if its connection broke, because a `ConnectionManager` learns that from the first command.
/// - A connection of `diesel_async` that has not answered in time leaves its pool, because a late answer of MySQL would be
///   taken for that to the next statement. bb8 cannot give one away, so leave its `test_on_check_out` and diesel's
///   `RecyclingMethod` at their defaults.
/// - bb8 keeps the reason why no connection opens, such as a wrong password, to its `error_sink`.
/// - fred keeps commands until it is connected again. The run in which it loses its connection has no answer; later ones report
///   that it is not connected.
///
/// ```ignore
/// let db = probes::postgres(health_runtime::ask!(sqlx: pool));
/// let cache = probes::redis(health_runtime::ask!(redis: manager)).name("cache");
/// ```
#[macro_export]
macro_rules! ask {
    // The crate itself, whatever has its name in the caller's module.
    ($driver:ident: $client:expr $(,)?) => {
        $crate::ask!(@$driver [::$driver] $client)
    };
    ($driver:ident as ::$($name:ident)::+: $client:expr $(,)?) => {
        $crate::ask!(@$driver [::$($name)::+] $client)
    };
    ($driver:ident as $($name:ident)::+: $client:expr $(,)?) => {
        $crate::ask!(@$driver [$($name)::+] $client)
    };

    (async_nats_kv: $context:expr, bucket: $bucket:expr $(,)?) => {
        $crate::__ask_by_call!(@async_nats_kv [::async_nats] $context, bucket: $bucket)
    };
    (async_nats_kv as ::$($name:ident)::+: $context:expr, bucket: $bucket:expr $(,)?) => {
        $crate::__ask_by_call!(@async_nats_kv [::$($name)::+] $context, bucket: $bucket)
    };
    (async_nats_kv as $($name:ident)::+: $context:expr, bucket: $bucket:expr $(,)?) => {
        $crate::__ask_by_call!(@async_nats_kv [$($name)::+] $context, bucket: $bucket)
    };

    (rdkafka: $client:expr, topic: $topic:expr $(,)?) => {
        $crate::__ask_by_call!(@rdkafka [::rdkafka] $client, $topic)
    };
    (rdkafka as ::$($name:ident)::+: $client:expr, topic: $topic:expr $(,)?) => {
        $crate::__ask_by_call!(@rdkafka [::$($name)::+] $client, $topic)
    };
    (rdkafka as $($name:ident)::+: $client:expr, topic: $topic:expr $(,)?) => {
        $crate::__ask_by_call!(@rdkafka [$($name)::+] $client, $topic)
    };

    (async_nats_kv $(as $(::)? $($name:ident)::+)?: $context:expr, $key:ident: $value:expr $(,)?) => {
        ::core::compile_error!(::core::concat!(
            "`ask!(async_nats_kv: …)` takes `bucket` behind the context, not `", ::core::stringify!($key),
            "`: `ask!(async_nats_kv: context, bucket: \"health\")`"
        ))
    };
    (rdkafka $(as $(::)? $($name:ident)::+)?: $client:expr, $key:ident: $value:expr $(,)?) => {
        ::core::compile_error!(::core::concat!(
            "`ask!(rdkafka: …)` takes `topic` behind the client, not `", ::core::stringify!($key),
            "`: `ask!(rdkafka: consumer, topic: \"orders\")`"
        ))
    };
    ($driver:ident $(as $(::)? $($name:ident)::+)?: $client:expr, $key:ident: $value:expr $(,)?) => {
        ::core::compile_error!(::core::concat!(
            "`ask!(", ::core::stringify!($driver), ": …)` takes a client alone; remove `", ::core::stringify!($key), "`"
        ))
    };

    (@sqlx $($call:tt)*) => { $crate::__ask_sql!(@sqlx $($call)*) };
    (@sea_orm $($call:tt)*) => { $crate::__ask_sql!(@sea_orm $($call)*) };
    (@diesel_async $($call:tt)*) => { $crate::__ask_sql!(@diesel_async $($call)*) };
    (@diesel_async_bb8 [::diesel_async_bb8] $($call:tt)*) => { $crate::__ask_sql!(@diesel_async_bb8 [::diesel_async] $($call)*) };
    (@diesel_async_bb8 $($call:tt)*) => { $crate::__ask_sql!(@diesel_async_bb8 $($call)*) };
    (@mysql_async $($call:tt)*) => { $crate::__ask_sql!(@mysql_async $($call)*) };
    (@tokio_postgres $($call:tt)*) => { $crate::__ask_postgres!(@tokio_postgres $($call)*) };
    (@deadpool_postgres $($call:tt)*) => { $crate::__ask_postgres!(@deadpool_postgres $($call)*) };
    (@bb8_postgres $($call:tt)*) => { $crate::__ask_postgres!(@bb8_postgres $($call)*) };
    (@redis $($call:tt)*) => { $crate::__ask_redis!(@redis $($call)*) };
    (@deadpool_redis $($call:tt)*) => { $crate::__ask_redis!(@deadpool_redis $($call)*) };
    (@bb8_redis $($call:tt)*) => { $crate::__ask_redis!(@bb8_redis $($call)*) };
    (@fred $($call:tt)*) => { $crate::__ask_redis!(@fred $($call)*) };
    (@mongodb $($call:tt)*) => { $crate::__ask_by_call!(@mongodb $($call)*) };
    (@memcache $($call:tt)*) => { $crate::__ask_by_call!(@memcache $($call)*) };
    (@async_nats_kv $($call:tt)*) => { $crate::__ask_by_call!(@async_nats_kv $($call)*) };
    (@async_nats $($call:tt)*) => { $crate::__ask_by_call!(@async_nats $($call)*) };
    (@lapin $($call:tt)*) => { $crate::__ask_by_call!(@lapin $($call)*) };
    (@rdkafka $($call:tt)*) => { $crate::__ask_by_call!(@rdkafka $($call)*) };

    (@bb8 $($call:tt)*) => {
        ::core::compile_error!(
            "a pool of `bb8` holds connections of another driver; name it as well: `ask!(bb8_postgres: pool)`, `bb8_redis` or \
             `diesel_async_bb8`"
        )
    };
    (@deadpool $($call:tt)*) => {
        ::core::compile_error!(
            "a pool of `deadpool` holds connections of another driver; name it as well: `ask!(deadpool_postgres: pool)`, \
             `deadpool_redis` or `diesel_async`"
        )
    };
    (@$driver:ident $($call:tt)*) => {
        ::core::compile_error!(::core::concat!(
            "`", ::core::stringify!($driver), "` is not a driver that `ask!` knows; it knows `sqlx`, `sea_orm`, ",
            "`diesel_async`, `diesel_async_bb8`, `tokio_postgres`, `deadpool_postgres`, `bb8_postgres`, `mysql_async`, `redis`, ",
            "`deadpool_redis`, `bb8_redis`, `fred`, `mongodb`, `memcache`, `async_nats`, `async_nats_kv`, `lapin` and `rdkafka`; for another one pass ",
            "a closure, as the documentation of `health_runtime::probes::Ask` shows"
        ))
    };
    ($($other:tt)*) => {
        ::core::compile_error!(
            "`ask!` takes the name of a driver and a client: `ask!(sqlx: pool)`, or `ask!(sqlx as sqlx08: pool)` for a \
             driver that has another name in this program"
        )
    };
}
