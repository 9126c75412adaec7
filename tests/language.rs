//! The rules of plain English that a pattern can hold: how sentences begin, "is not a valid" instead of "is no", names of tests.
//!
//! `LANGUAGE_PATHS="health-macros/src README.md"` reads these files and folders alone.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::BTreeSet,
    env, fs,
    path::{Path, PathBuf},
};

/// Words that begin no sentence, in lower case.
const FORBIDDEN_BEGINNINGS: [&[&str]; 10] = [
    &["what"],
    &["who"],
    &["whoever"],
    &["which"],
    &["those"],
    &["of"],
    &["as", "of"],
    &["one", "that"],
    &["one", "who"],
    &["one", "which"],
];

/// Words that may begin a question.
const QUESTION_WORDS: [&str; 3] = ["what", "who", "which"];

/// Words after "That" that make it the pronoun of a clause. Before another noun, it points: "That file is empty."
const WORDS_OF_A_CLAUSE: [&str; 51] = [
    "a", "all", "also", "an", "and", "any", "are", "at", "both", "by", "can", "did", "do", "each", "every", "few",
    "for", "from", "had", "has", "he", "if", "in", "is", "it", "its", "many", "may", "most", "must", "no", "nobody",
    "none", "not", "nothing", "of", "on", "one", "only", "or", "other", "some", "such", "the", "their", "there",
    "they", "this", "to", "was", "were",
];

const FORBIDDEN_TEST_NAMES: [&str; 11] =
    ["who_", "what_", "whoever_", "which_", "those_", "that_", "it_", "its_", "of_", "as_of_", "one_that_"];

/// Folders without prose: build output, inputs of parsers.
const SKIPPED_FOLDERS: [&str; 4] = ["target", "corpus", ".git", "node_modules"];

/// The sources whose string literals are messages.
const MESSAGE_FOLDERS: [&str; 3] = ["health-cli/src", "health-macros/src", "health-runtime/src"];

#[derive(Debug, PartialEq, Eq, PartialOrd, Ord)]
struct Hit {
    line: usize,
    sentence: String,
}

/// Words in a row, each with its line; the text between two breaks of Markdown, a message, a table's cell.
#[derive(Default)]
struct Paragraph {
    words: Vec<(usize, String)>,
    /// Whether its first sentence may begin in lower case, as in a comment behind code.
    is_lower_case: bool,
}

#[test]
fn sentences_and_test_names_are_plain_english() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let root = root.canonicalize().expect("the workspace");
    let chosen = env::var("LANGUAGE_PATHS").unwrap_or_default();
    let mut chosen: Vec<_> = chosen.split_whitespace().map(|path| root.join(path)).collect();
    if chosen.is_empty() {
        chosen.push(root.clone());
    }
    let mut files = BTreeSet::new();
    for path in chosen {
        collect(&path, &mut files);
    }
    assert!(!files.is_empty(), "no files found");
    let mut lines = Vec::new();
    for file in files {
        let Ok(text) = fs::read_to_string(&file) else { continue };
        let shown = file.strip_prefix(&root).unwrap_or(&file).display().to_string();
        lines.extend(hits(&file, &text).into_iter().map(|hit| format!("{shown}:{}: {}", hit.line, hit.sentence)));
    }
    assert!(lines.is_empty(), "{} hits\n{}", lines.len(), lines.join("\n"));
}

fn collect(path: &Path, files: &mut BTreeSet<PathBuf>) {
    if path.is_file() {
        files.insert(path.to_owned());
        return;
    }
    for entry in fs::read_dir(path).unwrap_or_else(|error| panic!("{}: {error}", path.display())) {
        let path = entry.expect("an entry").path();
        let name = path.file_name().unwrap_or_default().to_string_lossy().into_owned();
        if !SKIPPED_FOLDERS.contains(&name.as_str()) || path.is_file() {
            collect(&path, files);
        }
    }
}

fn hits(file: &Path, text: &str) -> Vec<Hit> {
    let mut hits = match file.extension().and_then(|extension| extension.to_str()) {
        Some("rs") => {
            let is_message = MESSAGE_FOLDERS.iter().any(|folder| file.to_string_lossy().contains(folder));
            hits_in_rust(text, 1, is_message)
        }
        Some("md") => hits_in_prose(&numbered(text, 1), false),
        Some("toml" | "yml" | "yaml" | "sh" | "py") => hits_in_hash_comments(text),
        None if text.starts_with("#!") => hits_in_hash_comments(text),
        Some("js" | "mjs" | "css") => hits_in_blocks(&slash_comments(text)),
        _ => Vec::new(),
    };
    hits.sort();
    hits.dedup();
    hits
}

