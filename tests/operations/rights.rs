//! Policies, and the callers to whom they grant the right to operate checks.

use health_runtime::{
    Check, Level, Levels,
    access::{
        Access, AccessKey, AnyPolicy, Caller, Decision, Jwt, JwtAlgorithm, JwtKeys, Policy, Tokens, User, access_key,
        address, all_of, any_of, basic, closed, jwt, not, public,
    },
};
use health_tests::builder;
use jsonwebtoken::{EncodingKey, Header, encode};
use serde_json::json;

use crate::service::{JSON, endpoint, listen, send, user};

const SECRET: &str = "0123456789abcdef0123456789abcdef";

fn people() -> AnyPolicy {
    basic("x", [User::new("ada", "secret"), User::new("four", "secret").levels(Level::L4)])
}

fn machines() -> AnyPolicy {
    access_key([AccessKey::new("key", SECRET)])
}

/// A policy that obeys a request header.
struct Obedient {
    grants_operations: bool,
}

impl Policy for Obedient {
    async fn decide(&self, caller: &Caller) -> Decision {
        match caller.header("x-do") {
            Some("operate") => Decision::allow().may_operate().by("somebody"),
            Some("operate four") => Decision::allow().may_operate().only_levels([Level::L4]).by("somebody"),
            Some("operate without a name") => Decision::allow().may_operate(),
            Some("look") => Decision::allow().by("somebody"),
            _ => Decision::unauthenticated("Own realm=\"x\""),
        }
    }

    fn grants_operations(&self) -> bool {
        self.grants_operations
    }
}

fn checks() -> [Check; 2] {
    [Level::L1, Level::L4].map(|level| Check::new(format!("l{level}"), level, || async {}))
}

/// Returns the status codes for the checks of levels 1 and 4, as a caller with these headers gets them.
async fn statuses(policy: &AnyPolicy, headers: &[(&str, &str)]) -> [u16; 2] {
    let router = endpoint(checks(), Access::new().levels(Levels::ALL, policy.clone())).router();
    let mut statuses = [0; 2];
    for (status, check) in statuses.iter_mut().zip(["l1", "l4"]) {
        let headers = [&[JSON], headers].concat();
        *status = send(&router, "POST", &format!("/health/checks/{check}/unmute"), &headers, "{}").await.status;
    }
    statuses
}

