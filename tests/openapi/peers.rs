//! The document in the hands of linters, validators and generators.

use std::{
    path::{Path, PathBuf},
    process::{Command, Output},
    sync::{
        Arc,
        atomic::{AtomicU8, Ordering},
    },
    time::Duration,
};

use axum::{Router, extract, routing};
use health_runtime::{
    BuildInfo as _, Check, Endpoint, Level, Outcome,
    access::{
        Access, AccessKey, CertificateMatcher, Tokens, User, access_key, any_of, basic, client_certificate, public,
        signed,
    },
};
use health_tests::{builder, get, get_with, serve, start_and_read};
use serde_json::Value;

use super::{App, SECRET, checks};

fn root() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("..")
}

/// A Python program that scripts/peers has installed.
fn python(name: &str) -> Command {
    let folder = root().join("target/peers/venv/bin");
    let mut command = Command::new(folder.join(name));
    // Some start others of the same folder.
    let path = std::env::var("PATH").unwrap_or_default();
    command.env("PATH", format!("{}:{path}", folder.canonicalize().expect("installed").display()));
    command
}

/// A program of npm that scripts/peers has installed.
fn npm(name: &str) -> Command {
    let mut command = Command::new(root().join("target/peers/node_modules/.bin").join(name));
    command.env("REDOCLY_TELEMETRY", "off").env("REDOCLY_SUPPRESS_UPDATE_NOTICE", "true");
    command
}

fn said(output: &Output) -> String {
    String::from_utf8_lossy(&output.stdout).into_owned() + &String::from_utf8_lossy(&output.stderr)
}

fn succeed(command: &mut Command) -> String {
    let output = command.output().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(output.status.success(), "{command:?}: {}", said(&output));
    String::from_utf8_lossy(&output.stdout).into_owned()
}

/// A service without access rules, and one with all ready-made policies that have credentials.
fn endpoints() -> [Endpoint; 2] {
    let people = basic("health", [User::new("ada", "password")]);
    let tokens = Tokens::new(SECRET, people.clone());
    let keys = [AccessKey::new("signed", SECRET)];
    let deep = any_of([
        people,
        access_key([AccessKey::new("key", SECRET)]),
        signed(keys),
        tokens.policy(),
        client_certificate([CertificateMatcher::dns("prober.internal")]),
    ]);
    let access =
        Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, deep).tokens(tokens);
    let open = builder(checks(&Outcome::pass())).build_info(App::BUILD_INFO).build();
    [open, builder(checks(&Outcome::pass())).access(access).build()].map(|endpoint| endpoint.expect("a good endpoint"))
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs Redocly, Spectral, Swagger Parser, oas-validate and openapi-spec-validator: scripts/peers"]
async fn linters_and_validators_find_nothing() {
    let folder = tempfile::tempdir().expect("a folder");
    // A service says neither whom to ask about it nor under which license it is used.
    let ruleset = folder.path().join("ruleset.yaml");
    std::fs::write(&ruleset, "extends: [\"spectral:oas\"]\nrules:\n  info-contact: off\n").expect("room");
    for (nth, endpoint) in endpoints().iter().enumerate() {
        let address = serve(endpoint.router()).await;
        for version in ["3.1", "3.0"] {
            let headers = [("Authorization", "Basic YWRhOnBhc3N3b3Jk")];
            let answer = get_with(address, &format!("/health/openapi.json?version={version}"), &headers).await;
            assert_eq!(answer.status, 200);
            let file = folder.path().join(format!("{nth}-{version}.json"));
            std::fs::write(&file, answer.body).expect("room");

            let mut redocly = npm("redocly");
            redocly.args(["lint", "--format=json", "--skip-rule=info-license"]).arg(&file).current_dir(&folder);
            let output = redocly.output().expect("installed");
            let found: Value = serde_json::from_slice(&output.stdout).unwrap_or_else(|_| panic!("{}", said(&output)));
            assert_eq!((&found["totals"]["errors"], &found["totals"]["warnings"]), (&0.into(), &0.into()), "{found:#}");

            succeed(npm("spectral").args(["lint", "--fail-severity=hint", "-r"]).arg(&ruleset).arg(&file));
            succeed(python("openapi-spec-validator").args(["--schema", version]).arg(&file));
            let validate = "require('@apidevtools/swagger-parser').validate(process.argv[1])";
            let modules = root().join("target/peers/node_modules");
            succeed(Command::new("node").args(["-e", validate]).arg(&file).env("NODE_PATH", modules));
            if version == "3.0" {
                succeed(npm("oas-validate").arg(&file));
            }
        }
    }
}

