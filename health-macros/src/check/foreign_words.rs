//! The keys of `#[health_check]` under the names that other products give them.

use crate::keys::{ForeignWords, advice, key, key_of_value, key_of_values};

pub(super) const FOREIGN_WORDS: &[ForeignWords] = &[
    key("level = 3", &["lvl", "depth", "tier", "priority", "order", "layer"]),
    key("name = \"database\"", &["id", "key", "check_name", "bean"]),
    key(
        "timeout = \"2s\"",
        &["timeout_seconds", "timeout_secs", "timeout_ms", "timeout_millis", "time_limit", "deadline", "max_duration"],
    ),
    key(
        "critical = false",
        &[
            "optional",
            "warn_only",
            "non_critical",
            "noncritical",
            "may_fail",
            "allow_failure",
            "soft",
            "not_critical",
            "no_critical",
            "uncritical",
        ],
    ),
    key("readiness", &["ready", "readyz", "readiness_probe"]),
    key("startup", &["start", "started", "startupz", "startup_probe"]),
    key(
        "depends_on(\"database\")",
        &["depends", "depend", "dependency", "dependencies", "requires", "needs", "after", "upstream", "prerequisites"],
    ),
    key(
        "max_age = \"1s\"",
        &[
            "ttl",
            "t_t_l",
            "cache",
            "cached",
            "cache_for",
            "cache_ttl",
            "cache_duration",
            "cache_time",
            "time_to_live",
            "memoize",
            "reuse",
        ],
    ),
    key(
        "interval = \"30s\"",
        &[
            "every",
            "period",
            "period_seconds",
            "frequency",
            "refresh",
            "refresh_interval",
            "poll",
            "poll_interval",
            "fixed_delay",
            "fixed_rate",
            "repeat",
            "background",
            "check_interval",
            "evaluation_time",
        ],
    ),
    key("retry_interval = \"5s\"", &["retry", "retry_after", "retry_delay", "retry_every", "backoff"]),
    key("stale_after = \"95s\"", &["stale", "expires", "expires_after", "expiry", "max_staleness"]),
    key("failure_threshold = 3", &["max_failures", "failures", "fall", "unhealthy_threshold", "threshold"]),
    key("success_threshold = 2", &["rise", "healthy_threshold", "successes", "recovery_threshold"]),
    key("hold = \"60s\"", &["grace", "grace_period", "termination_grace_period_seconds", "tolerate", "debounce"]),
    key(
        "degraded_after = \"300ms\"",
        &[
            "slow",
            "slow_after",
            "slow_threshold",
            "warn_after",
            "warn_above",
            "warning_threshold",
            "degraded",
            "degraded_threshold",
            "latency",
            "max_latency",
        ],
    ),
    key("flatten", &["flat", "inline", "embed"]),
    key("tags(\"external\")", &["tag", "category", "categories", "labels", "keywords"]),
    key("crate = path::to::health_runtime", &["crate_path", "crate_name", "runtime", "runtime_path", "path"]),
    key("display = \"Orders database\"", &["display_name", "title", "label", "human_name", "caption"]),
    key("owner = \"payments\"", &["team", "contact", "maintainer", "owned_by", "on_call", "responsible"]),
    key("runbook = \"https://…\"", &["url", "link", "links", "wiki", "playbook", "runbook_url", "doc_url"]),
    advice("write `readiness`, or `liveness` for a check of level 5", &["live", "alive", "livez", "liveness_probe"]),
    key_of_value(
        &["liveness", "readiness", "startup"],
        "a group is a key of its own: write `readiness`, `liveness` or `startup`",
        &["group", "groups", "kind", "probe", "probes", "type", "in_group", "health_group"],
    ),
    advice(
        "the doc comment of the function is the description: write `/// …` above it",
        &["description", "desc", "doc", "docs", "help", "about", "summary", "comment", "message", "details"],
    ),
    advice("a check has one level; write for example `level = 3`", &["levels"]),
    advice(
        "either write `off`, and `enable: […]` in the `health_endpoint!` of a program that wants the check; or write `#[cfg(…)]` \
         above the function to leave it out of a build; or set the environment variable `HEALTH_MUTE=<name of the check>` to mute it",
        &[
            "only_if",
            "if",
            "when",
            "unless",
            "feature",
            "profile",
            "profiles",
            "env",
            "environment",
            "environments",
            "stage",
            "condition",
            "conditional",
            "conditional_on_property",
        ],
    ),
    advice("write `#[cfg(…)]` above the function", &["cfg"]),
    advice(
        "either write `off`, and `enable: […]` in the `health_endpoint!` of a program that wants the check; or set the environment \
         variable `HEALTH_MUTE=<name of the check>` to mute it",
        &["enabled", "enable", "disabled", "disable", "active", "skip", "ignore"],
    ),
    key_of_values(
        "critical = false",
        &["false", "warning", "warn", "degraded", "minor", "low", "info"],
        "a check is critical by default; write `critical = false` if a failure is only a warning, or else remove this",
        &["severity", "required", "important", "mandatory", "fatal", "failure_status"],
    ),
    advice(
        "the first run cannot be put off; remove this, and write `startup` if the startup probe has to wait until the check passes",
        &["initial_delay", "initial_delay_seconds", "start_delay", "start_period", "warmup", "warm_up"],
    ),
    advice(
        "for the time between two runs write for example `interval = \"30s\"`; the first run cannot be put off",
        &["delay"],
    ),
    advice(
        "a background check runs at an interval; write for example `interval = \"30s\"`",
        &["cron", "schedule", "scheduled"],
    ),
    advice(
        "a run is not repeated; write for example `failure_threshold = 3` to fail only after 3 failures in a row",
        &["retries", "max_retries", "attempts", "max_attempts"],
    ),
    advice(
        "each parameter of the function is found by its type: write `pool: &Pool` there, and `state: [pool]` in \
         `health_endpoint!`",
        &["state", "inject", "context", "with", "args", "arguments", "data"],
    ),
    advice(
        "remove this; a plain `fn` runs on the blocking pool, and an `async fn` as a task",
        &["blocking", "spawn_blocking", "threaded", "thread", "async", "sync", "executor"],
    ),
    advice(
        "remove this; the key `access` of `health_endpoint!` decides about callers, as the guide `access` shows",
        &["access", "auth", "authorize", "role", "roles", "public", "private", "show_details"],
    ),
];

#[cfg(test)]
mod tests {
    use super::{super::key_table::KEYS, FOREIGN_WORDS};
    use crate::keys::assert_foreign_words;

    #[test]
    fn suggested_keys_exist_and_foreign_words_stand_once() {
        assert_foreign_words(FOREIGN_WORDS, &KEYS.iter().map(|key| key.name).collect::<Vec<_>>());
    }
}
