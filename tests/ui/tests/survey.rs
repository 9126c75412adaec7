//! `docs/compile_errors.md` lists every mistake with its message, from the output that the compiler is known to print.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    env,
    fmt::Write as _,
    fs,
    path::{Path, PathBuf},
};

const FOLDERS: [(&str, &str); 8] = [
    ("check", "`#[health_check]`"),
    ("checks", "`#[health_checks]`"),
    ("check_new", "`Check::new` and `Check::blocking`"),
    ("check_on", "`Check::on`"),
    ("endpoint", "`health_endpoint!`"),
    ("ask", "`ask!` and the probes that ask a client"),
    ("build_info", "`#[derive(BuildInfo)]`"),
    ("without_runtime/mistakes", "Without the dependency"),
];

/// Parts of messages that repeat others, or speak of the compiler.
const NOISE: [&str; 13] = [
    "failed here",
    "in this attribute macro expansion",
    "defined here",
    "the following other types",
    "consider dereferencing",
    "this error originates",
    "is not implemented for",
    "required for",
    "required by",
    "see issue",
    "see full list",
    "for more information",
    "requirement that the value outlives",
];

/// A message of the compiler about one line.
struct Message {
    line: usize,
    parts: Vec<String>,
}

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../..")
}

fn read(path: &Path) -> String {
    fs::read_to_string(path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the messages in the output of the compiler, without warnings.
fn messages(output: &str) -> Vec<Message> {
    let mut messages: Vec<Message> = Vec::new();
    let mut is_error = false;
    for line in output.lines() {
        if line.starts_with("warning") || line.starts_with("error") {
            is_error = line.starts_with("error");
            if let Some((_, text)) = line.split_once(": ").filter(|_| is_error) {
                messages.push(Message { line: 0, parts: vec![text.to_owned()] });
            }
        }
        let Some(message) = messages.last_mut().filter(|_| is_error) else { continue };
        if message.line == 0 {
            let place = line.trim_start().strip_prefix("--> ").and_then(|place| place.rsplit(':').nth(1));
            message.line = place.and_then(|line| line.parse().ok()).unwrap_or(0);
        }
        message.parts.extend(remark(line));
    }
    messages
}

/// Returns the label, note or help in a line of output.
fn remark(line: &str) -> Option<String> {
    let text = line.trim_start().trim_start_matches(['|', '.', ' ']);
    let text = match text.strip_prefix("= note: ").or_else(|| text.strip_prefix("= help: ")) {
        Some(note) => note,
        None if line.starts_with("help: ") || line.starts_with("note: ") => line,
        // Lines of other crates have no numbers here. Comments in them are for the user.
        None if line.trim_start().starts_with('|') && text.contains(" // ") => text.split_once(" // ")?.1,
        // A label stands behind the marks of its place.
        None if text.starts_with(['^', '-']) && !text.starts_with("-->") => {
            text.trim_start_matches(['^', '-', ' ', '|'])
        }
        None => return None,
    };
    let is_noise = text.len() < 4 || NOISE.iter().any(|noise| text.contains(noise));
    (!is_noise).then(|| text.to_owned())
}

/// Returns the first line of a file, its title.
fn title<'a>(path: &Path, source: &'a str) -> &'a str {
    let title = source.lines().next().and_then(|line| line.strip_prefix("//! "));
    title.unwrap_or_else(|| panic!("{} has no title", path.display())).trim_end_matches('.')
}

fn cell(text: &str) -> String {
    text.replace('|', "\\|")
}

fn survey() -> String {
    let mut tables = String::new();
    let mut count = 0;
    for (folder, heading) in FOLDERS {
        let _ = write!(tables, "\n## {heading}\n");
        let entries = fs::read_dir(root().join("tests/ui").join(folder)).expect("the folder");
        let mut sources: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
        sources.retain(|path| path.extension().is_some_and(|extension| extension == "rs"));
        sources.sort();
        for path in sources {
            let source = read(&path);
            let _ = write!(tables, "\n### {}\n\n| written | message |\n|---|---|\n", title(&path, &source));
            for Message { line, parts } in messages(&read(&path.with_extension("stderr"))) {
                count += 1;
                let written = source.lines().nth(line - 1).expect("the line of a mistake").trim();
                let parts: Vec<String> = parts.iter().map(|part| cell(part)).collect();
                let _ = writeln!(tables, "| `{}` | {} |", cell(written), parts.join("<br>"));
            }
        }
    }
    format!(
        "# Compile errors\n\nThe {count} mistakes in the declarations of `tests/ui`, each with the message that the compiler shows on \
         it. A test compares this\nfile with the output of the compiler; `TRYBUILD=overwrite cargo test -p health-ui-tests` renews both.\n{tables}"
    )
}

#[test]
fn survey_lists_the_messages_of_the_compiler() {
    let path = root().join("docs/compile_errors.md");
    let survey = survey();
    if env::var_os("TRYBUILD").is_some_and(|update| update == "overwrite") {
        fs::write(&path, &survey).expect("the survey is written");
    }
    let is_current = fs::read_to_string(&path).is_ok_and(|written| written == survey);
    assert!(is_current, "docs/compile_errors.md is stale: run TRYBUILD=overwrite cargo test -p health-ui-tests");
}
