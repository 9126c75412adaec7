//! Limits on failed attempts and on deep levels.

use std::{net::SocketAddr, time::Duration};

use axum::{
    Router,
    body::Body,
    extract::ConnectInfo,
    http::{Request, StatusCode, header},
};
use health_runtime::{
    Group, Level, Levels,
    access::{Access, AccessKey, Caller, Decision, Limits, Policy, User, access_key, any_of, basic, public},
};
use health_tests::{get, get_with};
use tower::ServiceExt as _;

use crate::{
    credentials::{self, Headers, PASSWORD, SECRET, borrowed, key},
    service::{Runs, start, with_access},
};

const MINUTE: Duration = Duration::from_mins(1);

fn guarded() -> Access {
    let policy = any_of([basic("x", [User::new("ada", PASSWORD)]), access_key([AccessKey::new("k", SECRET)])]);
    Access::new()
        .levels(Level::L5, public())
        .levels(Level::L1..=Level::L4, policy.clone())
        .group(Group::Startup, policy)
}

/// Asks from an address, without a socket, so that time can stand still.
pub(crate) async fn ask(router: &Router, from: &str, path: &str, headers: &Headers) -> (StatusCode, Option<u64>) {
    let mut request = Request::get(path);
    for (name, value) in headers {
        request = request.header(*name, value);
    }
    let mut request = request.body(Body::empty()).expect("a request");
    let from: SocketAddr = format!("{from}:4711").parse().expect("an address");
    request.extensions_mut().insert(ConnectInfo(from));
    let response = router.clone().oneshot(request).await.expect("an answer");
    let retry_after = response.headers().get(header::RETRY_AFTER);
    (response.status(), retry_after.map(|value| value.to_str().expect("text").parse().expect("seconds")))
}

fn router(access: Access) -> (Router, Runs, health_runtime::Endpoint) {
    let runs = Runs::default();
    let endpoint = with_access(&runs, access).build().expect("good");
    (endpoint.router(), runs, endpoint)
}

#[tokio::test(start_paused = true)]
async fn failed_attempts_lock_an_address_out_for_a_time_and_nobody_else() {
    let (router, runs, endpoint) = router(guarded().limits(Limits::new().failures(3, MINUTE)));
    let (wrong, right) = (credentials::basic("ada", "wrong"), credentials::basic("ada", PASSWORD));
    for path in ["/health/levels/1", "/health/checks/l1", "/health"] {
        assert_eq!(ask(&router, "192.0.2.1", path, &wrong).await, (StatusCode::UNAUTHORIZED, None), "{path}");
    }
    // Not even the right password is looked at now.
    let locked = (StatusCode::TOO_MANY_REQUESTS, Some(20));
    for path in ["/health/levels/1", "/health", "/health/levels/4", "/health/checks/none"] {
        for headers in [&right, &wrong, &vec![]] {
            assert_eq!(ask(&router, "192.0.2.1", path, headers).await, locked, "{path}");
        }
    }
    assert_eq!(runs.take(), [0; 5]);
    for path in ["/livez", "/readyz", "/health/live", "/health/levels/5"] {
        assert_eq!(ask(&router, "192.0.2.1", path, &wrong).await.0, StatusCode::OK, "{path}");
    }
    assert_eq!(ask(&router, "192.0.2.1", "/startupz", &right).await.0, StatusCode::OK, "groups are never limited");
    assert_eq!(ask(&router, "192.0.2.2", "/health/levels/1", &right).await.0, StatusCode::OK);
    assert_eq!(endpoint.refusals().limited, 12);
    assert_eq!(endpoint.refusals().rejected, 3);
    tokio::time::advance(Duration::from_secs(20)).await;
    assert_eq!(ask(&router, "192.0.2.1", "/health/levels/1", &right).await.0, StatusCode::OK);
    assert_eq!(ask(&router, "192.0.2.1", "/health/levels/1", &wrong).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&router, "192.0.2.1", "/health/levels/1", &right).await, locked);
    tokio::time::advance(MINUTE).await;
    for _ in 0..3 {
        assert_eq!(ask(&router, "192.0.2.1", "/health/levels/1", &wrong).await.0, StatusCode::UNAUTHORIZED);
    }
}

#[tokio::test(start_paused = true)]
async fn only_wrong_credentials_count_as_failed_attempts() {
    let (router, ..) = router(guarded().limits(Limits::new().failures(1, MINUTE)));
    let right = credentials::basic("ada", PASSWORD);
    for _ in 0..5 {
        for (headers, status) in [(vec![], StatusCode::UNAUTHORIZED), (right.clone(), StatusCode::OK)] {
            assert_eq!(ask(&router, "192.0.2.1", "/health/levels/1", &headers).await.0, status);
        }
    }
    // A wrong credential counts, even together with a right one.
    let hidden = [key("k", SECRET), credentials::basic("ada", "wrong")].concat();
    let policy =
        any_of([access_key([AccessKey::new("k", SECRET)]).without_details(), basic("x", [User::new("ada", PASSWORD)])]);
    let (router, ..) =
        self::router(Access::new().levels(Levels::ALL, policy).limits(Limits::new().failures(1, MINUTE)));
    assert_eq!(ask(&router, "192.0.2.1", "/health/levels/1", &hidden).await.0, StatusCode::OK);
    assert_eq!(ask(&router, "192.0.2.1", "/health/levels/1", &hidden).await.0, StatusCode::TOO_MANY_REQUESTS);
}