/// How the check `db` behaves, which the client turns.
#[derive(Clone, Default)]
struct Mode(Arc<AtomicU8>);

impl Mode {
    const NAMES: [&str; 3] = ["pass", "fail", "hang"];

    fn check(&self) -> Check {
        let mode = self.clone();
        let check = Check::new("db", Level::L1, move || {
            let mode = mode.clone();
            async move {
                match mode.0.load(Ordering::Relaxed) {
                    0 => Outcome::pass(),
                    1 => Outcome::fail("down"),
                    _ => std::future::pending().await,
                }
            }
        });
        let check = check.readiness().startup().tags(["data"]);
        check.max_age(Duration::ZERO).timeout(Duration::from_millis(50))
    }

    /// `/mode/fail` and the like.
    fn router(self) -> Router {
        let turn = |extract::Path(name): extract::Path<String>| async move {
            let nth = (0..).zip(Self::NAMES).find(|(_, known)| *known == name).map_or(0, |(nth, _)| nth);
            self.0.store(nth, Ordering::Relaxed);
        };
        Router::new().route("/mode/{name}", routing::put(turn))
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs openapi-python-client: scripts/peers"]
async fn generated_client_reads_every_answer() {
    let mode = Mode::default();
    let ping = Check::new("ping", Level::L5, || async { true }).liveness();
    let endpoint = builder([mode.check(), ping]).build_info(App::BUILD_INFO).build().expect("a good endpoint");
    let address = serve(endpoint.router().merge(mode.router())).await;
    for version in ["3.1", "3.0"] {
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("openapi.json");
        let document = get(address, &format!("/health/openapi.json?version={version}")).await.body;
        std::fs::write(&file, document).expect("room");
        let mut generate = python("openapi-python-client");
        generate.args(["generate", "--meta", "none", "--fail-on-warning", "--path"]).arg(&file);
        succeed(generate.arg("--output-path").arg(folder.path().join("generated")));

        let mut client = python("python");
        client.arg(root().join("tests/peers/openapi_client.py")).arg(folder.path()).arg(format!("http://{address}"));
        let count: usize = succeed(&mut client).trim().parse().expect("a number of calls");
        assert!(count > 150, "{count}");
    }
}

#[tokio::test(flavor = "multi_thread")]
#[ignore = "needs schemathesis: scripts/peers"]
async fn validators_and_schemathesis_find_nothing_in_the_quickstart() {
    let (_service, printed) = start_and_read("quickstart", &[("PORT", "0")], "/readyz");
    let url = printed.split_whitespace().find_map(|word| word.strip_suffix("/health")).expect("its address");
    let address = url.strip_prefix("http://").expect("a URL").parse().expect("an address");
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("openapi.json");
    std::fs::write(&file, get(address, "/health/openapi.json").await.body).expect("room");

    let validated = python("openapi-spec-validator").args(["--schema", "3.1"]).arg(&file).output().expect("installed");
    assert!(validated.status.success(), "{}", String::from_utf8_lossy(&validated.stdout));

    // 503 is the verdict of a failing check, and not a server error. Every other 5xx is an error.
    let config = folder.path().join("schemathesis.toml");
    let expected = "[checks.not_a_server_error]\nexpected-statuses = [\"2xx\", \"3xx\", \"4xx\", \"503\"]\n";
    std::fs::write(&config, expected).expect("room");
    let tested = python("schemathesis")
        .arg("--config-file")
        .arg(&config)
        .args(["run", "--checks", "all", "--phases", "examples,coverage,fuzzing"])
        .args(["--max-examples", "25", "--seed", "1", "--workers", "1", "--generation-database", "none"])
        .args(["--url", url])
        .arg(&file)
        .current_dir(&folder)
        .output()
        .expect("installed");
    assert!(tested.status.success(), "{}", String::from_utf8_lossy(&tested.stdout));
}