fn numbered(text: &str, first: usize) -> Vec<(usize, String)> {
    text.lines().enumerate().map(|(index, line)| (first + index, line.to_owned())).collect()
}

// Sentences

fn hits_in_paragraph(paragraph: &Paragraph) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut start = 0;
    let mut ticks = 0;
    for (index, (_, word)) in paragraph.words.iter().enumerate() {
        ticks += word.matches('`').count();
        let is_last = index + 1 == paragraph.words.len();
        let ends =
            ticks % 2 == 0 && word.trim_end_matches([')', '"', '\'', '*', '_', '`', '”']).ends_with(['.', '!', '?']);
        if !is_last && (!ends || ["e.g.", "i.e."].contains(&word.as_str())) {
            continue;
        }
        let sentence = &paragraph.words[start..=index];
        if is_hit(sentence, start == 0 && paragraph.is_lower_case) {
            let words: Vec<_> = sentence.iter().map(|(_, word)| word.as_str()).collect();
            hits.push(Hit { line: sentence[0].0, sentence: words.join(" ") });
        }
        start = index + 1;
        ticks = 0;
    }
    hits
}

fn is_hit(sentence: &[(usize, String)], is_lower_case: bool) -> bool {
    let words: Vec<_> = sentence.iter().map(|(_, word)| word.as_str()).collect();
    begins_badly(&words, is_lower_case) || says_is_no(&words)
}

fn begins_badly(words: &[&str], is_lower_case: bool) -> bool {
    let Some(first) = words.first().map(|word| word.trim_start_matches(['*', '_', '('])) else { return false };
    // `that` in backticks and `{what}` in a message are code.
    let begins_with_word = if is_lower_case { char::is_alphabetic } else { char::is_uppercase };
    if !first.starts_with(begins_with_word) {
        return false;
    }
    let plain = |word: &str| word.trim_matches(|char: char| !char.is_alphanumeric()).to_lowercase();
    let is_question = words.last().is_some_and(|word| word.trim_end_matches(['"', ')', '*', '_']).ends_with('?'));
    let lower: Vec<_> = words.iter().take(2).map(|word| plain(word)).collect();
    if is_question && QUESTION_WORDS.contains(&lower[0].as_str()) {
        return false;
    }
    if lower[0] == "that" {
        let Some(next) = words.get(1) else { return true };
        let noun = &lower[1];
        let is_plural = noun.ends_with('s') && !["ss", "us", "is"].iter().any(|ending| noun.ends_with(ending));
        return next.starts_with(['`', '"', '\'']) || is_plural || WORDS_OF_A_CLAUSE.contains(&noun.as_str());
    }
    FORBIDDEN_BEGINNINGS
        .iter()
        .any(|beginning| lower.len() >= beginning.len() && lower[..beginning.len()] == **beginning)
}

/// Finds a "no" that should be "not a valid". It stays after "there" and before a comparison.
fn says_is_no(words: &[&str]) -> bool {
    let plain = |index: usize| words.get(index).map_or("", |word| word.trim_matches(['(', ')', ',', '"', '*', '_']));
    words.windows(2).enumerate().any(|(index, pair)| {
        let verb = pair[0].trim_start_matches(['(', '"', '*', '_']);
        if !["is", "are"].contains(&verb) || pair[1] != "no" {
            return false;
        }
        let is_there = index > 0 && plain(index - 1).eq_ignore_ascii_case("there");
        let is_comparison = ["longer", "more"].contains(&plain(index + 2))
            || (plain(index + 2).ends_with("er") && plain(index + 3) == "than");
        !is_there && !is_comparison
    })
}

// Markdown, which doc comments are as well

