//! `healthctl completions` and `healthctl man`

use clap::CommandFactory as _;
use clap_complete::{Shell, generate};
use clap_mangen::Man;

use crate::{args::Cli, exit::Exit, failure::Failure, output::Terminal};

pub(super) fn completions(shell: Shell, terminal: &mut Terminal) -> Exit {
    let mut text = Vec::new();
    generate(shell, &mut Cli::command(), "healthctl", &mut text);
    terminal.text(&String::from_utf8_lossy(&text), false);
    Exit::Pass
}

/// Prints the page of the program, or of one command.
///
/// # Errors
/// There is no such command.
pub(super) fn page(name: Option<&str>, terminal: &mut Terminal) -> Result<Exit, Failure> {
    let mut program = Cli::command();
    program.build();
    let (title, command) = match name {
        None => ("healthctl".to_owned(), program),
        Some(name) => {
            let command = program.find_subcommand(name).ok_or_else(|| {
                Failure::usage(format!(
                    "there is no command `{}`; `healthctl help` lists them",
                    crate::text::printable(name)
                ))
            })?;
            (format!("healthctl-{name}"), command.clone())
        }
    };
    let mut text = Vec::new();
    Man::new(command)
        .title(title)
        .render(&mut text)
        .map_err(|error| Failure::usage(format!("the page cannot be written: {error}")))?;
    terminal.text(&readable(&String::from_utf8_lossy(&text), name.is_some()), false);
    Ok(Exit::Pass)
}

/// Names the section of the longer help, and keeps its indented lines, such as examples, as they are.
fn readable(page: &str, is_command: bool) -> String {
    let section = if is_command { "EXAMPLES" } else { "EXIT CODES AND ENVIRONMENT" };
    let readable = |line: &str| match line {
        ".SH EXTRA" => format!(".SH {section}\n"),
        line if line.starts_with("  ") => format!(".nf\n{line}\n.fi\n"),
        line => format!("{line}\n"),
    };
    page.lines().map(readable).collect()
}
