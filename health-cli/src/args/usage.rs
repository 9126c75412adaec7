//! Errors of the command line, without the values of options that take none: they may be secrets.

use clap::error::{ContextKind, ContextValue, ErrorKind};

use crate::{
    exit::{Exit, PluginState},
    failure::Failure,
    target::Target,
};

/// Options of other programs that hold secrets.
const SECRET_OPTIONS: [&str; 9] =
    ["--token", "--password", "--secret", "--user", "--header", "--key", "--pass", "-u", "-H"];

/// Stands in place of a value that nothing takes.
pub(super) const SURPLUS_VALUE: &str = "a value belongs to no option; it is not shown, because it may be a secret. Secrets come \
                                        from `--secret-file FILE` or HEALTHCTL_SECRET";

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
    let failure = match error.kind() {
        ErrorKind::TooManyValues => Failure::usage(SURPLUS_VALUE),
        ErrorKind::UnknownArgument if !option.starts_with('-') => Failure::usage(SURPLUS_VALUE),
        // A URL may hold a password.
        ErrorKind::InvalidSubcommand if !is_word(&text_of(error, ContextKind::InvalidSubcommand)) => {
            Failure::usage("a command stands first, such as `healthctl check URL`; `healthctl --help` lists them")
        }
        _ => return (error.render().ansi().to_string(), exit),
    };
    (format!("error: {failure}\n"), exit)
}

/// Returns an error if a value stands behind `--bearer`, which takes none: in some commands it would become the reason that
/// everybody sees.
pub(crate) fn misplaced_token(arguments: impl Iterator<Item = String>) -> Option<Failure> {
    let mut behind = arguments.skip_while(|argument| argument != "--bearer").skip(1);
    let value = behind.next().filter(|value| !value.starts_with('-') && value.parse::<Target>().is_err())?;
    // An empty text cannot be a secret.
    (!value.is_empty()).then(|| {
        Failure::usage(
            "`--bearer` takes no value, because arguments are visible to everybody who lists processes; write the token into a \
             file, and name it by `--secret-file FILE`. Anything else stands before the options",
        )
    })
}

fn is_word(text: &str) -> bool {
    text.chars().all(|letter| letter.is_ascii_alphanumeric() || letter == '-')
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
