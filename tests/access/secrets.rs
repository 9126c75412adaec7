//! A canary secret in every policy, which appears in nothing that the process writes.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    fmt::Write as _,
    sync::{Arc, Mutex},
    time::Duration,
};

use health_runtime::{
    Check, Details, Level, Levels, Outcome, Secret, Selection, ShowDetails, Tls,
    access::{
        Access, AccessKey, AnyPolicy, Caller, CertificateMatcher, Decision, Jwt, JwtAlgorithm, JwtKeys, Limits, Policy,
        Proxies, RefusalCounts, Signed, Tokens, User, access_key, address, all_of, any_of, basic, client_certificate,
        jwt, not,
    },
};
use health_tests::{Log, builder, get_with, send, serve_with_addresses};
use serde::Serialize;

const CANARY: &str = "canary-4be1-secret";

/// A policy that looks at what it is given, and panics with it.
struct Leaky;

impl Policy for Leaky {
    async fn decide(&self, caller: &Caller) -> Decision {
        tracing::error!("{caller:?}");
        if caller.query() == Some("panic") {
            // Bypasses the panic hook, whose output this test does not read.
            std::panic::resume_unwind(Box::new(format!("{CANARY} {:?}", caller.header("authorization"))));
        }
        Decision::rejected("Leaky").by("leaky").because("it looked")
    }
}

/// As it stands in messages, headers and data of all kinds, none of which is to come out.
fn writings() -> Vec<String> {
    [
        "cannot reach redis://x:CANARY@host",
        "connection string host=db password=CANARY refused",
        "Config { user: \"x\", password: \"CANARY and more\", port: 1 }",
        "Config { api_key: Some(\"CANARY\") }",
        "sent Authorization: Bearer CANARY to the partner",
        "the header 'Basic CANARY' was refused",
        "token: CANARY",
        "{\"access_token\":\"CANARY\"}",
        "GET https://partner/?secret=CANARY&page=2 failed",
    ]
    .map(|text| text.replace("CANARY", CANARY))
    .to_vec()
}

#[derive(Serialize)]
struct Facts {
    password: String,
    dsn: Secret<String>,
    texts: Vec<String>,
}

/// Checks that put the secrets into every part of a result.
fn leaking() -> Vec<Check> {
    let facts = || Facts { password: CANARY.to_owned(), dsn: Secret::new(CANARY.to_owned()), texts: writings() };
    let mut checks = vec![
        Check::new("facts", Level::L2, move || async move { Details::warn(facts(), writings().join("; ")) }),
        Check::new("panics", Level::L3, || async { std::panic::resume_unwind(Box::new(writings().join("; "))) as () }),
        Check::new("errs", Level::L4, || async { Err::<(), _>(writings().join("\n")) }),
    ];
    for (at, text) in writings().into_iter().enumerate() {
        let failing = move || {
            let text = text.clone();
            async { Outcome::fail(text) }
        };
        checks.push(Check::new(format!("text_{at}"), Level::L5, failing));
    }
    let check = Check::new("leaks", Level::L1, || async {
        Outcome::fail(format!("cannot reach redis://x:{CANARY}@host with api_key={CANARY}"))
    });
    checks.push(check);
    checks.into_iter().map(|check| check.critical(false).readiness().startup().max_age(Duration::ZERO)).collect()
}

fn base64(text: &str) -> String {
    use base64::{Engine as _, engine::general_purpose::STANDARD};
    STANDARD.encode(text)
}

/// Texts that may not be found: the secret, as it is, hashed for the configuration, and as it travels.
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

/// Policies of all kinds, tokens, and the `Debug` of what they were made of.
fn policies(hash: &str) -> (AnyPolicy, Tokens, String) {
    let keys = || [AccessKey::new("k", CANARY), AccessKey::new("k2", CANARY)];
    let users = || [User::new("ada", CANARY), User::hashed("bob", hash)];
    let signed = Signed::new(keys());
    let doubled = format!("{CANARY}-{CANARY}");
    let sso = Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret(doubled.clone()));
    let tokens = Tokens::new(doubled.clone(), basic("x", users()));
    let keys_of_tokens =
        [JwtKeys::secret(doubled.clone()), JwtKeys::pem(doubled.clone()), JwtKeys::jwks(doubled.clone())];
    let shown = format!(
        "{:?} {:?} {signed:?} {sso:?} {tokens:?} {keys_of_tokens:?} {:?} {:?} {:?}",
        keys(),
        users(),
        Secret::new(CANARY),
        Tls::new("/tls.crt", "/tls.key"),
        Details::pass(Secret::new(CANARY)),
    );
    let policy = any_of([
        basic("x", users()),
        access_key(keys()),
        signed.into(),
        jwt(sso),
        tokens.policy(),
        client_certificate([CertificateMatcher::dns("a")]),
        all_of([not(address(["::1"])), Leaky.into()]),
    ]);
    (policy, tokens, shown)
}

/// Errors, of rules that cannot work.
fn assert_errors_are_silent() {
    let doubled = format!("{CANARY}-{CANARY}");
    let bad = Access::new().levels(
        Level::L1,
        any_of([
            basic("x", [User::hashed("a", CANARY), User::new("", CANARY)]),
            access_key([AccessKey::new("", CANARY), AccessKey::new("b", &CANARY[..12])]),
            jwt(Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret(CANARY))),
            jwt(Jwt::new(JwtAlgorithm::Rs256, JwtKeys::pem(doubled.clone()))),
            jwt(Jwt::new(JwtAlgorithm::Es256, JwtKeys::jwks(doubled.clone()))),
            Tokens::new(CANARY, basic("x", [User::new("a", CANARY)])).policy(),
        ]),
    );
    let error = health_tests::builder([]).access(bad).build().expect_err("bad rules");
    assert!(error.problems().len() >= 7, "{error}");
    assert_silent(&format!("{error} {error:?} {:?}", error.problems()), "the error");
    assert!(!error.to_string().contains(&CANARY[..12]), "{error}");
}

