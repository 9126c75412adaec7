//! The quickstart, started as the README says: what it prints is what the README shows, and what it answers
//! has the shape that it promises.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    fs,
    io::{BufRead, BufReader},
    net::SocketAddr,
    path::Path,
    process::{Child, Command, Stdio},
};

use health_tests::{get, request};
use serde_json::Value;

const ADDRESS: SocketAddr = SocketAddr::new(std::net::IpAddr::V4(std::net::Ipv4Addr::LOCALHOST), 5000);

/// Ends the service with the test.
struct Service(Child);

impl Drop for Service {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

/// Starts it, and gives back what it prints.
fn start() -> (Service, String) {
    let root = Path::new(env!("CARGO_MANIFEST_DIR")).join("..");
    // Not through `cargo run`: a signal to cargo does not reach what it runs.
    let target = std::env::current_exe().expect("a path").ancestors().nth(2).expect("the profile's folder").to_owned();
    let profile = target.file_name().and_then(|name| name.to_str()).expect("a name");
    let profile = if profile == "debug" { "dev" } else { profile };
    let build = ["build", "--example", "quickstart", "--profile", profile];
    let build = Command::new(env!("CARGO")).args(build).current_dir(&root).status();
    assert!(build.expect("cargo runs").success(), "the quickstart does not build");
    let mut child = Command::new(target.join("examples/quickstart"))
        .env("API_VERSION", "7.8.9")
        .env_remove("APP_ENV")
        .current_dir(&root)
        .stdout(Stdio::piped())
        .stderr(Stdio::null())
        .spawn()
        .expect("the quickstart starts");
    let stdout = BufReader::new(child.stdout.take().expect("a pipe"));
    let service = Service(child);
    let mut printed = String::new();
    for line in stdout.lines() {
        let line = line.expect("text");
        printed.push_str(&line);
        printed.push('\n');
        if line.contains("/readyz") {
            return (service, printed);
        }
    }
    panic!("the quickstart ended, is port 5000 taken? It printed: {printed}");
}

fn keys(value: &Value) -> Vec<&str> {
    value.as_object().expect("an object").keys().map(String::as_str).collect()
}

#[tokio::test]
async fn it_does_what_the_readme_says() {
    let (_service, printed) = start();
    let readme = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../README.md")).expect("a README");
    assert!(readme.contains(&format!("```text\n{printed}```\n")), "the README shows another output than:\n{printed}");
    let shown = readme.split("```json\n").nth(1).and_then(|rest| rest.split("```").next()).expect("the sample");
    let shown: Value = serde_json::from_str(shown).expect("JSON");

    let ship = get(ADDRESS, "/api/health_levels/1").await;
    // On a machine whose disk is full or whose memory is used up it says so: it is real.
    assert!(matches!(ship.status, 200 | 503), "{ship:?}");
    assert_eq!(ship.header("content-type"), "application/json");
    let ship = ship.json();
    assert_eq!(keys(&ship), ["level_1", "level_2", "level_3", "level_4", "level_5"]);
    for level in 1..=5 {
        let key = format!("level_{level}");
        assert_eq!(keys(&ship[&key]), keys(&shown[&key]), "{key}");
        if level > 1 {
            let alone = get(ADDRESS, &format!("/api/health_levels/{level}")).await;
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
        assert_eq!(get(ADDRESS, path).await.body, "ok", "{path}");
    }
    let overview = get(ADDRESS, "/health").await.json();
    assert_eq!(overview["info"]["repo"], "abc/api");
    assert_eq!(overview["info"]["environment"], "development");
    assert_eq!(request(ADDRESS, "POST", "/health").await.status, 405);
}

#[test]
fn it_stays_short() {
    let source = fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/quickstart.rs"));
    assert!(source.expect("the example").lines().count() < 120);
}
