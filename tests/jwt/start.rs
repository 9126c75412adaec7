//! Start-up errors name every fault, and no part of a key.

use health_runtime::{
    Level, Levels,
    access::{Access, Jwt, JwtAlgorithm, JwtKeys, Tokens, basic, jwt, public},
};
use health_tests::builder;

use super::{RSA_PUBLIC, SECRET};

fn problems(access: Access) -> Vec<String> {
    let error = builder([]).access(access).build().expect_err("something is wrong");
    error.problems().iter().map(ToString::to_string).collect()
}

fn fault(algorithm: JwtAlgorithm, keys: JwtKeys) -> String {
    let problems = problems(Access::new().levels(Levels::ALL, jwt(Jwt::new(algorithm, keys))));
    let [problem] = &problems[..] else { panic!("{problems:?}") };
    problem.clone()
}

#[test]
fn keys_that_cannot_be_used_stop_the_start() {
    use JwtAlgorithm::{EdDsa, Es256, Hs256, Rs256};
    let jwks = |key: &str| JwtKeys::jwks(format!("{{ \"keys\": [{key}] }}"));
    for (algorithm, keys, expected) in [
        (Hs256, JwtKeys::secret("canary-too-short"), "shorter than 32 bytes"),
        (Hs256, JwtKeys::pem(RSA_PUBLIC), "HS256 needs a secret, not a PEM"),
        (Rs256, JwtKeys::secret(SECRET), "RS256 needs a public key"),
        (Rs256, JwtKeys::pem("canary"), "no public key for RS256"),
        (Es256, JwtKeys::pem(RSA_PUBLIC), "no public key for ES256"),
        (EdDsa, JwtKeys::pem(RSA_PUBLIC), "no public key for EdDSA"),
        (Rs256, JwtKeys::pem(include_str!("keys/rsa-short.pub.pem")), "shorter than 2048 bits"),
        (Es256, JwtKeys::pem(include_str!("keys/ec-384.pub.pem")), "another curve than P-256"),
        (Hs256, JwtKeys::jwks("{ canary"), "it is not a valid JWKS: line 1"),
        (Hs256, jwks(""), "holds no key for HS256"),
        (
            Hs256,
            jwks(r#"{ "kty": "oct", "kid": "a", "k": "Y2FuYXJ5" }"#),
            "it holds no key for HS256 that can be used: its key \"a\" is shorter than 32 bytes",
        ),
        (Rs256, jwks(r#"{ "kty": "oct", "k": "Y2FuYXJ5" }"#), "holds no key for RS256"),
        (Rs256, jwks(r#"{ "kty": "RSA", "n": "AQAB", "e": "AQAB" }"#), "shorter than 2048 bits"),
        (Rs256, JwtKeys::jwks_file("/no/such/jwks.json"), "`/no/such/jwks.json`: No such file"),
        (Rs256, JwtKeys::pem_file("/dev/zero"), "`/dev/zero`: it is not a regular file"),
    ] {
        let fault = fault(algorithm, keys);
        assert!(fault.contains(expected), "{fault}");
        assert!(!fault.contains("canary") && !fault.contains("Y2FuYXJ5"), "{fault}");
    }
}

#[test]
fn every_mistake_is_reported_at_once() {
    let tokens = Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret("short"))
        .scope("two words", Levels::ALL)
        .leeway(std::time::Duration::from_hours(1));
    let own = Tokens::new("short too", basic("health", [])).lifetime(std::time::Duration::ZERO);
    let problems =
        problems(Access::new().levels(Level::L1..=Level::L4, jwt(tokens)).levels(Level::L5, public()).tokens(own));
    for expected in [
        "the secret is shorter",
        "a scope has to be one word",
        "a leeway of 3600s",
        "`basic` has no users",
        "a lifetime of 0ns",
    ] {
        assert!(problems.iter().any(|problem| problem.contains(expected)), "{expected} is not in {problems:#?}");
    }
}

#[test]
fn keys_that_no_kid_tells_apart_stop_the_start() {
    type Kid = fn(usize) -> String;
    let keys = |kid: Kid, count: usize| {
        let key = |number| format!(r#"{{ "kty": "oct"{}, "k": "{}" }}"#, kid(number), "Y2FuYXJ5".repeat(8));
        format!("{{ \"keys\": [{}] }}", (0..count).map(key).collect::<Vec<_>>().join(","))
    };
    let with = |set: String| Access::new().levels(Levels::ALL, jwt(Jwt::new(JwtAlgorithm::Hs256, JwtKeys::jwks(set))));
    let (none, same, own): (Kid, Kid, Kid) =
        (|_| String::new(), |_| r#", "kid": "a""#.to_owned(), |number| format!(r#", "kid": "{number}""#));
    for kid in [none, same] {
        assert!(builder([]).access(with(keys(kid, 4))).build().is_ok());
        let [problem] = &problems(with(keys(kid, 5)))[..] else { panic!("one problem") };
        assert!(problem.contains("more than 4 keys") && problem.contains("a `kid` of its own"), "{problem}");
    }
    assert!(builder([]).access(with(keys(own, 32))).build().is_ok());
}

#[test]
fn tokens_for_everybody_stop_the_start() {
    use health_runtime::access::{any_of, closed, not};
    for policy in
        [public(), closed(), public().with_details().only_levels(Level::L5), any_of([public()]), not(closed())]
    {
        let [problem] = &problems(Access::new().levels(Levels::ALL, public()).tokens(Tokens::new(SECRET, policy)))[..]
        else {
            panic!("one problem")
        };
        assert!(problem.contains("`Tokens`: its policy decides the same for everybody"), "{problem}");
    }
}

#[test]
fn debug_shows_no_key() {
    let tokens = Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret(SECRET)).audience("orders-health");
    let own = Tokens::new(SECRET, public());
    let shown = format!("{tokens:?} {own:?} {:?} {:?}", own.policy(), Access::new().tokens(own.clone()));
    assert!(!shown.contains("canary"), "{shown}");
}
