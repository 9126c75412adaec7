//! The documents: their length, their links, and the facts that they repeat from the sources.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    path::{Path, PathBuf},
};

use proc_macro2::{TokenStream, TokenTree};

/// Address of the guides on docs.rs, as package pages link to them.
const PUBLISHED_GUIDES: &str = "https://docs.rs/health-runtime/latest/health_runtime/_docs/";

const MAX_LINES: usize = 150;
const MAX_LINES_OF_A_DECISION: usize = 25;

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

fn read(path: impl AsRef<Path>) -> String {
    let path = root().join(path);
    fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display()))
}

/// Returns the files of a folder with this extension, sorted.
fn files_in(folder: &str, extension: &str) -> Vec<PathBuf> {
    let entries = fs::read_dir(root().join(folder)).expect("the folder");
    let mut files: Vec<_> = entries.map(|entry| entry.expect("an entry").path()).collect();
    files.retain(|path| path.extension().is_some_and(|found| found == extension));
    files.sort();
    files
}

fn stem(path: &Path) -> &str {
    path.file_stem().and_then(|stem| stem.to_str()).expect("a name")
}

/// Returns the targets of the Markdown links in a text, outside of fences.
fn links(text: &str) -> impl Iterator<Item = &str> {
    let prose = text.split("```").step_by(2);
    prose.flat_map(|prose| prose.split("](").skip(1)).filter_map(|rest| rest.split_once(')')).map(|(target, _)| target)
}

/// Returns a text without the marks and line breaks of Markdown and of Rust's strings.
fn words(text: &str) -> String {
    text.replace('`', "").split_whitespace().collect::<Vec<_>>().join(" ")
}

#[test]
fn readme_and_architecture_are_short() {
    for document in ["README.md", "ARCHITECTURE.md"] {
        let lines = read(document).lines().count();
        assert!(lines <= MAX_LINES, "{document} has {lines} lines; {MAX_LINES} are allowed");
    }
}

#[test]
fn architecture_names_existing_files() {
    let document = read("ARCHITECTURE.md");
    let rooms = fs::read_dir(root().join("health-runtime/src")).expect("the rooms");
    let mut folders: Vec<_> = rooms.map(|room| room.expect("a room").path()).filter(|path| path.is_dir()).collect();
    folders.extend(
        ["", "health-cli/src", "health-macros/src", "health-runtime", "health-runtime/src"]
            .map(|folder| root().join(folder)),
    );
    let prose = document.split("```").step_by(2);
    for name in prose.flat_map(|prose| prose.split('`').skip(1).step_by(2)) {
        let is_path = name.ends_with('/') || [".rs", ".md", ".toml"].iter().any(|extension| name.ends_with(extension));
        assert!(!is_path || folders.iter().any(|folder| folder.join(name).exists()), "there is no file {name}");
    }
}

#[test]
fn decisions_are_short_and_listed() {
    let index = read("docs/decisions/README.md");
    for path in files_in("docs/decisions", "md").iter().filter(|path| stem(path) != "README") {
        let (name, text) = (stem(path), read(path));
        let lines = text.lines().count();
        assert!(lines <= MAX_LINES_OF_A_DECISION, "{name} has {lines} lines; {MAX_LINES_OF_A_DECISION} are allowed");
        for part in ["**Context.**", "**Decision.**", "**Consequence.**"] {
            assert!(text.contains(part), "{name} has no {part}");
        }
        let (number, title) = (&name[..4], text.lines().next().expect("a title"));
        let title = title.strip_prefix(&format!("# {number}. ")).unwrap_or_else(|| panic!("{name} has no number"));
        assert!(index.contains(&format!("- [{number}]({name}.md) {title}\n")), "the index does not list {name}");
    }
}

#[test]
fn links_between_documents_resolve() {
    let mut documents = ["", "docs/decisions", "benches", "fuzz"].map(|folder| files_in(folder, "md")).concat();
    documents.extend(files_in("health-runtime/docs", "md"));
    for document in documents {
        let text = fs::read_to_string(&document).expect("a document");
        for link in links(&text) {
            let (path, heading) = link.split_once('#').map_or((link, None), |(path, heading)| (path, Some(heading)));
            let guide =
                ["crate::_docs::", "_docs::", PUBLISHED_GUIDES].iter().find_map(|begin| path.strip_prefix(begin));
            let leads_to = match guide {
                Some(guide) => root().join(format!("health-runtime/docs/{}.md", guide.trim_end_matches('/'))),
                None if path.is_empty() => document.clone(),
                // Other addresses, and items, whose links rustdoc checks.
                None if path.contains("://") || path.contains("::") => continue,
                None => document.with_file_name(path),
            };
            let shown = document.display();
            assert!(leads_to.exists(), "{shown} links to {link}, which does not exist");
            if let Some(heading) = heading {
                let text = fs::read_to_string(leads_to).expect("a document");
                let mut headings = text.lines().filter(|line| line.starts_with('#')).map(anchor);
                assert!(
                    headings.any(|found| found == heading),
                    "{shown} links to {link}, a heading that does not exist"
                );
            }
        }
    }
}

/// Returns the name under which rustdoc and package pages link to a heading.
fn anchor(heading: &str) -> String {
    let words = heading.trim_start_matches('#').trim().to_lowercase().replace(' ', "-");
    words.chars().filter(|letter| letter.is_alphanumeric() || *letter == '-').collect()
}

