use std::path::Path;

use health_runtime::{
    Status::{Fail, Pass, Warn},
    probes::{self, HttpProbe},
};

/// Yellow lacks replicas. A cluster of one node is always yellow: write `("yellow", Pass)` for it.
pub fn elasticsearch_or_opensearch(url: &str) -> HttpProbe {
    probes::http(format!("{url}/_cluster/health")).json("/status", [("green", Pass), ("yellow", Warn), ("red", Fail)])
}

/// The address of the leader, which is an empty text without one.
pub fn consul(url: &str) -> HttpProbe {
    probes::http(format!("{url}/v1/status/leader")).expected_text(":")
}

/// Active or a standby that reaches the active node. Without the standbys, leave `accepted_codes` out.
pub fn vault(url: &str) -> HttpProbe {
    probes::http(format!("{url}/v1/sys/health")).accepted_codes([200, 429, 472, 473]).json("/sealed", [(false, Pass)])
}

/// At the management port, 9000.
pub fn keycloak(url: &str) -> HttpProbe {
    probes::http(format!("{url}/health/ready")).json("/status", [("UP", Pass), ("DOWN", Fail)])
}

pub fn etcd(url: &str) -> HttpProbe {
    probes::http(format!("{url}/health")).json("/health", [("true", Pass), ("false", Fail)])
}

/// For replicated tables ask `/replicas_status`, which answers 503 when one lags behind.
pub fn clickhouse(url: &str) -> HttpProbe {
    probes::http(format!("{url}/ping")).expected_text("Ok.")
}

/// The quorum for writes; `/minio/health/live` is the node alone.
pub fn minio(url: &str) -> HttpProbe {
    probes::http(format!("{url}/minio/health/cluster"))
}

/// With the plugin for management, and a user with the tag `monitoring`. An alarm blocks publishers.
pub fn rabbitmq(url: &str, user: &str, password: &str) -> HttpProbe {
    probes::http(format!("{url}/api/health/checks/alarms"))
        .basic_auth(user, password)
        .warning_codes([503])
        .json("/status", [("ok", Pass), ("failed", Warn)])
}

/// At the monitoring port (`-m 8222`).
pub fn nats(url: &str) -> HttpProbe {
    probes::http(format!("{url}/healthz")).json("/status", [("ok", Pass)])
}

/// From a pod: `https://kubernetes.default.svc`, and `/var/run/secrets/kubernetes.io/serviceaccount`.
pub fn kubernetes(url: &str, service_account: &Path) -> HttpProbe {
    probes::http(format!("{url}/readyz"))
        .bearer_file(service_account.join("token"))
        .root_certificates_file(service_account.join("ca.crt"))
        .expected_text("ok")
}

pub fn nomad_server(url: &str) -> HttpProbe {
    probes::http(format!("{url}/v1/agent/health?type=server")).json("/server/ok", [(true, Pass)])
}

pub fn influxdb(url: &str) -> HttpProbe {
    probes::http(format!("{url}/health")).json("/status", [("pass", Pass), ("fail", Fail)])
}

/// Maintenance takes a node out of its load balancer, with 404.
pub fn couchdb(url: &str) -> HttpProbe {
    probes::http(format!("{url}/_up"))
        .warning_codes([404])
        .json("/status", [("ok", Pass), ("maintenance_mode", Warn), ("nolb", Warn)])
}

pub fn qdrant(url: &str) -> HttpProbe {
    probes::http(format!("{url}/readyz")).expected_text("all shards are ready")
}

pub fn meilisearch(url: &str) -> HttpProbe {
    probes::http(format!("{url}/health")).json("/status", [("available", Pass)])
}

/// A node without memory or disk refuses writes; it says so as `resource_error`, and may still be `ok`.
pub fn typesense(url: &str) -> HttpProbe {
    probes::http(format!("{url}/health")).json("/ok", [(true, Pass), (false, Fail)])
}

pub fn grafana(url: &str) -> HttpProbe {
    probes::http(format!("{url}/api/health")).json("/database", [("ok", Pass), ("failing", Fail)])
}

pub fn loki(url: &str) -> HttpProbe {
    probes::http(format!("{url}/ready"))
}

pub fn prometheus_or_alertmanager(url: &str) -> HttpProbe {
    probes::http(format!("{url}/-/ready"))
}