#[tokio::test]
async fn right_follows_from_the_policy_that_grants_it() {
    let (ada, four, wrong) = (user("ada", "secret"), user("four", "secret"), user("ada", "wrong"));
    let (ada, four, wrong) = ((ada.0, &*ada.1), (four.0, &*four.1), (wrong.0, &*wrong.1));
    let key = [("X-Access-Key", "key"), ("X-Secret-Key", SECRET)];
    let (yes, no, who) = ([200; 2], [403; 2], [401; 2]);
    let own = |grants_operations| AnyPolicy::from(Obedient { grants_operations });
    for (case, policy, expected) in [
        ("plain", people().may_operate(), [yes, [403, 200], who, who, who]),
        ("some levels", people().may_operate().only_levels(Level::L4), [[403, 200], [403, 200], who, who, who]),
        ("levels before", people().only_levels(Level::L4).may_operate(), [[403, 200], [403, 200], who, who, who]),
        ("first of two", any_of([people().may_operate(), machines()]), [yes, [403, 200], who, who, no]),
        ("second of two", any_of([people(), machines().may_operate()]), [no, no, who, who, yes]),
        ("of both", any_of([people(), machines()]).may_operate(), [yes, [403, 200], who, who, yes]),
        ("behind the public", any_of([public(), people().may_operate()]), [yes, [403, 200], who, who, who]),
        // Nobody gets to people through it.
        (
            "behind details for all",
            any_of([public().with_details(), people().may_operate()]),
            [yes, [403, 200], who, who, who],
        ),
        (
            "details for all, and people",
            any_of([public().with_details(), people()]).may_operate(),
            [yes, [403, 200], who, who, who],
        ),
        (
            "a range, and people",
            any_of([address(["192.0.2.0/24"]), people()]).may_operate(),
            [yes, [403, 200], who, who, who],
        ),
        (
            "a range, and people, for both",
            all_of([any_of([address(["192.0.2.0/24"]), people()]), address(["192.0.2.0/24"])]).may_operate(),
            [yes, [403, 200], who, who, who],
        ),
        (
            "a range, and people, for some levels",
            any_of([address(["192.0.2.0/24"]), people()]).only_levels(Level::L4).may_operate(),
            [[403, 200], [403, 200], who, who, who],
        ),
        ("with the public", any_of([public(), people()]).may_operate(), [yes, [403, 200], who, who, who]),
        ("in a range", all_of([address(["192.0.2.0/24"]), people().may_operate()]), [yes, [403, 200], who, who, who]),
        (
            "range as well",
            all_of([address(["192.0.2.0/24"]), people()]).may_operate(),
            [yes, [403, 200], who, who, who],
        ),
        ("out of range", all_of([address(["198.51.100.0/24"]), people().may_operate()]), [no, no, no, no, no]),
        ("two at once", all_of([people().may_operate(), machines()]), [who, who, who, who, who]),
        ("negated", any_of([not(people().may_operate()), machines().may_operate()]), [who, no, who, who, yes]),
        ("of the service's own", own(true), [who, who, who, who, who]),
        ("its own, not declared", any_of([own(false), machines().may_operate()]), [who, who, who, who, yes]),
    ] {
        for ((caller, headers), expected) in
            [("ada", &[ada][..]), ("four", &[four]), ("wrong password", &[wrong]), ("stranger", &[]), ("key", &key)]
                .into_iter()
                .zip(expected)
        {
            assert_eq!(statuses(&policy, headers).await, expected, "{case}: {caller}");
        }
    }
}

/// A browser would ask for the password of a known user again and again.
#[tokio::test]
async fn caller_of_another_policy_of_the_same_kind_is_known() {
    let people = |name| basic("x", [User::new(name, "secret")]);
    let policy = any_of([people("ada").may_operate(), people("grace")]);
    for (name, password, expected) in
        [("ada", "secret", 200), ("grace", "secret", 403), ("grace", "wrong", 401), ("eve", "secret", 401)]
    {
        let (header, value) = user(name, password);
        assert_eq!(statuses(&policy, &[(header, &value)]).await, [expected; 2], "{name} {password}");
    }
}

#[tokio::test]
async fn policy_of_the_service_grants_the_right_only_if_it_declares_it() {
    let declared = AnyPolicy::from(Obedient { grants_operations: true });
    let undeclared = any_of([Obedient { grants_operations: false }.into(), machines().may_operate()]);
    let modified = AnyPolicy::from(Obedient { grants_operations: false }).may_operate();
    for (what, by_declared, by_undeclared, by_modified) in [
        ("operate", [200; 2], [403; 2], [200; 2]),
        ("operate four", [403, 200], [403; 2], [403, 200]),
        // The audit could not say who it was.
        ("operate without a name", [403; 2], [401; 2], [403; 2]),
        ("look", [403; 2], [403; 2], [200; 2]),
    ] {
        let headers = [("x-do", what)];
        assert_eq!(statuses(&declared, &headers).await, by_declared, "{what}");
        assert_eq!(statuses(&undeclared, &headers).await, by_undeclared, "{what}");
        assert_eq!(statuses(&modified, &headers).await, by_modified, "{what}");
    }
}

