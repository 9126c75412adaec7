//! rust-analyzer in a crate with declarations: completion, definitions, renames, hovers and hints.

#![allow(clippy::expect_used, clippy::unwrap_used, reason = "tests fail by panicking")]

use std::{
    collections::BTreeSet,
    fs,
    io::{BufRead as _, BufReader, Read as _, Write as _},
    path::{Path, PathBuf},
    process::{Child, ChildStdin, ChildStdout, Command, Stdio},
};

use serde_json::{Value, json};

/// A language server with one open file.
struct Editor {
    server: Child,
    input: ChildStdin,
    output: BufReader<ChildStdout>,
    last_id: u64,
    file: String,
    text: String,
}

impl Editor {
    /// Opens the fixture and waits until the server has loaded it.
    fn open() -> Self {
        let tests = Path::new(env!("CARGO_MANIFEST_DIR"));
        let fixture = tests.join("fixtures/editor");
        // The versions of this workspace, so that cargo fetches nothing.
        fs::copy(tests.join("../Cargo.lock"), fixture.join("Cargo.lock")).expect("a copy of the lock file");
        let target = PathBuf::from(env!("CARGO_TARGET_TMPDIR")).join("editor");
        let mut server = Command::new("rust-analyzer")
            .current_dir(&fixture)
            .env("CARGO_TARGET_DIR", target)
            .env("CARGO_NET_OFFLINE", "true")
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()
            .expect("rust-analyzer");
        let file = fixture.join("src/lib.rs");
        let text = fs::read_to_string(&file).expect("the fixture");
        let mut editor = Self {
            input: server.stdin.take().expect("a pipe"),
            output: BufReader::new(server.stdout.take().expect("a pipe")),
            server,
            last_id: 0,
            file: format!("file://{}", file.display()),
            text: text.clone(),
        };
        let completion = json!({ "completion": { "completionItem": { "snippetSupport": false } } });
        let parameters = json!({
            "processId": null,
            "rootUri": format!("file://{}", fixture.display()),
            "capabilities": { "textDocument": completion, "experimental": { "serverStatusNotification": true } },
            "initializationOptions": { "checkOnSave": false },
        });
        editor.request("initialize", &parameters);
        editor.notify("initialized", &json!({}));
        let document = json!({ "uri": editor.file, "languageId": "rust", "version": 1, "text": text });
        editor.notify("textDocument/didOpen", &json!({ "textDocument": document }));
        loop {
            let message = editor.receive();
            if message["method"] == "experimental/serverStatus" && message["params"]["quiescent"] == true {
                // Offline, it may warn that it knows nothing about the dependencies of std.
                assert_ne!(message["params"]["health"], "error", "{message}");
                return editor;
            }
        }
    }

    /// Replaces the text of the file in the editor, without saving it.
    fn edit(&mut self, text: String) {
        let document = json!({ "uri": self.file, "version": self.last_id + 2 });
        let change = json!({ "textDocument": document, "contentChanges": [{ "text": text }] });
        self.notify("textDocument/didChange", &change);
        self.text = text;
    }

    /// Requests something about a place and returns the result.
    fn ask(&mut self, method: &str, place: &Value) -> Value {
        let document = json!({ "textDocument": { "uri": self.file } });
        let mut parameters = document.as_object().cloned().expect("an object");
        parameters.extend(place.as_object().cloned().expect("an object"));
        self.request(method, &Value::Object(parameters))
    }

    /// Returns the position of the first `text` behind the first `context`.
    fn position(&self, context: &str, text: &str) -> Value {
        let start = self.text.find(context).expect(context);
        let at = start + self.text[start..].find(text).expect(text);
        let before = &self.text[..at];
        let line = before.matches('\n').count();
        let character = before.len() - before.rfind('\n').map_or(0, |newline| newline + 1);
        json!({ "line": line, "character": character })
    }

    fn request(&mut self, method: &str, parameters: &Value) -> Value {
        self.last_id += 1;
        let id = self.last_id;
        self.send(&json!({ "jsonrpc": "2.0", "id": id, "method": method, "params": parameters }));
        loop {
            let message = self.receive();
            if message.get("method").is_none() && message["id"] == id {
                assert!(message.get("error").is_none(), "{method}: {message}");
                return message["result"].clone();
            }
        }
    }

    fn notify(&mut self, method: &str, parameters: &Value) {
        self.send(&json!({ "jsonrpc": "2.0", "method": method, "params": parameters }));
    }

    fn send(&mut self, message: &Value) {
        let body = message.to_string();
        write!(self.input, "Content-Length: {}\r\n\r\n{body}", body.len()).expect("rust-analyzer reads");
        self.input.flush().expect("rust-analyzer reads");
    }

    /// Receives a message. Answers requests of the server, which waits for some.
    fn receive(&mut self) -> Value {
        let mut length = 0;
        loop {
            let mut header = String::new();
            assert_ne!(self.output.read_line(&mut header).expect("rust-analyzer writes"), 0, "rust-analyzer ended");
            if let Some(value) = header.strip_prefix("Content-Length:") {
                length = value.trim().parse().expect("a length");
            }
            if header.trim().is_empty() {
                break;
            }
        }
        let mut body = vec![0; length];
        self.output.read_exact(&mut body).expect("rust-analyzer writes");
        let message: Value = serde_json::from_slice(&body).expect("JSON");
        if message.get("method").is_some() && message.get("id").is_some() {
            self.send(&json!({ "jsonrpc": "2.0", "id": message["id"], "result": null }));
        }
        message
    }
}

