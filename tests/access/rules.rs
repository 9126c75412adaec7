//! The rules: contradictions that stop a start, the amount that each response shows, and the defaults.

use health_runtime::{
    Check, Endpoint, Group, Level, Levels, Problem, ShowDetails, View,
    access::{
        Access, AccessKey, Limits, Proxies, Signed, User, access_key, address, all_of, any_of, basic, closed, public,
    },
    health_endpoint,
};
use health_tests::{builder, get, get_with, serve, serve_with_addresses};
use serde_json::json;
use std::time::Duration;

use crate::{
    credentials::{self, SECRET, borrowed, key},
    service::{Runs, checks, start, with_access},
};

fn problems(access: Access) -> Vec<String> {
    let error = builder([]).access(access).build().expect_err("bad rules");
    let fault = |problem: &Problem| match problem {
        Problem::InvalidAccess { fault, .. } => fault.clone(),
        other => panic!("{other}"),
    };
    error.problems().iter().map(fault).collect()
}

#[test]
fn contradictory_rules_stop_the_start() {
    for (access, expected) in [
        (Access::new(), "levels 1, 2, 3, 4, 5 have no rule; to admit nobody, use `closed()`"),
        (Access::new().levels(Level::L2..=Level::L5, public()), "level 1 has no rule; to admit nobody, use `closed()`"),
        (
            Access::new().levels(Level::L1..=Level::L3, public()).levels(Level::L3..=Level::L5, closed()),
            "level 3 has more than one rule; keep one of them",
        ),
        (
            Access::new().levels(Levels::ALL, public()).group(Group::Startup, public()).group(Group::Startup, closed()),
            "the group startup has more than one policy; keep one of them",
        ),
        (
            Access::new().levels(Levels::ALL, public()).info(public()).info(closed()),
            "the build information has more than one policy; keep one of them",
        ),
        (
            Access::new().levels(Levels::ALL, any_of([any_of::<access_policy::Never>([])])),
            "`any_of` holds no policy; to admit nobody, use `closed()`",
        ),
        (
            Access::new().levels(Levels::ALL, all_of::<access_policy::Never>([])),
            "`all_of` holds no policy; to admit nobody, use `closed()`",
        ),
        (
            Access::new().levels(Levels::ALL, basic("x", [])),
            "`basic` has no users, so it admits nobody; if that is intended, use `closed()`",
        ),
        (
            Access::new().levels(Levels::ALL, basic("a\"b", [User::new("a", "b")])),
            r#"`basic`: "a\"b" is not a valid realm; use visible ASCII without `"` and `\`"#,
        ),
        (
            Access::new().levels(Levels::ALL, basic("x", [User::new("a", "")])),
            r#"`basic`: user "a": the password is empty"#,
        ),
        (
            Access::new().levels(Levels::ALL, basic("x", [User::new("a:b", "c")])),
            r#"`basic`: "a:b" is not a valid user; use at least one character, no `:` and no control characters"#,
        ),
        (
            Access::new().levels(Levels::ALL, basic("x", [User::new("a", "b"), User::new("a", "c")])),
            r#"`basic` has the user "a" twice"#,
        ),
        (
            Access::new().levels(Levels::ALL, basic("x", [User::hashed("a", "$2b$10$no-argon2")])),
            r#"`basic`: user "a": the hash is not a valid argon2 hash in the PHC string format, such as `$argon2id$v=19$m=19456,t=2,p=1$…`, or it takes more than a GiB or than four passes over as much"#,
        ),
        (
            Access::new().levels(Levels::ALL, access_key([AccessKey::new("a", "short")])),
            r#"`access_key`: key "a": the secret is shorter than 16 bytes"#,
        ),
        (
            Access::new().levels(Levels::ALL, Signed::new([AccessKey::new("a", SECRET)]).window(Duration::ZERO)),
            "`signed`: a window of 0ns is not between a second and an hour",
        ),
        (
            Access::new().levels(Levels::ALL, address(["10.0.0.0/33"])),
            r#"`address`: "10.0.0.0/33" is not a valid range of addresses; write for example `10.0.0.0/8`, `2001:db8::/32` or `::1`"#,
        ),
        (
            Access::new().levels(Levels::ALL, public()).behind(Proxies::forwarded(Vec::<String>::new())),
            "`Proxies` has no range of addresses",
        ),
        (
            Access::new().levels(Levels::ALL, public()).limits(Limits::new().failures(0, Duration::from_secs(1))),
            "`Limits`: 0 in 1s is not a valid rate; make both more than zero",
        ),
        (
            Access::new().levels(Levels::ALL, public()).limits(Limits::new().levels([], 3, Duration::from_secs(1))),
            "`Limits::levels` has no level, so it limits nothing; name at least one",
        ),
        (
            Access::new().levels(Levels::ALL, public()).levels([], closed()),
            "`Access::levels` has no level, so its policy is never asked; name at least one",
        ),
        (
            Access::new().levels(Levels::ALL, basic("x", [User::new("a", "a long password").levels([])])),
            r#"`basic`: user "a": `levels` has no level; name at least one, or leave `levels` out to grant all"#,
        ),
        (
            Access::new().levels(Levels::ALL, access_key([AccessKey::new("a", SECRET).levels([])])),
            r#"`access_key`: key "a": `levels` has no level; name at least one, or leave `levels` out to grant all"#,
        ),
    ] {
        assert_eq!(problems(access), [expected]);
    }
}