fn assert_audited(text: &str, refusals: RefusalCounts) {
    let audit: Vec<_> = text.lines().filter(|line| line.contains("health_runtime::access: access refused")).collect();
    let all = refusals.rejected + refusals.unavailable + refusals.unauthenticated + refusals.forbidden;
    // All but some of those that claim no address.
    assert!(audit.len() as u64 <= all && audit.len() as u64 + 40 > all && all > 150, "{} of {all}", audit.len());
    let example = audit
        .iter()
        .find(|line| line.contains("caller=\"leaky\"") && line.contains("192.0.2"))
        .expect("one that says who");
    for part in ["WARN", "address=192.0.2.", "method=\"GET\"", "route=", "reason=\"rejected\"", "status=401"] {
        assert!(example.contains(part), "{part}: {example}");
    }
}

/// Every kind of route, in every shape.
const PATHS: [&str; 33] = [
    "/health",
    "/health?view=values",
    "/health/levels",
    "/health/levels/1",
    "/health/levels/1?view=values",
    "/health/levels/3?cumulative",
    "/health/levels/5?view=values",
    "/health/levels/1?panic",
    "/health/levels/1?timeout=1s&exclude=facts",
    "/health/checks/leaks",
    "/health/checks/facts",
    "/health/checks/panics",
    "/health/checks/none",
    "/health/info",
    "/health/token",
    "/livez",
    "/readyz?verbose",
    "/startupz?format=json",
    "/health/nowhere",
    "/health?format=html",
    "/health/levels/1?format=html",
    "/health/levels/1?format=html&fragment",
    "/health/checks/leaks?format=html",
    "/health/nowhere?format=html",
    "/health/levels/1?format=xml",
    "/health/levels/1?format=health%2Bjson",
    "/health/levels/1?format=actuator",
    "/health/levels/1?format=microprofile",
    "/health/levels/1?format=text&verbose",
    "/health/metrics",
    "/health/metrics?format=openmetrics",
    "/health/openapi.json",
    "/health/agent",
];

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
    let (policy, tokens, mut shown) = policies(&hash);
    let access = Access::new()
        .levels(Levels::ALL, policy.clone())
        .tokens(tokens)
        .behind(Proxies::forwarded(["127.0.0.1"]))
        .limits(Limits::new().failures(1_000_000, Duration::from_secs(1)));
    write!(shown, "{policy:?} {access:?}").expect("room");
    let heard = Arc::new(Mutex::new(String::new()));
    let hearing = Arc::clone(&heard);
    let builder = builder(leaking()).access(access).details(ShowDetails::Always).on_change(move |change| {
        let text = format!("{change:?} {:?}", change.message());
        hearing.lock().expect("a text").push_str(&text);
    });
    write!(shown, "{builder:?}").expect("room");
    let endpoint = builder.build().expect("good");
    write!(shown, "{endpoint:?}").expect("room");
    assert_silent(&shown, "Debug");

    assert_errors_are_silent();
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
    let token = {
        let credentials = base64(&format!("ada:{CANARY}"));
        let request =
            "POST /health/token HTTP/1.1\r\nHost: a\r\nConnection: close\r\nContent-Length: 0\r\nAuthorization: Basic";
        let answer = send(address, &format!("{request} {credentials}\r\n\r\n")).await;
        assert_silent(&format!("{:?} {}", answer.headers, answer.body), "the token");
        answer.json()["token"].as_str().expect("a token").to_owned()
    };
    let bearer = format!("Bearer {token}");
    let answer = get_with(address, "/health/levels/1", &[("Authorization", &bearer)]).await;
    assert!(answer.status == 200 && !answer.body.contains(&token), "{answer:?}");
    assert_silent(&answer.body, "the answer to a token");
    // A refused request.
    let answer = get_with(address, "/health/levels/1", &[("Authorization", &bearer), ("Authorization", "x")]).await;
    assert!(answer.status == 401 && !answer.body.contains(&token), "{answer:?}");

    let mut statuses = std::collections::BTreeSet::new();
    let mut asked = 0;
    for path in PATHS {
        for headers in &brought {
            // From several addresses, because only the first refusals of each are logged in full.
            let claimed = format!("for=192.0.2.{}", asked / 3);
            asked += 1;
            let mut headers: Vec<_> = headers.iter().map(|(name, value)| (*name, value.as_str())).collect();
            if !headers.iter().any(|(name, _)| *name == "Forwarded") {
                headers.push(("Forwarded", &claimed));
            }
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
    assert_eq!(statuses.into_iter().collect::<Vec<_>>(), [200, 401, 404, 405, 503]);

    let report = endpoint.monitor().report(&Selection::everything()).await;
    let monitor = endpoint.monitor();
    assert_silent(&format!("{report:?} {monitor:?} {endpoint:?}"), "Debug of what ran");
    let heard = heard.lock().expect("a text").clone();
    assert!(heard.contains("***"), "{heard}");
    assert_silent(&heard, "a listener");

    let text = log.text();
    assert_silent(&text, "the log");
    assert!(!text.contains(&token) && text.contains("***"), "{text}");
    assert_audited(&text, endpoint.refusals());
}
