use std::{
    env,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{container::is_container, deployment, environment};

/// The units of an uptime, the largest first, with their length in seconds.
const UPTIME_UNITS: [(&str, u64); 4] = [("day", 86_400), ("hour", 3_600), ("minute", 60), ("second", 1)];

/// Facts about the process. Made once, when the endpoint is built: that moment counts as the start of the service.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeInfo {
    build_type: &'static str,
    app_env: Option<String>,
    deployed_at: Option<SystemTime>,
    started_at: SystemTime,
    started: Instant,
}

/// The facts that a report shows, for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuntimeFacts<'a> {
    /// `docker` in any kind of container, else `binary`.
    pub(crate) build_type: &'static str,
    /// Time of the deployment, if the environment names it. A start is not a deployment: a crash loop has one each minute.
    pub(crate) deployed_at: Option<SystemTime>,
    /// Time of the start.
    pub(crate) started_at: SystemTime,
    /// Time since the start in its largest unit, such as `4 days`.
    pub(crate) uptime: String,
    /// Time since the start in whole seconds, from the monotonic clock, so that setting the wall clock does not change it.
    pub(crate) uptime_seconds: u64,
    /// The variable `APP_ENV`, else the environment in a public host name. It borrows from [`RuntimeInfo`] alone, so nothing
    /// of the request gets into it.
    pub(crate) environment: Option<&'a str>,
}

impl RuntimeInfo {
    /// Reads environment variables, a few small files, and the time.
    pub(crate) fn detect() -> Self {
        let variable = |name: &str| env::var_os(name).map(|value| value.to_string_lossy().into_owned());
        let deployed_at = deployment::deployed_at(variable);
        Self::new(is_container(), env::var("APP_ENV").ok().as_deref(), deployed_at, SystemTime::now())
    }

    fn new(in_container: bool, app_env: Option<&str>, deployed_at: Option<SystemTime>, started_at: SystemTime) -> Self {
        let build_type = if in_container { "docker" } else { "binary" };
        let app_env = app_env.map(str::trim).filter(|word| !word.is_empty()).map(str::to_owned);
        Self { build_type, app_env, deployed_at, started_at, started: Instant::now() }
    }

    /// Returns the current facts, for a request with this `Host` header.
    pub(crate) fn facts<'a>(&'a self, host: Option<&str>) -> RuntimeFacts<'a> {
        let uptime: Duration = self.started.elapsed();
        RuntimeFacts {
            build_type: self.build_type,
            deployed_at: self.deployed_at,
            started_at: self.started_at,
            uptime: in_largest_unit(uptime),
            uptime_seconds: uptime.as_secs(),
            environment: self.app_env.as_deref().or_else(|| host.and_then(environment::from_host)),
        }
    }
}

/// Formats a duration in its largest unit, rounded down, such as `4 days` or `1 minute`.
fn in_largest_unit(duration: Duration) -> String {
    let seconds = duration.as_secs();
    let (unit, length) = UPTIME_UNITS.into_iter().find(|(_, length)| seconds >= *length).unwrap_or(("second", 1));
    let count = seconds / length;
    format!("{count} {unit}{}", if count == 1 { "" } else { "s" })
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn uptime_counts_from_start() {
        let start = SystemTime::UNIX_EPOCH + Duration::from_secs(1_000_000);
        let info = RuntimeInfo::new(true, None, None, start);
        tokio::time::advance(Duration::from_secs(4 * 86_400 + 7)).await;
        assert_eq!(
            info.facts(Some("staging.abc.api")),
            RuntimeFacts {
                build_type: "docker",
                deployed_at: None,
                started_at: start,
                uptime: "4 days".to_owned(),
                uptime_seconds: 345_607,
                environment: Some("staging"),
            }
        );
    }

    #[test]
    fn app_env_outranks_host() {
        let info = |app_env| RuntimeInfo::new(false, app_env, None, SystemTime::UNIX_EPOCH);
        let environment = |app_env, host| info(app_env).facts(host).environment.map(str::to_owned);
        assert_eq!(environment(Some("blue"), Some("abc.api")).as_deref(), Some("blue"));
        assert_eq!(environment(Some(" blue\n"), None).as_deref(), Some("blue"));
        assert_eq!(environment(Some("  "), Some("abc.api")).as_deref(), Some("production"));
        assert_eq!(environment(None, Some("10.0.0.1")), None);
        assert_eq!(environment(None, None), None);
        assert_eq!(info(None).build_type, "binary");
    }

    #[test]
    fn build_type_is_detected() {
        assert!(["docker", "binary"].contains(&RuntimeInfo::detect().facts(None).build_type));
    }
    #[test]
    fn uptime_is_in_its_largest_unit() {
        let cases = [
            (0, "0 seconds"),
            (1, "1 second"),
            (12, "12 seconds"),
            (59, "59 seconds"),
            (60, "1 minute"),
            (119, "1 minute"),
            (120, "2 minutes"),
            (3_599, "59 minutes"),
            (3_600, "1 hour"),
            (3 * 3_600, "3 hours"),
            (86_399, "23 hours"),
            (86_400, "1 day"),
            (4 * 86_400 + 5, "4 days"),
            (400 * 86_400, "400 days"),
        ];
        for (seconds, words) in cases {
            assert_eq!(in_largest_unit(Duration::from_secs(seconds)), words);
        }
        assert_eq!(in_largest_unit(Duration::from_millis(1_999)), "1 second");
    }
}
