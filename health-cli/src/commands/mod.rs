//! The commands, one file each.

mod check;
mod explain;
mod levels;
mod manual;
mod map;
mod operate;
mod wait;
mod watch;

use crate::{
    args::{Cli, Command},
    exit::Exit,
    output::Terminal,
};

/// Runs the command, and returns the exit code. A failure is shown before.
pub(crate) async fn run(cli: Cli, terminal: &mut Terminal) -> Exit {
    let result = match cli.command {
        Command::Check(args) => check::run(&args, terminal).await,
        Command::Levels(args) => levels::run(&args, terminal).await,
        Command::Wait(args) => wait::run(&args, terminal).await,
        Command::Explain(args) => explain::run(&args, terminal).await,
        Command::Map(args) => map::run(&args, terminal).await,
        Command::Watch(args) => watch::run(&args, terminal).await,
        Command::Run(args) => operate::run(&args, terminal).await,
        Command::Mute(args) => operate::mute(&args, terminal).await,
        Command::Unmute(args) => operate::unmute(&args, terminal).await,
        Command::Drill(args) => operate::drill(&args, terminal).await,
        Command::Undrill(args) => operate::undrill(&args, terminal).await,
        Command::Completions { shell } => Ok(manual::completions(shell, terminal)),
        Command::Man { command } => manual::page(command.as_deref(), terminal),
    };
    result.unwrap_or_else(|failure| {
        terminal.error(&format!("error: {failure}"));
        Exit::of_failure(&failure)
    })
}
