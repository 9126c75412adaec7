use std::time::Duration;

use clap::{Args, ValueEnum};

use super::connection::{ConnectionArgs, parse_target};
use crate::{failure::Failure, target::Target, text::parse_duration};

/// The check that an operation is about.
#[derive(Debug, Args)]
pub(crate) struct OperateArgs {
    /// Service, or its health endpoint
    #[arg(value_name = "URL")]
    url: String,

    /// Name of the check
    #[arg(value_name = "CHECK")]
    pub(crate) name: String,

    /// Time limit of the answer
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Print the answer as JSON
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

impl OperateArgs {
    pub(crate) fn target(&self) -> Result<Target, Failure> {
        parse_target(&self.url)
    }
}

#[derive(Debug, Args)]
pub(crate) struct MuteArgs {
    #[command(flatten)]
    pub(crate) operate: OperateArgs,

    /// Time after which the check counts again, such as `2h`; 7 days at most
    #[arg(value_name = "DURATION", value_parser = duration_text)]
    pub(crate) duration: String,

    /// Reason, for everybody who sees the mute
    #[arg(value_name = "REASON")]
    pub(crate) reason: String,
}

#[derive(Debug, Args)]
pub(crate) struct DrillArgs {
    #[command(flatten)]
    pub(crate) operate: OperateArgs,

    /// Behavior of the check
    #[arg(value_name = "BEHAVIOR")]
    pub(crate) behavior: Behavior,

    /// Time after which the check runs as it is, such as `5m`; an hour at most
    #[arg(value_name = "DURATION", value_parser = duration_text)]
    pub(crate) duration: String,

    /// Reason, for everybody who sees the drill
    #[arg(value_name = "REASON", default_value = "fire drill")]
    pub(crate) reason: String,

    /// Time that each run takes, with `slow`
    #[arg(long, value_name = "DURATION", value_parser = duration_text, required_if_eq("behavior", "slow"))]
    pub(crate) delay: Option<String>,

    /// Confirm the drill of a check in the liveness group: an orchestrator restarts the service
    #[arg(long)]
    pub(crate) liveness: bool,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum Behavior {
    /// The check fails
    Fail,
    /// The check warns
    Warn,
    /// The check takes the time of `--delay`
    Slow,
    /// The check never ends, until its time limit
    Hang,
}

impl Behavior {
    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Fail => "fail",
            Self::Warn => "warn",
            Self::Slow => "slow",
            Self::Hang => "hang",
        }
    }
}

/// Checks a duration, which the service reads by the same rules.
fn duration_text(text: &str) -> Result<String, String> {
    parse_duration(text).map(|_| text.trim().to_owned())
}