#[test]
fn guides_are_compiled_and_listed() {
    let (modules, readme) = (read("health-runtime/src/_docs.rs"), read("README.md"));
    let (crate_page, overview) = (read("health-runtime/src/lib.rs"), read("health-runtime/docs/overview.md"));
    for path in files_in("health-runtime/docs", "md") {
        let guide = stem(&path);
        // The crate page itself, and parts of the macros' documentation.
        if crate_page.contains(&format!("include_str!(\"../docs/{guide}.md\")")) {
            continue;
        }
        assert!(modules.contains(&format!("\"../docs/{guide}.md\")]\n")), "{guide} is not compiled");
        assert!(modules.contains(&format!("\npub mod {guide} {{}}\n")), "{guide} has no page");
        assert!(readme.contains(&format!("{PUBLISHED_GUIDES}{guide}/")), "the README does not list {guide}");
        assert!(overview.contains(&format!("(_docs::{guide})")), "the crate page does not list {guide}");
    }
}

#[test]
fn crate_page_lists_every_feature() {
    let (overview, manifest) = (read("health-runtime/docs/overview.md"), read("health-runtime/Cargo.toml"));
    let features = manifest.split_once("[features]").and_then(|(_, rest)| rest.split_once("\n[")).expect("features").0;
    for line in features.lines() {
        if let Some((feature, _)) = line.split_once(" = ").filter(|(name, _)| !matches!(*name, "default" | "full")) {
            assert!(overview.contains(&format!("| `{feature}` |")), "the crate page does not list {feature}");
        }
    }
}

/// The README leaves lines out.
#[test]
fn readme_shows_lines_of_the_orders_example() {
    let (readme, example) = (read("README.md"), read("examples/orders.rs"));
    let shown = readme.split("```rust,ignore\n").nth(1).and_then(|rest| rest.split("```").next()).expect("an example");
    let mut lines = example.lines();
    for line in shown.lines().filter(|line| !line.is_empty()) {
        assert!(lines.any(|of_example| of_example == line), "examples/orders.rs does not have, in this order: {line}");
    }
}

#[test]
fn readme_states_the_rust_version() {
    let manifest = read("Cargo.toml");
    let version = manifest.split("rust-version = \"").nth(1).and_then(|rest| rest.split('"').next());
    let version = version.expect("a version of Rust");
    assert!(read("README.md").contains(&format!("- **Rust**: {version} or newer")), "the README says another version");
}

#[test]
fn troubleshooting_quotes_every_problem() {
    let guide = read("health-runtime/docs/troubleshooting.md");
    let source = read("health-runtime/src/error/problem.rs");
    let problem = syn::parse_file(&source).expect("Rust").items.into_iter().find_map(|item| match item {
        syn::Item::Enum(item) if item.ident == "Problem" => Some(item),
        _ => None,
    });
    let messages = words(&read("health-runtime/src/error/message.rs").replace("\\\n", ""));
    for variant in problem.expect("`Problem`").variants {
        let name = variant.ident;
        let row = guide.split(&format!("\n| `{name}` | `")).nth(1).unwrap_or_else(|| panic!("no cure for `{name}`"));
        let message = row.split("` |").next().expect("a message");
        for part in message.split('…').map(str::trim) {
            assert!(messages.contains(&words(part)), "the message of `{name}` does not contain {part:?}");
        }
    }
}

#[test]
fn troubleshooting_names_every_log_event() {
    let guide = words(&read("health-runtime/docs/troubleshooting.md"));
    let mut messages = BTreeSet::new();
    let mut folders = vec![root().join("health-runtime/src")];
    while let Some(folder) = folders.pop() {
        for entry in fs::read_dir(folder).expect("a folder") {
            let path = entry.expect("an entry").path();
            if path.is_dir() {
                folders.push(path);
            } else if path.extension().is_some_and(|extension| extension == "rs") {
                let source = fs::read_to_string(&path).expect("a source");
                // Unit tests log events of their own.
                let source = source.split("#[cfg(test)]\nmod tests").next().expect("code");
                find_messages(source.parse().expect("Rust"), &mut messages);
            }
        }
    }
    assert!(messages.len() > 20, "{messages:?}");
    for message in messages {
        // Fields and advice follow behind these.
        let begin = message.split(['{', ';']).next().expect("text");
        let begin = begin.trim_end().trim_end_matches(", so").trim_end_matches(':');
        assert!(guide.contains(&words(begin)), "no cure for the event {message:?}");
    }
}

/// Collects the messages of all `tracing::level!(…)`: the last text in each.
fn find_messages(source: TokenStream, messages: &mut BTreeSet<String>) {
    let tokens: Vec<_> = source.into_iter().collect();
    for (index, token) in tokens.iter().enumerate() {
        let TokenTree::Group(group) = token else { continue };
        // `tracing :: warn ! ( … )`, and `tracing :: $ level ! ( … )` inside a macro.
        let is_event = tokens[index.saturating_sub(6)..index].iter().any(|token| token.to_string() == "tracing")
            && tokens[..index].last().is_some_and(|token| token.to_string() == "!");
        let text = group.stream().into_iter().filter_map(|token| match token {
            TokenTree::Literal(literal) => syn::parse_str::<syn::LitStr>(&literal.to_string()).ok(),
            _ => None,
        });
        match text.last().filter(|_| is_event) {
            Some(message) => _ = messages.insert(message.value()),
            None => find_messages(group.stream(), messages),
        }
    }
}