impl Drop for Editor {
    fn drop(&mut self) {
        let _ = self.server.kill();
        let _ = self.server.wait();
    }
}

/// One test, because loading the crate takes longer than all requests.
#[test]
#[ignore = "needs rust-analyzer: scripts/peers"]
fn editor_understands_declarations() {
    let mut editor = Editor::open();
    dependencies_lead_to_their_checks(&mut editor);
    rename_reaches_dependants(&mut editor);
    keys_show_their_documentation(&mut editor);
    annotation_changes_no_hint(&mut editor);
    unfinished_body_is_completed(&mut editor);
}

fn dependencies_lead_to_their_checks(editor: &mut Editor) {
    for (dependency, function) in [("db, ", "db(pool"), ("quota))", "quota() "), ("smtp))", "smtp(&self)")] {
        let place = json!({ "position": editor.position("depends_on", dependency) });
        let definitions = editor.ask("textDocument/definition", &place);
        let expected = editor.position("async fn", function);
        // The hidden constant follows; it leads to the attribute above the function.
        assert_eq!(definitions[0]["range"]["start"], expected, "{definitions}");
    }
}

fn rename_reaches_dependants(editor: &mut Editor) {
    let place = json!({ "position": editor.position("async fn db", "db"), "newName": "store" });
    let edits = editor.ask("textDocument/rename", &place);
    let changed = lines_of(&edits.to_string(), &editor.text);
    assert_eq!(changed.len(), 2, "{edits}");
    assert!(changed.iter().any(|line| line.contains("async fn db")), "{changed:?}");
    assert!(changed.iter().any(|line| line.contains("depends_on(db")), "{changed:?}");
}

/// Returns the lines of a text that a response names.
fn lines_of(response: &str, text: &str) -> BTreeSet<String> {
    let lines: Vec<&str> = text.lines().collect();
    let numbers = response.split("\"line\":").skip(1);
    let numbers = numbers.filter_map(|rest| rest.split([',', '}']).next()?.parse::<usize>().ok());
    numbers.map(|number| lines[number].to_owned()).collect()
}

/// Checks the keys of a function and of a method.
fn keys_show_their_documentation(editor: &mut Editor) {
    const FUNCTION: &str = "#[health_check(level = 3, name";
    const METHOD: &str = "#[health_check(level = 2, max_age";
    const DEPENDANT: &str = "#[health_check(level = 3, depends_on";
    for (attribute, key, documentation) in [
        (FUNCTION, "level", "from 5, the cheapest"),
        (FUNCTION, "name", "key in every format"),
        (FUNCTION, "timeout", "Sets the time after which a run counts as failed"),
        (FUNCTION, "critical", "Sets whether a failure counts in full"),
        (FUNCTION, "readiness", "Adds the check to the readiness group"),
        (FUNCTION, "tags", "Adds tags"),
        (METHOD, "level", "from 5, the cheapest"),
        (METHOD, "max_age", "Sets the age up to which a result is reused"),
        (DEPENDANT, "depends_on", "must work for this one"),
    ] {
        let place = json!({ "position": editor.position(attribute, key) });
        let hover = editor.ask("textDocument/hover", &place);
        assert!(hover.to_string().contains(documentation), "{key}: {hover}");
    }
}

/// Compares the hints of two equal bodies.
fn annotation_changes_no_hint(editor: &mut Editor) {
    let mut hints_of = |function: &str| {
        let start = editor.position(function, "async fn");
        let line = start["line"].as_u64().expect("a line");
        // From the attribute to the end of the body.
        let range =
            json!({ "start": { "line": line - 2, "character": 0 }, "end": { "line": line + 4, "character": 0 } });
        let hints = editor.ask("textDocument/inlayHint", &json!({ "range": range }));
        let hints = hints.as_array().cloned().unwrap_or_default();
        let relative = hints.iter().map(|hint| {
            let position = &hint["position"];
            let below = position["line"].as_u64().expect("a line").wrapping_sub(line);
            (below, position["character"].as_u64(), hint["label"].to_string())
        });
        relative.collect::<Vec<_>>()
    };
    let (annotated, plain) = (hints_of("pub async fn db"), hints_of("pub async fn plain"));
    assert!(!plain.is_empty(), "there is a hint at `let open`");
    assert_eq!(annotated, plain);
}

fn unfinished_body_is_completed(editor: &mut Editor) {
    let text = editor.text.replacen("let open = pool.open_connections;\n    open > 0", "pool.\n    let = ", 1);
    assert_ne!(text, editor.text);
    editor.edit(text);
    let mut position = editor.position("pub async fn db", "pool.\n");
    position["character"] = json!(position["character"].as_u64().expect("a column") + 5);
    let completion = editor.ask("textDocument/completion", &json!({ "position": position }));
    assert!(completion.to_string().contains("open_connections"), "{completion}");
}