fn hits_in_prose(lines: &[(usize, String)], is_lower_case: bool) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut paragraph = Paragraph { is_lower_case, ..Paragraph::default() };
    let mut fence: Option<(String, Vec<(usize, String)>)> = None;
    let flush = |paragraph: &mut Paragraph, hits: &mut Vec<Hit>, is_lower_case| {
        hits.extend(hits_in_paragraph(paragraph));
        *paragraph = Paragraph { is_lower_case, ..Paragraph::default() };
    };
    for (line, text) in lines {
        let text = text.trim();
        if text.starts_with("```") {
            flush(&mut paragraph, &mut hits, is_lower_case);
            match fence.take() {
                Some((language, code)) => hits.extend(hits_in_fence(&language, &code)),
                None => fence = Some((text.trim_start_matches('`').to_owned(), Vec::new())),
            }
        } else if let Some((_, code)) = &mut fence {
            code.push((*line, text.strip_prefix("# ").unwrap_or(text).to_owned()));
        } else if text.is_empty() || text.starts_with("<!--") {
            flush(&mut paragraph, &mut hits, is_lower_case);
        } else if text.starts_with('|') {
            flush(&mut paragraph, &mut hits, is_lower_case);
            for cell in text.split('|') {
                paragraph.is_lower_case = false;
                push_words(&mut paragraph, *line, cell);
                flush(&mut paragraph, &mut hits, is_lower_case);
            }
        } else {
            let plain = without_marker(text);
            if plain.len() < text.len() {
                flush(&mut paragraph, &mut hits, true);
            }
            push_words(&mut paragraph, *line, plain);
            if text.starts_with('#') {
                flush(&mut paragraph, &mut hits, is_lower_case);
            }
        }
    }
    flush(&mut paragraph, &mut hits, is_lower_case);
    hits
}

fn push_words(paragraph: &mut Paragraph, line: usize, text: &str) {
    paragraph.words.extend(text.split_whitespace().map(|word| (line, word.to_owned())));
}

/// The text of a list's item, a heading or a quotation, without what marks it.
fn without_marker(text: &str) -> &str {
    let digits = text.trim_start_matches(|char: char| char.is_ascii_digit());
    if digits.len() < text.len() && digits.starts_with(". ") {
        return digits[2..].trim_start();
    }
    let marker = text.split(' ').next().unwrap_or_default();
    let is_marker =
        ["-", "*", "+", ">"].contains(&marker) || (!marker.is_empty() && marker.chars().all(|char| char == '#'));
    if is_marker { text[marker.len()..].trim_start() } else { text }
}

fn hits_in_fence(language: &str, code: &[(usize, String)]) -> Vec<Hit> {
    let Some((first, _)) = code.first() else { return Vec::new() };
    let text: Vec<_> = code.iter().map(|(_, line)| line.as_str()).collect();
    let language = language.split(',').next().unwrap_or_default().trim();
    if ["", "rust", "no_run", "ignore", "should_panic", "compile_fail"].contains(&language) {
        hits_in_rust(&text.join("\n"), *first, false)
    } else {
        Vec::new()
    }
}

// Comments

/// The lines of a comment, which is one text although each line has a marker.
struct Block {
    is_behind_code: bool,
    lines: Vec<(usize, String)>,
}

fn hits_in_blocks(blocks: &[Block]) -> Vec<Hit> {
    blocks.iter().flat_map(|block| hits_in_prose(&block.lines, true)).collect()
}

fn hits_in_hash_comments(text: &str) -> Vec<Hit> {
    let mut blocks: Vec<Block> = Vec::new();
    for (line, text) in numbered(text, 1) {
        let Some(start) = text.find('#').filter(|start| text[..*start].ends_with([' ', '\t']) || *start == 0) else {
            continue;
        };
        let Some(comment) = text[start + 1..].strip_prefix(' ') else { continue };
        push_line(&mut blocks, !text[..start].trim().is_empty(), line, comment);
    }
    hits_in_blocks(&blocks)
}

/// Adds a line to the comment that ends on the line before, or begins a new one.
fn push_line(blocks: &mut Vec<Block>, is_behind_code: bool, line: usize, text: &str) {
    let last = blocks.last_mut().filter(|block| block.lines.last().is_some_and(|(last, _)| last + 1 == line));
    match last {
        Some(block) if !is_behind_code && !block.is_behind_code => block.lines.push((line, text.to_owned())),
        _ => blocks.push(Block { is_behind_code, lines: vec![(line, text.to_owned())] }),
    }
}

