//! The keys of `health_endpoint!` under the names that other products give them.

use crate::keys::{ForeignWords, advice, key};

pub(super) const FOREIGN_WORDS: &[ForeignWords] = &[
    key("crates: [my_checks]", &["libs", "libraries", "packages", "modules", "link", "include", "crate_names"]),
    key("build_info: App", &["info", "app", "application", "version", "build", "metadata", "about"]),
    key(
        "base_path: \"/health\"",
        &["path", "base", "prefix", "url", "uri", "route", "endpoint", "root", "mount", "at", "nest"],
    ),
    key("levels_path: \"/levels\"", &["levels", "level", "level_path", "deep_path"]),
    key(
        "state: [pool]",
        &[
            "states",
            "with_state",
            "data",
            "app_data",
            "app_state",
            "context",
            "extension",
            "extensions",
            "shared",
            "inject",
            "resources",
            "pool",
        ],
    ),
    advice(
        "did you mean `access`?",
        &[
            "auth",
            "authentication",
            "authorize",
            "authorization",
            "authorizer",
            "policy",
            "policies",
            "rules",
            "security",
            "secure",
            "roles",
            "permissions",
            "allow",
        ],
    ),
    advice(
        "callers are told apart by rules in the key `access`: by passwords, access keys, signatures or tokens, each behind a feature; \
         the guide `access` has an example of each",
        &["token", "password"],
    ),
    advice(
        "write `details: public` or `details: hidden`",
        &["show_details", "show", "verbose", "detail", "expose", "show_components", "public", "hidden"],
    ),
    key("checks: [probe]", &["probes", "probe"]),
    key("checks: [check]", &["check", "health_checks", "indicators", "functions", "declared", "register"]),
    advice(
        "`health_endpoint!` finds the crate `health_runtime` by itself; remove this",
        &["crate", "crate_path", "runtime"],
    ),
    advice(
        "the endpoint is served where it is merged, `Router::new().merge(health_endpoint! { … }?)`; the guide \
         `serving_and_tls` shows how to serve it on a separate port",
        &["port", "address", "addr", "bind", "listen", "host", "server", "tls", "socket", "router"],
    ),
    advice(
        "write it for each check, as a key of its `#[health_check(…)]`, or as a method of a check built by hand",
        &[
            "timeout",
            "interval",
            "period",
            "max_age",
            "ttl",
            "cache",
            "tags",
            "critical",
            "liveness",
            "readiness",
            "startup",
            "failure_threshold",
            "success_threshold",
            "hold",
            "retry_interval",
            "depends_on",
            "name",
        ],
    ),
    advice("write `configure: |builder| builder.status_codes(codes)`", &["status_codes", "status_code", "codes"]),
    advice("write `configure: |builder| builder.envoy(headers)`", &["envoy"]),
    advice("write `configure: |builder| builder.agent(agent)`", &["agent", "haproxy"]),
    advice("write `configure: |builder| builder.on_change(listener)`", &["on_change", "listener", "notify"]),
    advice(
        "write `configure: |builder| builder.alert_to(receiver)`",
        &["alert_to", "alerts", "alert", "alertmanager", "webhook"],
    ),
    advice("write `configure: |builder| builder.event_streams(64)`", &["event_streams", "events"]),
    advice("write `configure: |builder| builder.muted(\"db\")`", &["muted", "mute"]),
    advice("write `configure: |builder| builder.max_depth(4)`", &["max_depth", "depth"]),
    advice("write `configure: |builder| builder.without_declared_checks()`", &["without_declared_checks"]),
    advice("write `configure: |builder| builder.without_root_probes()`", &["without_root_probes"]),
    advice(
        "write `configure: |builder| builder.without_duration_histogram()`",
        &["without_duration_histogram", "metrics", "histogram", "buckets", "prometheus"],
    ),
    advice("write `configure: |builder| builder.isolated_checks()`", &["isolated_checks", "isolated"]),
    advice(
        "settings without a key are methods of the builder; write for example `configure: |builder| builder.isolated_checks()`",
        &["settings", "config", "options", "builder", "with"],
    ),
    advice(
        "build the endpoint in an `if`; to turn on a check that is off write `enable: [billing::quota, \"name\"]`; to mute one set the \
         environment variable `HEALTH_MUTE=<name of the check>`",
        &["enabled", "disabled", "disable", "profile", "cfg", "when", "env", "environment"],
    ),
];

#[cfg(test)]
mod tests {
    use super::{super::args::KNOWN_KEYS, FOREIGN_WORDS};
    use crate::keys::assert_foreign_words;

    #[test]
    fn suggested_keys_exist_and_foreign_words_stand_once() {
        assert_foreign_words(FOREIGN_WORDS, &KNOWN_KEYS);
    }
}
