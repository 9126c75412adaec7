//! A canary secret in every policy, which appears in nothing that the process writes.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    fmt::Write as _,
    io::Write,
    sync::{Arc, Mutex},
    time::Duration,
};

use health_runtime::{
    Check, Level, Outcome, ShowDetails,
    access::{
        Access, AccessKey, Caller, Decision, Limits, Policy, Proxies, Signed, User, access_key, address, all_of,
        any_of, basic, not,
    },
};
use health_tests::{builder, get_with, serve_with_addresses};
use tracing_subscriber::fmt::MakeWriter;

const CANARY: &str = "canary-4be1-secret";

#[derive(Clone, Default)]
struct Log(Arc<Mutex<Vec<u8>>>);

impl Write for Log {
    fn write(&mut self, bytes: &[u8]) -> std::io::Result<usize> {
        self.0.lock().expect("a log").extend_from_slice(bytes);
        Ok(bytes.len())
    }

    fn flush(&mut self) -> std::io::Result<()> {
        Ok(())
    }
}

impl<'a> MakeWriter<'a> for Log {
    type Writer = Self;

    fn make_writer(&'a self) -> Self {
        self.clone()
    }
}

/// A policy that looks at what it is given, and panics with it.
struct Leaky;

impl Policy for Leaky {
    async fn decide(&self, caller: &Caller) -> Decision {
        tracing::error!("{caller:?}");
        if caller.query() == Some("panic") {
            // Not with the default hook, which writes to where nobody looks in a test.
            std::panic::resume_unwind(Box::new(format!("{CANARY} {:?}", caller.header("authorization"))));
        }
        Decision::rejected("Leaky").by("leaky").because("it looked")
    }
}

fn base64(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

/// What may not be found: the secret, as it is, hashed for the configuration, and as it travels.
fn forbidden() -> Vec<String> {
    let travelling = ["ada", "bob", "eve", CANARY].map(|name| base64(&format!("{name}:{CANARY}")));
    [vec![CANARY.to_owned(), "m=8,t=1".to_owned()], travelling.to_vec()].concat()
}

#[track_caller]
fn assert_silent(text: &str, what: &str) {
    for secret in forbidden() {
        assert!(!text.contains(&secret), "{what} shows {secret}: {text}");
    }
}

#[tokio::test]
async fn no_secret_is_written_anywhere() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_max_level(tracing::Level::TRACE).with_writer(log.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).expect("alone in its process");

    let hash = {
        use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
        let argon2 = Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8, 1, 1, None).expect("parameters"));
        argon2.hash_password_with_salt(CANARY.as_bytes(), b"a salt of sixteen").expect("a hash").to_string()
    };
    let keys = || [AccessKey::new("k", CANARY), AccessKey::new("k2", CANARY)];
    let users = || [User::new("ada", CANARY), User::hashed("bob", hash.clone())];
    let signed = Signed::new(keys());
    let mut shown = format!("{:?} {:?} {signed:?}", keys(), users());
    let policy =
        any_of([basic("x", users()), access_key(keys()), signed.into(), all_of([not(address(["::1"])), Leaky.into()])]);
    let access = Access::new()
        .levels(.., policy.clone())
        .behind(Proxies::forwarded(["10.0.0.1"]))
        .limits(Limits::new().failures(1_000_000, Duration::from_secs(1)));
    write!(shown, "{policy:?} {access:?}").expect("room");
    let failing = || async { Outcome::fail(format!("cannot reach redis://x:{CANARY}@host with api_key={CANARY}")) };
    let check = Check::new("leaks", Level::L1, failing).critical(false);
    let builder = builder([check]).access(access).details(ShowDetails::Always);
    write!(shown, "{builder:?}").expect("room");
    let endpoint = builder.build().expect("good");
    write!(shown, "{endpoint:?}").expect("room");
    assert_silent(&shown, "Debug");

    // Errors, of rules that cannot work.
    let bad = Access::new().levels(
        1..=1,
        any_of([
            basic("x", [User::hashed("a", CANARY), User::new("", CANARY)]),
            access_key([AccessKey::new("", CANARY), AccessKey::new("b", &CANARY[..12])]),
        ]),
    );
    let error = health_tests::builder([]).access(bad).build().expect_err("bad rules");
    assert!(error.problems().len() >= 4, "{error}");
    assert_silent(&format!("{error} {error:?} {:?}", error.problems()), "the error");
    assert!(!error.to_string().contains(&CANARY[..12]), "{error}");

    let address = serve_with_addresses(endpoint.router()).await;
    let basic = |name: &str| vec![("Authorization", format!("Basic {}", base64(&format!("{name}:{CANARY}"))))];
    let brought = [
        basic("ada"),
        basic("bob"),
        basic("eve"),
        // A password where the name should be.
        basic(CANARY),
        vec![("Authorization", format!("Basic {CANARY}"))],
        vec![("Authorization", format!("Bearer {CANARY}"))],
        vec![("X-Access-Key", "k".to_owned()), ("X-Secret-Key", CANARY.to_owned())],
        vec![("X-Access-Key", CANARY.to_owned()), ("X-Secret-Key", CANARY.to_owned())],
        vec![("X-Access-Key", CANARY.to_owned())],
        vec![("X-Signature", CANARY.to_owned()), ("X-Access-Key", "k".to_owned())],
        vec![("X-Forwarded-For", CANARY.to_owned()), ("Forwarded", CANARY.to_owned())],
    ];
    let mut statuses = std::collections::BTreeSet::new();
    for path in ["/health", "/health/levels/1", "/health/checks/leaks", "/health/levels/1?panic", "/health/checks/none"]
    {
        for headers in &brought {
            let headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            let answer = get_with(address, path, &headers).await;
            statuses.insert(answer.status);
            assert_silent(&format!("{:?} {}", answer.headers, answer.body), path);
            if answer.status == 200 && path.contains("leaks") {
                assert!(
                    answer.body.contains("redis://***@host with api_key=***"),
                    "masked for those who see details, too: {answer:?}"
                );
            }
        }
    }
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), [200, 401, 404, 503]);

    let text = String::from_utf8(log.0.lock().expect("a log").clone()).expect("text");
    assert_silent(&text, "the log");
    let audit: Vec<_> = text.lines().filter(|line| line.contains("health_runtime::access: access refused")).collect();
    let refusals = endpoint.refusals();
    assert_eq!(
        audit.len() as u64,
        refusals.rejected + refusals.unavailable + refusals.unauthenticated + refusals.forbidden
    );
    let example = audit.iter().find(|line| line.contains("who=\"leaky\"")).expect("one that says who");
    for part in ["WARN", "address=127.0.0.1", "method=\"GET\"", "route=", "why=\"rejected\"", "status=401"] {
        assert!(example.contains(part), "{part}: {example}");
    }
}