/// The comments of a style sheet or a script.
fn slash_comments(text: &str) -> Vec<Block> {
    let mut blocks = Vec::new();
    let mut is_open = false;
    for (line, text) in numbered(text, 1) {
        let text = text.trim();
        let start = ["/*", "// "].iter().filter_map(|marker| text.find(marker)).min();
        if is_open || start.is_some() {
            let start = if is_open { 0 } else { start.unwrap_or_default() };
            let comment = text[start..].trim_start_matches(['/', '*']).trim_end_matches("*/");
            push_line(&mut blocks, start > 0, line, comment);
            is_open = (is_open || text[start..].starts_with("/*")) && !text.contains("*/");
        }
    }
    blocks
}

// Rust

fn hits_in_rust(text: &str, first_line: usize, is_message: bool) -> Vec<Hit> {
    let parts = split_rust(text, first_line);
    let mut hits = hits_in_blocks(&parts.comments);
    for (line, literal) in parts.literals.iter().filter(|_| is_message) {
        // A part of a sentence begins with a space, and a name has none.
        let is_message = !literal.starts_with(char::is_whitespace) && literal.trim().contains(' ');
        let mut paragraph = Paragraph { is_lower_case: is_message, ..Paragraph::default() };
        push_words(&mut paragraph, *line, literal);
        hits.extend(hits_in_paragraph(&paragraph));
    }
    hits.extend(test_names(&parts.code, first_line));
    hits
}

/// A Rust source, taken apart.
#[derive(Default)]
struct RustParts {
    /// Everything else, with the lines where they were.
    code: String,
    comments: Vec<Block>,
    literals: Vec<(usize, String)>,
}

fn split_rust(text: &str, first_line: usize) -> RustParts {
    let mut parts = RustParts::default();
    let mut rest = text;
    let mut line = first_line;
    while let Some(char) = rest.chars().next() {
        let is_behind_code =
            !parts.code.lines().last().unwrap_or_default().trim().is_empty() && !parts.code.ends_with('\n');
        let follows_name = parts.code.ends_with(|char: char| char.is_alphanumeric() || char == '_');
        let taken = if rest.starts_with("//") {
            let comment = rest.lines().next().unwrap_or_default();
            let shown = comment.trim_start_matches('/').trim_start_matches('!');
            push_line(&mut parts.comments, is_behind_code, line, shown);
            comment.len()
        } else if rest.starts_with("/*") {
            let length = block_comment(rest);
            for (offset, comment) in rest[..length].lines().enumerate() {
                let shown = comment.trim().trim_start_matches(['/', '*', '!']).trim_end_matches("*/");
                push_line(&mut parts.comments, is_behind_code, line + offset, shown);
            }
            length
        } else if let Some((length, literal)) = string(rest).filter(|_| !follows_name || char == '"') {
            parts.literals.push((line, literal));
            parts.code.push_str("\"\"");
            length
        } else {
            let length = char_literal(rest).unwrap_or(char.len_utf8());
            parts.code.push_str(&rest[..length]);
            line += rest[..length].matches('\n').count();
            rest = &rest[length..];
            continue;
        };
        let newlines = rest[..taken].matches('\n').count();
        parts.code.extend(std::iter::repeat_n('\n', newlines));
        line += newlines;
        rest = &rest[taken..];
    }
    parts
}

/// The length of a block comment, which may hold others.
fn block_comment(text: &str) -> usize {
    let mut depth = 0;
    let mut at = 0;
    while at < text.len() {
        if text[at..].starts_with("/*") {
            depth += 1;
            at += 2;
        } else if text[at..].starts_with("*/") {
            depth -= 1;
            at += 2;
            if depth == 0 {
                return at;
            }
        } else {
            at += text[at..].chars().next().map_or(1, char::len_utf8);
        }
    }
    at
}

/// The length and the text of the string literal here: `"…"`, `r#"…"#`, `b"…"`, `c"…"`.
fn string(text: &str) -> Option<(usize, String)> {
    let prefix = text.find(|char: char| !['b', 'c', 'r'].contains(&char)).filter(|length| *length <= 2)?;
    let hashes = text[prefix..].chars().take_while(|char| *char == '#').count();
    let is_raw = text[..prefix].contains('r');
    if !text[prefix + hashes..].starts_with('"') || (hashes > 0 && !is_raw) {
        return None;
    }
    let start = prefix + hashes + 1;
    if is_raw {
        let end = format!("\"{}", "#".repeat(hashes));
        let length = text[start..].find(&end)?;
        return Some((start + length + end.len(), text[start..start + length].to_owned()));
    }
    let mut literal = String::new();
    let mut chars = text[start..].char_indices();
    while let Some((at, char)) = chars.next() {
        match char {
            '"' => return Some((start + at + 1, literal)),
            // An escaped line break takes the indentation with it, as `split_whitespace` does.
            '\\' => match chars.next()?.1 {
                'n' | '\n' => literal.push('\n'),
                escaped => literal.push(escaped),
            },
            other => literal.push(other),
        }
    }
    None
}

