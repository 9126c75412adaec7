//! `healthctl`: asks health endpoints, for people, CI and monitoring.

mod args;
mod client;
mod commands;
mod credentials;
mod exit;
mod failure;
mod output;
mod question;
mod report;
mod status;
mod target;
mod text;

use std::{env, process::ExitCode};

use anstream::ColorChoice;
use clap::Parser as _;

use args::{Cli, ColorWhen, exit_of, is_plugin, misplaced_token};
use exit::Exit;
use output::Terminal;

fn main() -> ExitCode {
    let arguments = || env::args_os().map(|argument| argument.to_string_lossy().into_owned());
    let cli = match Cli::try_parse() {
        Ok(cli) => cli,
        Err(error) => {
            let (text, exit) = exit_of(&error, is_plugin(arguments()));
            Terminal::new().text(&text, error.use_stderr());
            return exit.into();
        }
    };
    if let Some(failure) = misplaced_token(arguments()) {
        Terminal::new().error(&format!("error: {failure}"));
        return Exit::of_failure(&failure).into();
    }
    match cli.color {
        ColorWhen::Auto => ColorChoice::Auto,
        ColorWhen::Always => ColorChoice::AlwaysAnsi,
        ColorWhen::Never => ColorChoice::Never,
    }
    .write_global();
    let mut terminal = Terminal::new();
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build();
    let exit = match runtime {
        Ok(runtime) => {
            let exit = runtime.block_on(commands::run(cli, &mut terminal));
            // A lookup of a name cannot be cancelled, and is not waited for.
            runtime.shutdown_background();
            exit
        }
        Err(error) => {
            terminal.error(&format!("error: the system refuses timers and sockets: {error}"));
            Exit::Fail
        }
    };
    exit.into()
}