#[tokio::test(start_paused = true)]
async fn a_network_of_ipv6_is_one_address_and_those_without_one_are_another() {
    let (router, ..) = router(guarded().limits(Limits::new().failures(1, MINUTE)));
    let wrong = credentials::basic("ada", "wrong");
    assert_eq!(ask(&router, "[2001:db8::1]", "/health/levels/1", &wrong).await.0, StatusCode::UNAUTHORIZED);
    assert_eq!(ask(&router, "[2001:db8::2:3]", "/health/levels/1", &wrong).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(&router, "[2001:db8:0:1::1]", "/health/levels/1", &wrong).await.0, StatusCode::UNAUTHORIZED);
    let nowhere = async || {
        let request = Request::get("/health/levels/1").header("authorization", "Basic !").body(Body::empty());
        router.clone().oneshot(request.expect("a request")).await.expect("an answer").status()
    };
    assert_eq!(nowhere().await, StatusCode::UNAUTHORIZED);
    assert_eq!(nowhere().await, StatusCode::TOO_MANY_REQUESTS);
}

/// Callers with many addresses lock out themselves, but no later caller.
#[tokio::test(start_paused = true)]
async fn flood_of_new_addresses_locks_out_no_other_network() {
    let of_one_site: fn(u32) -> String = |number| format!("[2001:db8:7:{number:x}::1]");
    let of_all_the_world: fn(u32) -> String = |number| {
        let [a, b, c, d] = number.wrapping_mul(0x9e37_79b9).to_be_bytes();
        format!("[2a{a:02x}:{b:02x}{c:02x}:{d:02x}00::1]")
    };
    let of_ipv4: fn(u32) -> String = |number| format!("100.64.{}.{}", number / 256, number % 256);
    let (wrong, right) = (credentials::basic("ada", "wrong"), credentials::basic("ada", PASSWORD));
    for (flood, is_of_few_networks) in [(of_one_site, true), (of_all_the_world, false), (of_ipv4, true)] {
        let (router, ..) = router(guarded().limits(Limits::new()));
        for number in 0..14_000 {
            ask(&router, &flood(number), "/health/levels/1", &wrong).await;
        }
        for honest in ["198.51.100.7", "[2001:470:1f0b::7]", "[2a01:4f8:c0c::7]"] {
            let answer = ask(&router, honest, "/health/levels/1", &right).await;
            assert_eq!(answer, (StatusCode::OK, None), "{} and {honest}", flood(1));
        }
        // New addresses of the same network do not help.
        let mut statuses = Vec::new();
        for number in 14_000..14_020 {
            statuses.push(ask(&router, &flood(number), "/health/levels/1", &wrong).await.0);
        }
        let is_locked_out = statuses.contains(&StatusCode::TOO_MANY_REQUESTS);
        assert_eq!(is_locked_out, is_of_few_networks, "{}: {statuses:?}", flood(1));
    }
}

#[tokio::test(start_paused = true)]
async fn deep_levels_have_a_rate_of_their_own() {
    let (router, runs, _) =
        router(guarded().limits(Limits::new().levels(Level::L1..=Level::L2, 2, MINUTE).levels(Level::L5, 4, MINUTE)));
    let right = key("k", SECRET);
    for path in ["/health/levels/1", "/health/checks/l2"] {
        assert_eq!(ask(&router, "192.0.2.1", path, &right).await.0, StatusCode::OK, "{path}");
    }
    runs.take();
    for path in ["/health/levels/2", "/health/levels", "/health", "/health/checks/l1"] {
        let answer = ask(&router, "192.0.2.1", path, &right).await;
        assert_eq!(answer, (StatusCode::TOO_MANY_REQUESTS, Some(30)), "{path}");
    }
    assert_eq!(runs.take(), [0; 5]);
    assert_eq!(ask(&router, "192.0.2.1", "/health/levels/3", &right).await.0, StatusCode::OK);
    assert_eq!(ask(&router, "192.0.2.2", "/health/levels/1", &right).await.0, StatusCode::OK);
    // A caller that sees no deep level is not charged for one; public levels have their own rate.
    for _ in 0..4 {
        assert_eq!(ask(&router, "192.0.2.3", "/health", &vec![]).await.0, StatusCode::OK);
    }
    assert_eq!(ask(&router, "192.0.2.3", "/health/levels/5", &vec![]).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(&router, "192.0.2.3", "/livez", &vec![]).await.0, StatusCode::OK);
}