/// The length of the character here, `'x'` or `'\''`; a lifetime has none.
fn char_literal(text: &str) -> Option<usize> {
    let inner = text.strip_prefix('\'')?;
    if let Some(escape) = inner.strip_prefix('\\') {
        return escape.get(1..)?.find('\'').map(|end| end + 4);
    }
    let char = inner.chars().next()?;
    inner[char.len_utf8()..].starts_with('\'').then(|| char.len_utf8() + 2)
}

fn test_names(code: &str, first_line: usize) -> Vec<Hit> {
    let mut hits = Vec::new();
    let mut is_test = false;
    for (line, text) in numbered(code, first_line) {
        let text = text.trim();
        is_test |= text.contains("test]") || text.contains("test(") && text.starts_with("#[");
        let Some((_, declaration)) = text.split_once("fn ").filter(|_| is_test) else { continue };
        is_test = false;
        let name = declaration.split(['(', '<']).next().unwrap_or_default();
        if FORBIDDEN_TEST_NAMES.iter().any(|beginning| name.starts_with(beginning)) {
            hits.push(Hit { line, sentence: format!("fn {name}") });
        }
    }
    hits
}

// The check itself

fn sentences(file: &str, text: &str) -> Vec<String> {
    hits(Path::new(file), text).into_iter().map(|hit| format!("{}: {}", hit.line, hit.sentence)).collect()
}

#[test]
fn comments_are_read_sentence_by_sentence() {
    let text = "\
/// Waits for `a. Of b`. What is blocked\n/// goes on. That file is closed.\nfn a() {} // who asks\n\
//! That the file\n//! is gone. That is why.\n//!\n//! - one that waits\n//! What now? Which one?\n\
/* Those\n   of /* As of */ old */\n";
    let expected = [
        "1: What is blocked goes on.",
        "3: who asks",
        "4: That the file is gone.",
        "5: That is why.",
        "7: one that waits What now?",
        "9: Those of /* As of */ old",
    ];
    assert_eq!(sentences("a.rs", text), expected);
}

#[test]
fn examples_in_documentation_are_read_as_code() {
    let text = "/// ```\n/// let a = \"is no b\"; // what it is\n/// ```\n/// ```text\n/// // what it is\n/// ```\n";
    assert_eq!(sentences("a.rs", text), ["2: what it is"]);
}

#[test]
fn is_no_is_found_unless_it_compares_or_follows_there() {
    let text = "\
`2x` is no duration. There is no file. There are no files. It is no longer open.\n\
A result is no older than a second. (Numbers are\nno names.)\n";
    assert_eq!(sentences("a.md", text), ["1: `2x` is no duration.", "2: (Numbers are no names.)"]);
}

#[test]
fn messages_are_literals_of_the_two_crates() {
    let text = "let a = ['\"', '\\''];\nlet b = \"{x} is no \\\n   duration\";\nlet c = r#\"who \"asks\"\"#;\nlet d = \" of a\";\nlet e = \"of\";";
    assert_eq!(sentences("health-runtime/src/a.rs", text), ["2: {x} is no duration", "4: who \"asks\""]);
    assert_eq!(sentences("tests/a.rs", text), [""; 0]);
}

#[test]
fn names_of_tests_alone_are_checked() {
    let text = "#[test]\n#[ignore]\nfn it_works() {}\nfn it_helps() {}\n#[tokio::test(start_paused = true)]\nasync fn who_asks() {}\n";
    assert_eq!(sentences("a.rs", text), ["3: fn it_works", "6: fn who_asks"]);
}

#[test]
fn markers_of_markdown_do_not_hide_a_beginning() {
    let text = "## What it is\nof old\n\n1. **Who asks**\n> of old\n\n| What | is it |\n|---|---|\nwhat was\n";
    assert_eq!(sentences("a.md", text), ["1: What it is", "4: **Who asks**", "5: of old", "7: What"]);
    assert_eq!(sentences("a.toml", "a = 1 # of b\n# That is.\n#x\n"), ["1: of b", "2: That is."]);
}