#[test]
fn unsendable_credentials_stop_the_start() {
    for (access, expected) in [
        // As read from a file that ends with a line feed: no client could send it.
        (
            Access::new().levels(Levels::ALL, basic("x", [User::new("a", "secret\n")])),
            r#"`basic`: user "a": the password holds a control character, such as a line feed at its end, which no client can send"#,
        ),
        (
            Access::new().levels(Levels::ALL, access_key([AccessKey::new("a", format!("{SECRET}\n"))])),
            r#"`access_key`: key "a": the secret ends with a line break"#,
        ),
        (
            Access::new().levels(Levels::ALL, access_key([AccessKey::new("a", format!("{SECRET}ä"))])),
            r#"`access_key`: key "a": the secret is not visible ASCII without space at its ends, so no header can hold it"#,
        ),
        (
            Access::new().levels(Levels::ALL, access_key([AccessKey::new("ä", SECRET)])),
            r#"`access_key`: key "ä" is not visible ASCII without space at its ends, so no header can hold it"#,
        ),
        (
            Access::new().levels(Levels::ALL, Signed::new([AccessKey::new("a ", SECRET)])),
            r#"`signed`: key "a " is not visible ASCII without space at its ends, so no header can hold it"#,
        ),
        (
            Access::new().levels(Levels::ALL, Signed::new([AccessKey::new("a", format!("{SECRET}\n"))])),
            r#"`signed`: key "a": the secret ends with a line break"#,
        ),
        // Nobody's password could have these hashes.
        (
            Access::new().levels(
                Levels::ALL,
                basic("x", [User::hashed("a", "$argon2id$v=18$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]),
            ),
            r#"`basic`: user "a": the hash is not a valid argon2 hash in the PHC string format, such as `$argon2id$v=19$m=19456,t=2,p=1$…`, or it takes more than a GiB or than four passes over as much"#,
        ),
        (
            Access::new().levels(
                Levels::ALL,
                basic("x", [User::hashed("a", "$argon2id$v=19$m=1,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]),
            ),
            r#"`basic`: user "a": the hash is not a valid argon2 hash in the PHC string format, such as `$argon2id$v=19$m=19456,t=2,p=1$…`, or it takes more than a GiB or than four passes over as much"#,
        ),
        (
            Access::new().levels(
                Levels::ALL,
                basic("x", [User::hashed("a", "$argon2ds$v=19$m=8,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")]),
            ),
            r#"`basic`: user "a": the hash is not a valid argon2 hash in the PHC string format, such as `$argon2id$v=19$m=19456,t=2,p=1$…`, or it takes more than a GiB or than four passes over as much"#,
        ),
        (
            Access::new().levels(
                Levels::ALL,
                basic(
                    "x",
                    [User::hashed("a", "$argon2id$v=19$m=4294967295,t=1,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")],
                ),
            ),
            r#"`basic`: user "a": the hash is not a valid argon2 hash in the PHC string format, such as `$argon2id$v=19$m=19456,t=2,p=1$…`, or it takes more than a GiB or than four passes over as much"#,
        ),
        (
            Access::new().levels(
                Levels::ALL,
                basic(
                    "x",
                    [User::hashed("a", "$argon2id$v=19$m=8,t=4294967295,p=1$c29tZXNhbHQ$AAAAAAAAAAAAAAAAAAAAAA")],
                ),
            ),
            r#"`basic`: user "a": the hash is not a valid argon2 hash in the PHC string format, such as `$argon2id$v=19$m=19456,t=2,p=1$…`, or it takes more than a GiB or than four passes over as much"#,
        ),
    ] {
        assert_eq!(problems(access), [expected]);
    }
}

/// A type for lists without elements.
mod access_policy {
    use health_runtime::access::{Caller, Decision, Policy};

    pub(super) enum Never {}

    impl Policy for Never {
        async fn decide(&self, _caller: &Caller) -> Decision {
            match *self {}
        }
    }
}

#[test]
fn every_problem_is_reported_once() {
    let twice = basic("x", [User::new("", "")]);
    let access = Access::new().levels(Level::L1, twice.clone()).levels(Level::L3, twice);
    assert_eq!(problems(access).len(), 3, "no rules for three levels, no name, no password");
    let error = Endpoint::builder().access(Access::new()).base_path("health").build().expect_err("both");
    assert_eq!(error.problems().len(), 3, "two paths and the rules: {error}");
    assert!(error.to_string().contains("the access rules cannot work: levels 1, 2, 3, 4, 5 have no rule"), "{error}");
}

#[tokio::test]
async fn endpoint_without_access_shows_outlines() {
    let runs = Runs::default();
    let endpoint = builder(checks(&runs)).build().expect("good");
    let address = serve(endpoint.router()).await;
    for path in ["/health", "/health/levels/1", "/health/checks/l1", "/readyz"] {
        let answer = get_with(address, path, &[("Authorization", "Basic !"), ("X-Access-Key", "x")]).await;
        assert_eq!(answer.status, 200, "{path}");
        assert!(!answer.body.contains("detail-"), "{path}");
    }
    assert_eq!(endpoint.refusals(), health_runtime::access::RefusalCounts::default());
}

#[tokio::test]
async fn closed_levels_are_hidden_from_every_caller() {
    let (address, runs, endpoint) =
        start(Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, closed())).await;
    for path in ["/health/levels/1", "/health/levels/3", "/health/levels/2?cumulative", "/health/checks/l2"] {
        let answer = get(address, path).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (403, ""), "{path}");
    }
    assert_eq!(get(address, "/health/checks/none").await.status, 403);
    assert_eq!(runs.take(), [0; 5]);
    assert_eq!(endpoint.refusals().forbidden, 5);
    let body = get(address, "/health").await.json();
    let levels: Vec<_> = body["levels"].as_object().expect("levels").keys().collect();
    assert_eq!(levels, ["level_4", "level_5"]);
    assert_eq!(get(address, "/health/levels/4?cumulative").await.status, 200);
    assert_eq!(runs.take(), [0, 0, 0, 2, 2]);
    // A tag of a level that is not shown is as unknown as one that no check has.
    assert_eq!(get(address, "/readyz").await.status, 200);
}

#[tokio::test]
async fn one_level_of_several_keeps_its_key_in_the_values_view() {
    let access = || Access::new().levels(Level::L5, public()).levels(Level::L1..=Level::L4, closed());
    let values = |access| {
        builder([Check::new("a", Level::L5, || async { true }), Check::new("b", Level::L1, || async { true })])
            .access(access)
            .levels_path(("/levels", View::Values))
    };
    let address = serve(values(access()).build().expect("good").router()).await;
    assert_eq!(get(address, "/levels").await.json(), json!({ "level_5": { "a": true } }));
    assert_eq!(get(address, "/levels/5").await.json(), json!({ "a": true }));
    assert_eq!(get(address, "/levels/1").await.status, 403);
}

#[tokio::test]
async fn blocked_checks_do_not_reveal_hidden_names() {
    let checks = [
        Check::new("hidden-name", Level::L1, || async { false }),
        Check::new("blocked", Level::L4, || async { true }).depends_on(["hidden-name"]),
        Check::new("beside", Level::L4, || async { true }).depends_on(["blocked"]).tags(["shown"]),
        Check::new("deep", Level::L1, || async { true }).tags(["hidden-tag"]),
    ];
    let all = key("all", SECRET);
    let access = Access::new()
        .levels(Level::L4..=Level::L5, any_of([access_key([AccessKey::new("all", SECRET)]), public().with_details()]))
        .levels(Level::L1..=Level::L3, access_key([AccessKey::new("all", SECRET)]));
    let address = serve(builder(checks).access(access).build().expect("good").router()).await;
    for path in ["/health", "/health/levels", "/health/levels/4", "/health/checks/blocked", "/readyz?verbose"] {
        let answer = get(address, path).await;
        assert!(!answer.body.contains("hidden-name"), "{path}: {answer:?}");
    }
    let body = get(address, "/health/levels/4").await.json();
    assert_eq!(body["level_4"]["checks"]["blocked"]["cause"], "blocked");
    assert_eq!(body["level_4"]["checks"]["beside"]["blocked_by"], json!(["blocked"]), "one that is shown");
    for tag in ["hidden-tag", "no-tag"] {
        assert_eq!(get(address, &format!("/health/levels?tag={tag}")).await.status, 404, "{tag}");
    }
    let body = get_with(address, "/health/levels", &borrowed(&all)).await.json();
    assert_eq!(body["level_4"]["checks"]["blocked"]["blocked_by"], json!(["hidden-name"]));
    assert_eq!(get_with(address, "/health/levels?tag=hidden-tag", &borrowed(&all)).await.status, 200);
}

#[tokio::test]
async fn details_outweighs_the_policies_for_all_whom_they_let_in() {
    let runs = Runs::default();
    let access = || {
        Access::new()
            .levels(Level::L5, public())
            .levels(Level::L1..=Level::L4, access_key([AccessKey::new("all", SECRET)]))
    };
    let all = key("all", SECRET);
    for (show, anonymous, known) in
        [(None, false, true), (Some(ShowDetails::Always), true, true), (Some(ShowDetails::Never), false, false)]
    {
        let build = with_access(&runs, access());
        let build = if let Some(show) = show { build.details(show) } else { build };
        let address = serve(build.build().expect("good").router()).await;
        let answer = get(address, "/health/levels").await;
        assert_eq!(answer.body.contains("detail-5"), anonymous, "{show:?}");
        assert!(!answer.body.contains("level_1"), "{show:?}");
        let answer = get_with(address, "/health/levels", &borrowed(&all)).await;
        assert_eq!(answer.body.contains("detail-1"), known, "{show:?}");
        assert_eq!(get(address, "/livez?verbose&format=json").await.body.contains("detail-5"), anonymous, "{show:?}");
    }
}

#[tokio::test]
async fn stored_responses_are_shared_by_equal_visibility_alone() {
    let check = |level| {
        Check::new(format!("l{level}"), level, move || async move {
            health_runtime::Outcome::warn(format!("detail-{level}"))
        })
    };
    let checks = Level::ALL.map(|level| check(level).max_age(Duration::from_mins(1)));
    let keys = [
        AccessKey::new("all", SECRET),
        AccessKey::new("four", "secret for level four").levels(Level::L4..=Level::L5),
        AccessKey::new("outline", "secret without details").without_details(),
    ];
    let access = Access::new().levels(Level::L5, public()).levels(Level::L1..=Level::L4, access_key(keys));
    let address = serve(builder(checks).access(access).build().expect("good").router()).await;
    let seen = async |headers: credentials::Headers| {
        let body = get_with(address, "/health/levels", &borrowed(&headers)).await.body;
        Level::ALL.map(|level| (body.contains(&format!("\"l{level}\"")), body.contains(&format!("detail-{level}"))))
    };
    let (hidden, outline, details) = ((false, false), (true, false), (true, true));
    for _ in 0..3 {
        assert_eq!(seen(vec![]).await, [hidden, hidden, hidden, hidden, outline]);
        assert_eq!(seen(key("all", SECRET)).await, [details, details, details, details, outline]);
        assert_eq!(seen(key("four", "secret for level four")).await, [hidden, hidden, hidden, details, outline]);
        assert_eq!(seen(key("outline", "secret without details")).await, [outline; 5]);
    }
}

#[tokio::test]
async fn build_information_can_have_a_policy() {
    const INFO: health_runtime::BuildMetadata = {
        #[derive(health_runtime::BuildInfo)]
        struct App;
        <App as health_runtime::BuildInfo>::BUILD_INFO
    };
    let keys = || access_key([AccessKey::new("all", SECRET)]);
    let all = key("all", SECRET);
    let start = async |access| serve(builder([]).build_info(INFO).access(access).build().expect("good").router()).await;
    let address =
        start(Access::new().levels(Level::L5, public()).levels(Level::L1..=Level::L4, keys()).info(keys())).await;
    assert_eq!(get(address, "/health/info").await.status, 401);
    let body = get(address, "/health").await.json();
    assert_eq!((body.get("info"), body["levels"]["level_5"].as_str()), (None, Some("pass")));
    let body = get_with(address, "/health/info", &borrowed(&all)).await.json();
    assert!(body["language"].is_string() && body["name"].is_string());
    assert!(get_with(address, "/health", &borrowed(&all)).await.json()["info"]["language"].is_string());
    // Without a policy, everybody sees the build information; only callers with details see the compiler.
    let address = start(Access::new().levels(Level::L5, public()).levels(Level::L1..=Level::L4, keys())).await;
    for path in ["/health", "/health/info"] {
        let info = |body: serde_json::Value| body.get("info").cloned().unwrap_or(body);
        let body = info(get(address, path).await.json());
        assert!(body["name"].is_string() && body.get("language").is_none(), "{path}: {body}");
        assert!(info(get_with(address, path, &borrowed(&all)).await.json())["language"].is_string(), "{path}");
    }
    let wrong = key("all", "a secret that is wrong");
    assert_eq!(get_with(address, "/health/info", &borrowed(&wrong)).await.status, 200);
}

#[tokio::test]
async fn macro_takes_access_rules() {
    let endpoint = health_endpoint! {
        access: Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, closed()),
        configure: |builder| builder.without_declared_checks().checks([Check::new("x", Level::L1, || async { true })]),
    };
    let address = serve_with_addresses(endpoint.expect("good").router()).await;
    assert_eq!(get(address, "/health/levels/1").await.status, 403);
    assert_eq!(get(address, "/health/levels/4").await.status, 200);
    let everything = any_of([basic("x", [User::new("a", "b")]), access_key([AccessKey::new("c", SECRET)])]);
    let access = Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, everything);
    assert!(health_endpoint! { access: access }.is_ok());
}
