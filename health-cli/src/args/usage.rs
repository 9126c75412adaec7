//! Errors of the command line, without the values of options that take none: they may be secrets.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::{
    exit::{Exit, PluginState},
    failure::Failure,
};

/// Options of other programs that hold secrets.
const SECRET_OPTIONS: [&str; 9] =
    ["--token", "--password", "--secret", "--user", "--header", "--key", "--pass", "-u", "-H"];

/// Returns the text of an error and the exit code. Help and versions are errors for clap, and states of a plugin are unknown
/// with them, too.
pub(crate) fn exit_of(error: &clap::Error, is_plugin: bool) -> (String, Exit) {
    let is_help = matches!(error.kind(), ErrorKind::DisplayHelp | ErrorKind::DisplayVersion);
    let exit = match (is_plugin, is_help) {
        (true, _) => Exit::Plugin(PluginState::Unknown),
        (false, true) => Exit::Pass,
        (false, false) => Exit::Usage,
    };
    let option = text_of(error, ContextKind::InvalidArg);
    if error.kind() == ErrorKind::UnknownArgument && SECRET_OPTIONS.contains(&option.as_str()) {
        let failure = Failure::usage(format!(
            "there is no option `{option}`, because arguments are visible to everybody who lists processes; write the secret \
             into a file, and name it by `--secret-file FILE` with `--basic USER`, `--bearer`, `--access-key ID` or `--signed ID`"
        ));
        return (format!("error: {failure}\n"), exit);
    }
    let mut text = error.render().ansi().to_string();
    let value = text_of(error, ContextKind::InvalidValue);
    if error.kind() == ErrorKind::TooManyValues && !value.is_empty() {
        text = text.replace(&value, "…");
    }
    (text, exit)
}

fn text_of(error: &clap::Error, kind: ContextKind) -> String {
    match error.get(kind) {
        Some(ContextValue::String(text)) => text.clone(),
        _ => String::new(),
    }
}

/// Returns whether the arguments ask for a plugin, before they are parsed.
pub(crate) fn is_plugin(mut arguments: impl Iterator<Item = String>) -> bool {
    arguments.any(|argument| argument == "--nagios")
}
