//! Drivers that are unknown, missing, or not named.

use health_runtime::{Fleet, ask, probes};

fn main() {
    let pool = ();
    let _ = probes::postgres(ask!(diesel: pool));
    let _ = probes::postgres(ask!(bb8: pool));
    let _ = probes::postgres(ask!(deadpool as pools: pool));
    let _ = probes::postgres(ask!(pool));
    let _ = probes::postgres(ask!("postgres://localhost/orders"));
    let _ = probes::postgres(ask!());
    let _ = probes::kafka(ask!(rdkafka: pool));
    let _ = probes::kafka(ask!(rdkafka: pool, topics: "orders"));
    let _ = Fleet::nats("orders", ask!(async_nats_kv: pool));
    let _ = Fleet::nats("orders", ask!(async_nats_kv as database::nats: pool, buckets: "health"));
    let _ = probes::postgres(ask!(sqlx: pool, topic: "orders"));
    let _ = probes::postgres(ask!(tokio_postgres: pool));
    let _ = probes::postgres(ask!(sqlx as sqlx08: sqlx08::pool()));
}