/// Through a sidecar, each request has the credentials of the mesh as well.
#[tokio::test]
async fn audit_names_the_caller_with_the_right() {
    let (ada, four) = (user("ada", "secret").1, user("four", "secret").1);
    let users = || people().may_operate();
    for (case, policy, password, check, expected) in [
        ("any, mesh first", any_of([machines(), users()]), &ada, "l1", "ada"),
        ("any, people first", any_of([users(), machines()]), &ada, "l1", "ada"),
        ("all, mesh first", all_of([machines(), users()]), &ada, "l1", "ada"),
        ("all, people first", all_of([users(), machines()]), &ada, "l1", "ada"),
        ("right of the mesh", any_of([people(), machines().may_operate()]), &ada, "l1", "key"),
        ("both", any_of([users(), machines().may_operate()]), &ada, "l1", "ada"),
        ("level of one", any_of([users(), machines().may_operate()]), &four, "l1", "key"),
        ("nested", any_of([machines(), all_of([address(["192.0.2.0/24"]), users()])]), &ada, "l4", "ada"),
    ] {
        let (log, _guard) = listen();
        let router = endpoint(checks(), Access::new().levels(Levels::ALL, policy)).router();
        let headers = [JSON, ("Authorization", password), ("X-Access-Key", "key"), ("X-Secret-Key", SECRET)];
        let body = r#"{"for":"1h","reason":"migration"}"#;
        let muted = send(&router, "POST", &format!("/health/checks/{check}/mute"), &headers, body).await;
        assert_eq!(muted.json()["muted"]["by"], expected, "{case}: {muted:?}");
        let text = log.text();
        let event = text.lines().find(|line| line.contains("health check operated by a caller")).expect("an event");
        assert!(event.contains(&format!("caller=\"{expected}\"")), "{case}: {event}");
    }
}

#[tokio::test]
async fn issued_tokens_never_carry_the_right() {
    let tokens = Tokens::new(SECRET, people().may_operate());
    let policy = any_of([people(), tokens.policy()]).may_operate();
    let access = Access::new().levels(Levels::ALL, policy).tokens(tokens);
    let router = endpoint(checks(), access).router();
    let (name, value) = user("ada", "secret");
    let issued = send(&router, "POST", "/health/token", &[(name, &value)], "").await.json();
    let bearer = format!("Bearer {}", issued["token"].as_str().expect("a token"));
    let token = [JSON, ("Authorization", &*bearer)];
    assert_eq!(send(&router, "GET", "/health/checks/l1", &token, "").await.status, 200);
    let refused = send(&router, "POST", "/health/checks/l1/unmute", &token, "{}").await;
    assert_eq!(refused.problem(403), "this caller may not operate this check");
    assert_eq!(send(&router, "POST", "/health/checks/l1/unmute", &[JSON, (name, &value)], "{}").await.status, 200);
}

#[tokio::test]
async fn token_of_another_issuer_needs_a_policy_of_its_own() {
    let tokens = || Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret(SECRET));
    // Levels to look at come from `health_levels`, those to operate from another claim or scope.
    let operators = tokens().levels_claim("health_operate").scope("health:operate", Levels::ALL);
    let policy = any_of([public(), jwt(operators).may_operate(), jwt(tokens())]);
    for (claims, expected) in [
        (json!({ "health_levels": [1, 2, 3, 4, 5] }), [403; 2]),
        (json!({ "health_operate": [4] }), [403, 200]),
        (json!({ "scope": "health:operate", "health_levels": [4] }), [200; 2]),
        (json!({}), [403; 2]),
    ] {
        let mut claims = claims;
        claims["exp"] = json!(4_000_000_000_u64);
        claims["sub"] = json!("ada");
        let token = encode(&Header::default(), &claims, &EncodingKey::from_secret(SECRET.as_bytes())).expect("a token");
        let bearer = format!("Bearer {token}");
        assert_eq!(statuses(&policy, &[("Authorization", &bearer)]).await, expected, "{claims}");
    }
}

#[test]
fn right_without_credentials_is_a_start_up_error() {
    let tokens = Tokens::new(SECRET, people());
    for policy in [
        public().may_operate(),
        public().with_details().may_operate(),
        public().only_levels(Level::L5).may_operate(),
        closed().may_operate(),
        address(["192.0.2.0/24"]).may_operate(),
        any_of([public(), address(["192.0.2.0/24"])]).may_operate(),
        all_of([public(), address(["192.0.2.0/24"])]).may_operate(),
        not(people()).may_operate(),
        any_of([public().may_operate(), people()]),
        tokens.policy().may_operate(),
    ] {
        let access = Access::new().levels(Levels::ALL, policy).tokens(tokens.clone());
        let error = builder(checks()).access(access).build().expect_err("a mistake").to_string();
        assert!(error.contains("`may_operate` needs a policy that asks for credentials"), "{error}");
    }
}

