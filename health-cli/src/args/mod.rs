//! The command line.

mod check;
mod connection;
mod help;
mod operate;
mod usage;

use std::time::Duration;

use clap::{Parser, Subcommand, ValueEnum};
use clap_complete::Shell;

pub(crate) use check::CheckArgs;
pub(crate) use connection::{ConnectionArgs, OneService, parse_target};
pub(crate) use operate::{DrillArgs, MuteArgs, OperateArgs};
pub(crate) use usage::{exit_of, is_plugin, misplaced_token};

use crate::{question::Group, text::parse_duration};

/// Asks health endpoints, for people, CI and monitoring
#[derive(Debug, Parser)]
#[command(
    name = "healthctl",
    version,
    long_about = help::ABOUT,
    after_long_help = help::EXIT_CODES,
    after_help = "`healthctl --help` lists exit codes, `healthctl COMMAND --help` has examples.",
    max_term_width = 100,
    propagate_version = true
)]
pub(crate) struct Cli {
    #[command(subcommand)]
    pub(crate) command: Command,

    /// Whether the output has colours; `auto` goes by the terminal and `NO_COLOR`
    #[arg(long, global = true, value_name = "WHEN", default_value = "auto", display_order = 100)]
    pub(crate) color: ColorWhen,
}

#[derive(Clone, Copy, Debug, ValueEnum)]
pub(crate) enum ColorWhen {
    Auto,
    Always,
    Never,
}

#[derive(Debug, Subcommand)]
pub(crate) enum Command {
    /// Ask a service once, and show its checks
    #[command(long_about = help::CHECK, after_long_help = help::CHECK_EXAMPLES)]
    Check(CheckArgs),

    /// Walk from the cheap level 5 down to level 1, and stop at the first that fails
    #[command(long_about = help::LEVELS, after_long_help = help::LEVELS_EXAMPLES)]
    Levels(LevelsArgs),

    /// Wait until a service is ready
    #[command(long_about = help::WAIT, after_long_help = help::WAIT_EXAMPLES)]
    Wait(WaitArgs),

    /// Name the root causes of a failure
    #[command(long_about = help::EXPLAIN, after_long_help = help::EXPLAIN_EXAMPLES)]
    Explain(ExplainArgs),

    /// Draw the services behind services
    #[command(long_about = help::MAP, after_long_help = help::MAP_EXAMPLES)]
    Map(MapArgs),

    /// Follow many services in one live table
    #[command(long_about = help::WATCH, after_long_help = help::WATCH_EXAMPLES)]
    Watch(WatchArgs),

    /// Run a check now
    #[command(after_long_help = help::OPERATE)]
    Run(OperateArgs),

    /// Mute a check for a time: it runs on, and counts for nothing
    #[command(after_long_help = help::MUTE_EXAMPLES)]
    Mute(MuteArgs),

    /// End the mute of a check
    #[command(after_long_help = help::OPERATE)]
    Unmute(OperateArgs),

    /// Let a check fail for a time, to see whether alerts and load balancers notice
    #[command(long_about = help::DRILL, after_long_help = help::DRILL_EXAMPLES)]
    Drill(DrillArgs),

    /// End the drill of a check
    #[command(after_long_help = help::OPERATE)]
    Undrill(OperateArgs),

    /// Print the completions for a shell
    #[command(after_long_help = help::COMPLETIONS)]
    Completions {
        /// Shell to complete for
        shell: Shell,
    },

    /// Print the manual page
    #[command(after_long_help = help::MAN)]
    Man {
        /// Command whose page to print; without it, that of the program
        command: Option<String>,
    },
}

#[derive(Debug, clap::Args)]
pub(crate) struct ExplainArgs {
    #[command(flatten)]
    pub(crate) service: OneService,

    #[command(flatten)]
    pub(crate) report: ReportArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct MapArgs {
    /// Services, their health endpoints, or their Unix sockets
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,

    /// Print a graph in Graphviz's language
    #[arg(long, conflicts_with = "json")]
    pub(crate) dot: bool,

    #[command(flatten)]
    pub(crate) report: ReportArgs,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

/// Options of commands that ask for the whole report once.
#[derive(Debug, clap::Args)]
pub(crate) struct ReportArgs {
    /// Time limit of the whole answer
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Count a warning as a failure
    #[arg(long)]
    pub(crate) strict: bool,

    /// Print one JSON object
    #[arg(long)]
    pub(crate) json: bool,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WatchArgs {
    /// Services, their health endpoints, or their Unix sockets
    #[arg(value_name = "URL", required = true)]
    pub(crate) urls: Vec<String>,

    /// Time between two reports; events are shown as they come
    #[arg(long, value_name = "DURATION", default_value = "10s", value_parser = parse_duration)]
    pub(crate) interval: Duration,

    /// Print each change as one JSON object, in place of the table
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct LevelsArgs {
    #[command(flatten)]
    pub(crate) service: OneService,

    /// Ask every level, also behind one that fails
    #[arg(long)]
    pub(crate) all: bool,

    /// Time limit of each level; by default 10 s for level 5, 15, 20, 25, and 30 s for level 1
    #[arg(long, value_name = "DURATION", value_parser = parse_duration)]
    pub(crate) timeout: Option<Duration>,

    /// Count a warning as a failure
    #[arg(long)]
    pub(crate) strict: bool,

    /// Print one JSON object for each level, a line each
    #[arg(long)]
    pub(crate) json: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Debug, clap::Args)]
pub(crate) struct WaitArgs {
    #[command(flatten)]
    pub(crate) service: OneService,

    /// State to wait for
    #[arg(long = "for", value_name = "STATE", default_value = "ready")]
    pub(crate) state: WaitState,

    /// Time after which to give up
    #[arg(long, value_name = "DURATION", default_value = "60s", value_parser = parse_duration)]
    pub(crate) timeout: Duration,

    /// Longest pause between two tries; the first ones are shorter
    #[arg(long, value_name = "DURATION", default_value = "2s", value_parser = parse_duration)]
    pub(crate) interval: Duration,

    /// Wait until there is no warning either
    #[arg(long)]
    pub(crate) strict: bool,

    /// Print nothing but an error
    #[arg(long, short)]
    pub(crate) quiet: bool,

    #[command(flatten)]
    pub(crate) connection: ConnectionArgs,
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, ValueEnum)]
pub(crate) enum WaitState {
    /// The service can take requests
    Ready,
    /// The process lives
    Live,
    /// The service has started
    Startup,
    /// Every check of every level passes
    Healthy,
    /// The service answers with a report, whatever it says
    Answering,
}

impl WaitState {
    pub(crate) const fn group(self) -> Option<Group> {
        match self {
            Self::Ready => Some(Group::Ready),
            Self::Live => Some(Group::Live),
            Self::Startup => Some(Group::Startup),
            Self::Healthy | Self::Answering => None,
        }
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Ready => "ready",
            Self::Live => "live",
            Self::Startup => "started",
            Self::Healthy => "healthy",
            Self::Answering => "answering",
        }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory as _;

    use super::*;

    #[test]
    fn options_do_not_contradict_each_other() {
        Cli::command().debug_assert();
    }
}
