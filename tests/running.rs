//! Facts about the running process: its environment, when it was deployed and when it started.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::process::Command;

use health_runtime::BuildMetadata;
use health_tests::{Log, builder, send, serve};
use serde_json::{Value, json};

const HOST: &str = "HEALTH_TEST_HOST";
const OUTPUT: &str = "HEALTH_TEST_OUTPUT";

/// Runs in another process for the other tests, because environment variables belong to the whole process.
#[tokio::test]
async fn child_writes_build_info() {
    let (Ok(host), Ok(output)) = (std::env::var(HOST), std::env::var(OUTPUT)) else { return };
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_writer(log.clone()).with_ansi(false);
    tracing::subscriber::set_global_default(subscriber.finish()).expect("the first subscriber");
    let endpoint = builder([]).build_info(BuildMetadata::new("api", "3.0.3")).build().expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    let ask =
        async |path| send(address, &format!("GET {path} HTTP/1.1\r\nHost: {host}\r\nConnection: close\r\n\r\n")).await;
    let said = json!({
        "info": ask("/health/info").await.json(),
        "page": ask("/health?format=html").await.body,
        "log": log.text(),
    });
    std::fs::write(output, said.to_string()).expect("a file");
}

/// Returns the response of a service with these variables to a request for this host.
fn said(host: &str, variables: &[(&str, &str)]) -> Value {
    let file = tempfile::NamedTempFile::new().expect("a file");
    let mut command = Command::new(std::env::current_exe().expect("a program"));
    command.args(["--exact", "child_writes_build_info"]).env(HOST, host).env(OUTPUT, file.path());
    for variable in ["APP_ENV", "DEPLOYED_AT", "HEROKU_RELEASE_CREATED_AT"] {
        command.env_remove(variable);
    }
    let output = command.envs(variables.iter().copied()).output().expect("it runs");
    assert!(output.status.success(), "{output:?}");
    serde_json::from_str(&std::fs::read_to_string(file.path()).expect("a file")).expect("JSON")
}

#[test]
fn environment_comes_from_the_variable_or_a_public_host_name() {
    for (host, app_env, environment) in [
        // A port-forward to production looks like this.
        ("localhost:8080", None, Value::Null),
        ("127.0.0.1:8080", None, Value::Null),
        ("[::1]:8080", None, Value::Null),
        ("10.1.2.3", None, Value::Null),
        ("localhost:8080", Some("production"), json!("production")),
        ("staging.abc.com", None, json!("staging")),
        ("abc.com", None, json!("production")),
        ("abc.com", Some("blue"), json!("blue")),
    ] {
        let variables: Vec<_> = app_env.map(|app_env| ("APP_ENV", app_env)).into_iter().collect();
        let said = said(host, &variables);
        assert_eq!(said["info"]["environment"], environment, "{host} {app_env:?}");
        let on_page = environment.as_str().map_or("<dt>environment</dt>".to_owned(), |word| format!("<dd>{word}</dd>"));
        let is_on_page = said["page"].as_str().expect("a page").contains(&on_page);
        assert_eq!(is_on_page, environment.is_string(), "{host} {app_env:?}");
    }
}

#[test]
fn deployment_time_is_reported_only_if_it_is_known() {
    let without = said("abc.com", &[]);
    let info = without["info"].as_object().expect("an object");
    assert!(!info.contains_key("deployed_at"), "a start is not a deployment: {info:?}");
    let started = info["started_at"].as_str().expect("a time");
    assert!(started.len() == 24 && started.starts_with("20") && started.ends_with('Z'), "{started}");
    assert!(!without["page"].as_str().expect("a page").contains("deployed"), "{without}");

    for (variables, expected) in [
        (&[("DEPLOYED_AT", "2026-11-20T20:00:00Z")][..], "2026-11-20T20:00:00.000Z"),
        (&[("DEPLOYED_AT", " 2026-11-20t21:30:00.5+01:30 ")], "2026-11-20T20:00:00.500Z"),
        (&[("HEROKU_RELEASE_CREATED_AT", "2026-11-20T20:00:00Z")], "2026-11-20T20:00:00.000Z"),
        (
            &[("HEROKU_RELEASE_CREATED_AT", "2020-01-01T00:00:00Z"), ("DEPLOYED_AT", "2026-11-20T15:00:00-05:00")],
            "2026-11-20T20:00:00.000Z",
        ),
    ] {
        let said = said("abc.com", variables);
        assert_eq!(said["info"]["deployed_at"], expected, "{variables:?}");
        assert_ne!(said["info"]["started_at"], expected, "{variables:?}");
        assert!(!said["log"].as_str().expect("a log").contains("not a valid RFC 3339"), "{said}");
        assert!(said["page"].as_str().expect("a page").contains("deployed"), "{said}");
    }
}

#[test]
fn malformed_deployment_time_is_logged_and_not_reported() {
    for value in ["yesterday", "2026-11-20", "2026-11-20T20:00:00", "1763668800", "2026-13-01T00:00:00Z"] {
        let said = said("abc.com", &[("DEPLOYED_AT", value)]);
        assert_eq!(said["info"]["deployed_at"], Value::Null, "{value}");
        let log = said["log"].as_str().expect("a log");
        assert!(log.contains("WARN") && log.contains("not a valid RFC 3339 time"), "{value}: {log}");
        assert!(log.contains("DEPLOYED_AT") && log.contains(value), "{log}");
    }
    // Deployment files leave a variable out by an empty value.
    let said = said("abc.com", &[("DEPLOYED_AT", "")]);
    assert!(!said["log"].as_str().expect("a log").contains("WARN DEPLOYED"), "{said}");
}
