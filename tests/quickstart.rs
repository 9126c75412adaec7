//! The quickstart, started as the README says: what it prints is what the README shows, and what it answers
//! has the shape that it promises.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{fs, net::TcpListener, path::Path, process::Stdio};

use health_tests::{example, get, request, start_and_read};
use serde_json::Value;

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn quickstart_answers_as_the_readme_shows() {
    let (_service, printed) = start_and_read("quickstart", &[("API_VERSION", "7.8.9"), ("PORT", "0")], "/readyz");
    let address = printed.split("http://").nth(1).and_then(|rest| rest.split('/').next()).expect("an address");
    // The README shows the output with the default port.
    let shown = printed.replace(address, "127.0.0.1:5000");
    let address = address.parse().expect("an address");
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).expect("a README");
    assert!(readme.contains(&format!("```text\n{shown}```\n")), "the README shows another output than:\n{shown}");
    let shown = readme.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the sample");
    let shown: Value = serde_json::from_str(shown).expect("JSON");

    let ship = get(address, "/api/health_levels/1").await;
    // The checks are real: on a machine with a full disk or no free memory they fail.
    assert!(matches!(ship.status, 200 | 503), "{ship:?}");
    assert_eq!(ship.header("content-type"), "application/json");
    let ship = ship.json();
    assert_eq!(keys(&ship), ["level_1", "level_2", "level_3", "level_4", "level_5"]);
    for level in 1..=5 {
        let key = format!("level_{level}");
        assert_eq!(keys(&ship[&key]), keys(&shown[&key]), "{key}");
        if level > 1 {
            let alone = get(address, &format!("/api/health_levels/{level}")).await;
            assert_eq!(keys(&alone.json()), keys(&ship[&key]), "{key}");
        }
    }
    assert_eq!(ship["level_1"]["db"], serde_json::json!({ "is_db_online": true, "is_db_writeable": true }));
    assert_eq!(keys(&ship["level_1"]["storage"]), keys(&shown["level_1"]["storage"]));
    let free = ship["level_1"]["storage"]["percentage_available_free"].as_f64().expect("a share");
    assert!((0.0..=1.0).contains(&free), "{free}");
    assert_eq!(ship["level_1"]["is_logging_enabled"], true);
    assert!(ship["level_2"]["gb_ram_used"].as_f64().is_some_and(|used| used > 0.0));
    assert_eq!(ship["level_3"]["are_supporting_microservices_healthy"], true);
    assert!(ship["level_4"]["is_bandwidth_sufficient"].is_boolean());
    assert_eq!(ship["level_5"], serde_json::json!({ "api_version": "7.8.9", "is_connection_healthy": true }));

    for path in ["/livez", "/readyz", "/startupz"] {
        assert_eq!(get(address, path).await.body, "ok", "{path}");
    }
    let overview = get(address, "/health").await.json();
    assert_eq!(overview["info"]["repo"], "abc/api");
    assert_eq!(overview["info"].get("environment"), None, "loopback and no `APP_ENV`");
    assert_eq!(request(address, "POST", "/health").await.status, 405);
}

#[test]
fn taken_port_names_the_command_to_use_instead() {
    let taken = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let port = taken.local_addr().expect("an address").port().to_string();
    for port in [&*port, "http", "65536"] {
        let output =
            example("quickstart").env("PORT", port).stderr(Stdio::piped()).output().expect("the example starts");
        let text = String::from_utf8_lossy(&output.stderr);
        assert!(!output.status.success(), "{port}: {text}");
        assert!(text.contains(&format!("cannot listen on port {port}: ")), "{text}");
        assert!(text.contains("PORT=5001 cargo run --example quickstart"), "{text}");
    }
}

#[test]
fn quickstart_stays_short() {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart.rs"));
    assert!(source.expect("the example").lines().count() < 120);
}

/// Readers paste them from package pages, which show the lines that rustdoc hides. Doctests compile each block of Rust.
#[test]
fn examples_of_readme_and_guides_can_be_pasted() {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    let guides = fs::read_dir(root.join("health-runtime/docs")).expect("the guides");
    let guides = guides.map(|guide| guide.expect("a guide").path());
    let texts: Vec<_> = guides
        .chain([root.join("README.md")])
        .map(|path| fs::read_to_string(&path).unwrap_or_else(|error| panic!("{}: {error}", path.display())))
        .collect();
    let blocks: Vec<_> = texts.iter().flat_map(|text| text.split("\n```").skip(1).step_by(2)).collect();
    assert!(blocks.iter().filter(|block| block.starts_with("rust")).count() > 10, "there are examples");
    for block in blocks {
        let (language, code) = block.split_once('\n').expect("a block");
        if language.starts_with("rust") {
            let is_hidden = |line: &str| line == "#" || line.starts_with("# ");
            assert!(!code.lines().any(|line| is_hidden(line.trim_start())), "a hidden line in:\n{code}");
            assert!(code.contains("use "), "no imports in:\n{code}");
        } else if language != "log" {
            assert!(!code.contains("health_runtime"), "not compiled:\n{code}");
        }
    }
}