#[tokio::test]
async fn routes_exist_only_where_a_rule_grants_the_right() {
    let (name, value) = user("ada", "secret");
    let ada = [JSON, (name, &*value)];
    let mixed =
        || Access::new().levels(Level::L1..=Level::L3, people().may_operate()).levels(Level::L4..=Level::L5, people());
    let whole = endpoint(checks(), mixed());
    let nobody = endpoint(checks(), Access::new().levels(Levels::ALL, people()));
    let open = builder(checks()).build().expect("a good endpoint");
    for (case, router, exists) in [
        ("whole", whole.router(), true),
        ("deep levels", whole.levels(Level::L1).router(), true),
        ("without groups", whole.without_groups().router(), true),
        ("shallow levels", whole.levels(Level::L4..=Level::L5).router(), false),
        ("for orchestrators", whole.without_levels().router(), false),
        ("no operators", nobody.router(), false),
        ("no access", open.router(), false),
    ] {
        for verb in ["run", "mute", "unmute", "drill", "undrill"] {
            let path = format!("/health/checks/l1/{verb}");
            let answer = send(&router, "PUT", &path, &ada, "").await;
            if exists {
                assert_eq!((answer.status, answer.header("allow")), (405, "POST"), "{case}: {answer:?}");
            } else {
                let unknown = send(&router, "PUT", "/health/nowhere/at/all", &ada, "").await;
                assert_eq!((answer.status, &answer.body), (404, &unknown.body), "{case}");
            }
        }
    }
    let at_level_4 = send(&whole.router(), "POST", "/health/checks/l4/unmute", &ada, "{}").await;
    assert_eq!(at_level_4.problem(403), "this caller may not operate this check", "its rule does not grant the right");
    let scoped = whole.levels(Level::L4).router::<()>();
    assert_eq!(send(&scoped, "POST", "/health/checks/l1/unmute", &ada, "{}").await.status, 404);
}

/// A check beyond the levels of the caller and one that does not exist look the same, for every operation.
#[tokio::test]
async fn check_beyond_the_levels_looks_absent() {
    let rules = Access::new()
        .levels(Level::L1..=Level::L2, machines().may_operate())
        .levels(Level::L3..=Level::L5, any_of([public(), people().may_operate()]));
    let router = endpoint(checks(), rules).router();
    let (four, ada) = (user("four", "secret"), user("ada", "secret"));
    for headers in [vec![], vec![(four.0, &*four.1)], vec![(ada.0, &*ada.1)], vec![("X-Access-Key", "key")]] {
        let headers = [vec![JSON], headers].concat();
        for verb in ["run", "mute", "unmute", "drill", "undrill"] {
            let [beyond, unknown] = ["l1", "none"].map(|check| format!("/health/checks/{check}/{verb}"));
            let beyond = send(&router, "POST", &beyond, &headers, "").await;
            let unknown = send(&router, "POST", &unknown, &headers, "").await;
            assert_eq!((beyond.status, &beyond.body), (unknown.status, &unknown.body), "{headers:?} {verb}");
            assert_eq!(beyond.headers, unknown.headers, "{headers:?} {verb}");
            assert!([401, 403].contains(&beyond.status), "{beyond:?}");
        }
    }
    // Nothing is hidden from a caller that may run everything.
    let router = endpoint(checks(), Access::new().levels(Levels::ALL, people().may_operate())).router();
    let unknown = send(&router, "POST", "/health/checks/none/mute", &[JSON, (ada.0, &ada.1)], "not read").await;
    assert_eq!(unknown.problem(404), "there is no check named \"none\"");
}
