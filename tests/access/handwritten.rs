//! Policies of the user's own, good and bad.

use std::{future::pending, time::Duration};

use health_runtime::{
    Group, Level, Levels,
    access::{
        Access, AccessKey, AnyPolicy, Caller, Decision, Policy, Proxies, User, access_key, address, all_of, any_of,
        basic, not, public, signed,
    },
};
use health_tests::{get, get_with};
use tokio::time::Instant;

use crate::service::start;

/// A policy that obeys a request header.
struct Obedient;

impl Policy for Obedient {
    async fn decide(&self, caller: &Caller) -> Decision {
        assert_eq!(caller.method(), "GET");
        assert!(caller.peer().is_some() && caller.address().is_some());
        match caller.header("x-do") {
            Some("allow") => Decision::allow().by("somebody"),
            Some("outline") => Decision::allow().without_details(),
            Some("four") => Decision::allow().only_levels([Level::L4]),
            Some("reject") => Decision::rejected("Own realm=\"x\""),
            Some("forbid") => Decision::forbidden(),
            Some("give up") => Decision::unavailable(),
            Some("challenge badly") => Decision::unauthenticated("no\nheader"),
            Some("panic") => panic!("with the text of canary-panic"),
            Some("hang") => pending().await,
            Some("block") => {
                std::thread::sleep(Duration::from_secs(4));
                Decision::allow()
            }
            Some("path") => {
                assert_eq!((caller.path(), caller.query()), ("/health/levels/1", Some("a=b")));
                Decision::allow()
            }
            _ => Decision::unauthenticated("Own realm=\"x\""),
        }
    }
}

/// Reads one header, and says so.
struct Session;

impl Policy for Session {
    async fn decide(&self, caller: &Caller) -> Decision {
        match caller.header("x-session") {
            Some("known") => Decision::allow().by("a session"),
            _ => Decision::unauthenticated("Session realm=\"x\""),
        }
    }

    fn headers(&self) -> Vec<&'static str> {
        vec!["x-session"]
    }
}

/// No cache may give one caller the answer of another, however the policies distinguish them.
#[tokio::test]
async fn vary_names_the_headers_that_policies_read() {
    let secret = "0123456789abcdef0123456789abcdef";
    let people = || basic("health", [User::new("ada", "correct horse battery")]);
    let keys = || access_key([AccessKey::new("ada", secret)]);
    let signers = || signed([AccessKey::new("ada", secret)]);
    let all = |policy: AnyPolicy| Access::new().levels(Levels::ALL, policy);
    let behind = |proxies| all(public()).behind(proxies);
    let of_keys = ", x-access-key, x-secret-key, x-signature";
    for (access, expected) in [
        (all(public()), ""),
        (all(people()), ""),
        (all(keys()), of_keys),
        (all(public()).group(Group::Startup, keys()), of_keys),
        (all(public()).info(all_of([people(), not(keys().without_details())])), of_keys),
        (all(signers()), ", x-access-key, x-nonce, x-signature, x-timestamp"),
        (all(Session.into()), ", x-session"),
        (all(Obedient.into()), ", *"),
        (all(any_of([public(), address(["10.0.0.0/8"])])), ", *"),
        (behind(Proxies::x_forwarded_for(["127.0.0.1"])), ", x-forwarded-for"),
        (behind(Proxies::forwarded(["127.0.0.1"])), ", forwarded"),
    ] {
        let (address, ..) = start(access).await;
        // Answers of every kind: stored, refused, wrong, not there.
        for path in ["/livez", "/livez", "/health", "/health/levels/1", "/health/levels?view=x", "/health/none"] {
            let expected = format!("accept, authorization, sec-fetch-mode{expected}");
            assert_eq!(get(address, path).await.header("vary"), expected, "{path}");
        }
    }
}

#[tokio::test]
async fn every_decision_has_its_answer() {
    let (address, runs, endpoint) = start(Access::new().levels(Levels::ALL, Obedient)).await;
    for (what, status, challenge, is_detailed) in [
        ("allow", 200, "", true),
        ("outline", 200, "", false),
        ("four", 403, "", false),
        ("reject", 401, "Own realm=\"x\"", false),
        ("forbid", 403, "", false),
        ("give up", 503, "", false),
        ("challenge badly", 403, "", false),
        ("panic", 503, "", false),
        ("anything else", 401, "Own realm=\"x\"", false),
    ] {
        let answer = get_with(address, "/health/levels/1", &[("X-Do", what)]).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (status, challenge), "{what}");
        assert_eq!(answer.header("retry-after"), if status == 503 { "1" } else { "" }, "{what}");
        assert_eq!(answer.body.contains("detail-1"), is_detailed, "{what}");
        assert!(!answer.body.contains("canary"), "{what}");
        assert_eq!(runs.take() != [0; 5], status == 200, "{what}");
    }
    assert_eq!(get_with(address, "/health/levels/1?a=b", &[("X-Do", "path")]).await.status, 200);
    assert_eq!(endpoint.refusals().unavailable, 2);
    let answer = get_with(address, "/health", &[("X-Do", "panic")]).await;
    assert_eq!(answer.status, 503, "an overview that is silently smaller would be a lie");
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn hanging_policy_delays_only_its_own_callers_by_two_seconds() {
    let access = Access::new()
        .levels(Level::L5, public())
        .levels(Level::L1..=Level::L4, Obedient)
        .group(Group::Startup, Obedient);
    let (address, runs, _) = start(access).await;
    let started = Instant::now();
    let hanging: Vec<_> = ["hang", "block"]
        .into_iter()
        .map(|what| tokio::spawn(async move { get_with(address, "/health/levels/1", &[("X-Do", what)]).await }))
        .collect();
    tokio::time::sleep(Duration::from_millis(50)).await;
    for path in ["/livez", "/readyz", "/health/levels/5"] {
        assert_eq!(get(address, path).await.status, 200, "{path}");
    }
    assert!(started.elapsed() < Duration::from_millis(1500), "{:?}", started.elapsed());
    runs.take();
    for answer in hanging {
        let answer = answer.await.expect("an answer");
        assert_eq!(answer.status, 503, "{answer:?}");
    }
    let elapsed = started.elapsed();
    assert!((Duration::from_millis(1900)..Duration::from_millis(3900)).contains(&elapsed), "{elapsed:?}");
    assert_eq!(runs.take(), [0; 5]);
}

/// The time of all policies together is limited, too.
#[tokio::test]
async fn several_that_hang_do_not_add_up() {
    let hanging = || any_of([Obedient, Obedient, Obedient]);
    let allowed = any_of([Obedient.into(), public()]);
    let (address, ..) = start(
        Access::new()
            .levels(Level::L1, hanging())
            .levels(Level::L2, allowed)
            .levels(Level::L3..=Level::L5, not(Obedient)),
    )
    .await;
    let ask = async |path: &'static str| {
        let started = Instant::now();
        (get_with(address, path, &[("X-Do", "hang")]).await.status, started.elapsed())
    };
    let (all, fallback, negated) =
        tokio::join!(ask("/health/levels/1"), ask("/health/levels/2"), ask("/health/levels/3"));
    assert_eq!((all.0, fallback.0, negated.0), (503, 200, 503));
    assert!(all.1 < Duration::from_millis(3900), "{:?}", all.1);
}

#[test]
fn a_policy_is_any_policy() {
    let policies: Vec<AnyPolicy> = vec![Obedient.into(), public()];
    assert_eq!(format!("{:?}", policies[0]), "AnyPolicy { .. }");
}