#[tokio::test]
async fn a_flood_of_wrong_passwords_is_answered_and_probes_stay_quick() {
    let hashed = User::hashed("ada", credentials::hash(PASSWORD));
    let access = Access::new()
        .levels(Level::L5, public())
        .levels(Level::L1..=Level::L4, basic("x", [hashed]))
        .limits(Limits::new());
    let (address, runs, endpoint) = start(access).await;
    let wrong = credentials::basic("ada", "wrong");
    for _ in 0..500 {
        let status = get_with(address, "/health/levels/1", &borrowed(&wrong)).await.status;
        assert!(matches!(status, 401 | 429), "{status}");
    }
    assert_eq!(runs.take(), [0; 5]);
    assert_eq!(get(address, "/livez").await.status, 200);
    let refusals = endpoint.refusals();
    assert_eq!(refusals.rejected + refusals.limited, 500);
    assert!(refusals.rejected < 20, "{refusals:?}");
}

/// Looks at a password for as many milliseconds as it is long.
struct Slow;

impl Policy for Slow {
    async fn decide(&self, caller: &Caller) -> Decision {
        let password = caller.header("x-password").unwrap_or_default();
        tokio::time::sleep(Duration::from_millis(password.len() as u64)).await;
        if password == "the right one" { Decision::allow() } else { Decision::rejected("Slow") }
    }
}

#[tokio::test(start_paused = true)]
async fn guesses_that_are_made_side_by_side_are_limited_as_others_are() {
    let limits = Limits::new().failures(3, MINUTE);
    let (router, runs, endpoint) = router(Access::new().levels(Levels::ALL, Slow).limits(limits));
    let wrong: Headers = vec![("x-password", "wrong".to_owned())];
    let right: Headers = vec![("x-password", "the right one".to_owned())];
    let guesses = (0..50).map(|_| ask(&router, "192.0.2.1", "/health/levels/1", &wrong));
    let (guesses, late, other) = tokio::join!(
        futures_util::future::join_all(guesses),
        ask(&router, "192.0.2.1", "/health/levels/1", &right),
        ask(&router, "192.0.2.2", "/health/levels/1", &right),
    );
    let rejected = guesses.iter().filter(|(status, _)| *status == StatusCode::UNAUTHORIZED).count();
    assert_eq!((rejected, endpoint.refusals().rejected), (3, 3));
    assert_eq!(late.0, StatusCode::TOO_MANY_REQUESTS, "the answer tells nothing of the guess");
    assert_eq!(other.0, StatusCode::OK);
    assert_eq!(runs.take(), [1; 5]);
}

/// A client that disconnects before the decision has made the attempt, because its password was checked.
#[tokio::test(start_paused = true)]
async fn guesses_of_clients_that_disconnect_count() {
    let limits = Limits::new().failures(3, MINUTE);
    let (router, ..) = router(Access::new().levels(Levels::ALL, Slow).limits(limits));
    let [wrong, right]: [Headers; 2] = ["wrong", "the right one"].map(|word| vec![("x-password", word.to_owned())]);
    for _ in 0..3 {
        let asking = ask(&router, "192.0.2.1", "/health/levels/1", &wrong);
        assert!(tokio::time::timeout(Duration::from_millis(2), asking).await.is_err(), "it takes 5 ms");
    }
    assert_eq!(ask(&router, "192.0.2.1", "/health/levels/1", &right).await.0, StatusCode::TOO_MANY_REQUESTS);
    assert_eq!(ask(&router, "192.0.2.2", "/health/levels/1", &right).await.0, StatusCode::OK);
}

/// Beside a user whose password is known by its hash, one whose password is known as it is, and one that is not there.
#[tokio::test]
async fn time_of_a_refusal_does_not_reveal_names() {
    let hash = {
        use argon2::{Algorithm, Argon2, Params, PasswordHasher as _, Version};
        let argon2 =
            Argon2::new(Algorithm::Argon2id, Version::V0x13, Params::new(8192, 3, 1, None).expect("parameters"));
        argon2.hash_password_with_salt(PASSWORD.as_bytes(), b"a salt of sixteen").expect("a hash").to_string()
    };
    let users = [User::new("plain", PASSWORD), User::hashed("hashed", hash)];
    let (router, ..) = router(Access::new().levels(Levels::ALL, basic("x", users)));
    let is_hashed_first = async |headers: &Headers| {
        let answer = ask(&router, "192.0.2.1", "/health/levels/4", headers);
        tokio::pin!(answer);
        // A refusal without a hash takes no time.
        let at_once = std::future::poll_fn(|context| std::task::Poll::Ready(answer.as_mut().poll(context))).await;
        let (is_hashed, (status, _)) = match at_once {
            std::task::Poll::Ready(answer) => (false, answer),
            std::task::Poll::Pending => (true, answer.await),
        };
        assert_eq!(status, StatusCode::UNAUTHORIZED);
        is_hashed
    };
    assert!(!is_hashed_first(&vec![("authorization", "Basic ???".to_owned())]).await, "there is nothing to hash");
    for (name, password) in [("hashed", "wrong"), ("plain", "wrong"), ("nobody", "wrong"), ("nobody", PASSWORD)] {
        assert!(is_hashed_first(&credentials::basic(name, password)).await, "{name}");
    }
    for name in ["hashed", "plain"] {
        let (status, _) = ask(&router, "192.0.2.1", "/health/levels/4", &credentials::basic(name, PASSWORD)).await;
        assert_eq!(status, StatusCode::OK, "{name}");
    }
}
