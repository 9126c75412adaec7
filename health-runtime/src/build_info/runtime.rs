use std::{
    env,
    time::{Duration, SystemTime},
};

use tokio::time::Instant;

use super::{container::is_container, deployment, environment, uptime};

/// What only the running process knows. Made once, when the endpoint is built, which is while the service starts: that
/// is the start it speaks of.
#[derive(Clone, Debug)]
pub(crate) struct RuntimeInfo {
    build_type: &'static str,
    app_env: Option<String>,
    deployed_at: Option<SystemTime>,
    started_at: SystemTime,
    started: Instant,
}

/// What a report says about the process, for one request.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct RuntimeFacts<'a> {
    /// `docker` in a container of any make, else `binary`.
    pub(crate) build_type: &'static str,
    /// Time of the deployment, if whoever deployed it says so. A start is not one: in a crash loop there is one each
    /// minute.
    pub(crate) deployed_at: Option<SystemTime>,
    /// When the service started.
    pub(crate) started_at: SystemTime,
    /// How long ago that was, in its largest unit, such as `4 days`.
    pub(crate) uptime: String,
    /// How long ago that was, in whole seconds. It is counted, not the difference of two dates, so that setting the
    /// clock does not change it.
    pub(crate) uptime_seconds: u64,
    /// The variable `APP_ENV`, else what a public host name says, else unknown. It borrows from [`RuntimeInfo`]
    /// alone: nothing of the request can get into it.
    pub(crate) environment: Option<&'a str>,
}

impl RuntimeInfo {
    /// Looks around: reads environment variables, a few small files, and the time.
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

    /// The facts now, for a request that was sent to this host, as its `Host` header says.
    pub(crate) fn facts<'a>(&'a self, host: Option<&str>) -> RuntimeFacts<'a> {
        let uptime: Duration = self.started.elapsed();
        RuntimeFacts {
            build_type: self.build_type,
            deployed_at: self.deployed_at,
            started_at: self.started_at,
            uptime: uptime::in_words(uptime),
            uptime_seconds: uptime.as_secs(),
            environment: self.app_env.as_deref().or_else(|| host.and_then(environment::from_host)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test(start_paused = true)]
    async fn counts_from_the_start() {
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
    fn the_variable_beats_the_host() {
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
    fn looks_around() {
        assert!(["docker", "binary"].contains(&RuntimeInfo::detect().facts(None).build_type));
    }
}
