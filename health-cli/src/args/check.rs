use std::time::Duration;

use clap::{Args, ValueEnum};

use super::connection::{ConnectionArgs, OneService};
use crate::{
    exit::PluginState,
    question::{Group, Question, Subject},
    text::parse_duration,
};

#[derive(Debug, Args)]
pub(crate) struct CheckArgs {
    #[command(flatten)]
    pub(crate) service: OneService,

    /// Ask for this level alone: 5 is cheap, 1 goes deepest
    #[arg(long, value_name = "1-5", value_parser = clap::value_parser!(u8).range(1..=5), conflicts_with_all = ["group", "check"])]
    level: Option<u8>,

    /// Ask for this group, as an orchestrator does
    #[arg(long, conflicts_with = "check")]
    group: Option<Group>,

    /// Ask for this check alone
    #[arg(long, value_name = "NAME", conflicts_with = "tag")]
    check: Option<String>,

    /// Ask for checks with this tag
    #[arg(long, value_name = "TAG")]
    tag: Option<String>,

    /// Time limit of the whole answer
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Count a warning as a failure
    #[arg(long)]
    pub(crate) strict: bool,

    /// Print one JSON object, in the same shape for every kind of service
    #[arg(long, conflicts_with = "nagios")]
    pub(crate) json: bool,

    /// Be a monitoring plugin: one line with performance data, and exit 0, 1, 2 or 3
    #[arg(long)]
    pub(crate) nagios: bool,

    /// State of a plugin if the service cannot be reached
    #[arg(long, value_name = "STATE", default_value = "critical", requires = "nagios")]
    unreachable: UnreachableState,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
enum UnreachableState {
    Warning,
    Critical,
    Unknown,
}

impl CheckArgs {
    pub(crate) fn question(&self) -> Question {
        let level = self.level.map(Subject::Level);
        let subject = level
            .or_else(|| self.group.map(Subject::Group))
            .or_else(|| self.check.clone().map(Subject::Check))
            .unwrap_or(Subject::Everything);
        Question { subject, tag: self.tag.clone() }
    }

    pub(crate) const fn unreachable_state(&self) -> PluginState {
        match self.unreachable {
            UnreachableState::Warning => PluginState::Warning,
            UnreachableState::Critical => PluginState::Critical,
            UnreachableState::Unknown => PluginState::Unknown,
        }
    }
}
