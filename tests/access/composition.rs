//! Policies made of others.

use health_runtime::{
    Level, Levels,
    access::{
        Access, AccessKey, AnyPolicy, Caller, Decision, Policy, User, access_key, address, all_of, any_of, basic,
        closed, not, public,
    },
};
use health_tests::{Answer, get, get_with, serve_with_addresses};

use crate::{
    credentials::{self, Headers, SECRET, borrowed, key},
    service::start,
};

fn people() -> AnyPolicy {
    basic("ship", [User::new("ada", "pass"), User::new("bob", "word").without_details()])
}

fn machines() -> AnyPolicy {
    access_key([AccessKey::new("k", SECRET)])
}

fn ada() -> Headers {
    credentials::basic("ada", "pass")
}

fn both() -> Headers {
    [ada(), key("k", SECRET)].concat()
}

/// The status of level 1, and whether its details are shown.
async fn level_1(policy: impl Into<AnyPolicy>, headers: Headers) -> (u16, bool) {
    let (address, ..) = start(Access::new().levels(Levels::ALL, policy)).await;
    let answer = get_with(address, "/health/levels/1", &borrowed(&headers)).await;
    (answer.status, answer.body.contains("detail-1"))
}

#[tokio::test]
async fn any_of_grants_what_one_of_them_grants() {
    let policy = || any_of([people(), machines()]);
    assert_eq!(level_1(policy(), ada()).await, (200, true));
    assert_eq!(level_1(policy(), key("k", SECRET)).await, (200, true));
    assert_eq!(level_1(policy(), credentials::basic("bob", "word")).await, (200, false));
    assert_eq!(level_1(policy(), [credentials::basic("bob", "word"), key("k", SECRET)].concat()).await, (200, true));
    assert_eq!(level_1(policy(), credentials::basic("ada", "wrong")).await, (401, false));
    // One right credential suffices, whatever else is wrong.
    let mixed = [credentials::basic("ada", "wrong"), key("k", SECRET)].concat();
    assert_eq!(level_1(policy(), mixed).await, (200, true));
    assert_eq!(level_1(any_of([people(), public()]), vec![]).await, (200, false));
    assert_eq!(level_1(any_of([public(), people()]), ada()).await, (200, true));
    assert_eq!(level_1(any_of([closed(), public().with_details()]), vec![]).await, (200, true));
    let only_one = any_of([people().only_levels(Level::L1), machines()]);
    assert_eq!(level_1(only_one, ada()).await.0, 200);
}

#[tokio::test]
async fn all_of_grants_what_all_of_them_grant() {
    let policy = || all_of([people(), machines()]);
    assert_eq!(level_1(policy(), both()).await, (200, true));
    assert_eq!(level_1(policy(), ada()).await, (401, false));
    assert_eq!(level_1(policy(), key("k", SECRET)).await, (401, false));
    assert_eq!(level_1(all_of([people(), machines().without_details()]), both()).await, (200, false));
    assert_eq!(level_1(all_of([machines().only_levels(Level::L2..=Level::L5), people()]), both()).await, (403, false));
    // No password opens what the address closes, and none is asked for.
    let here = || address(["127.0.0.0/8"]);
    assert_eq!(level_1(all_of([here(), people()]), ada()).await, (200, true));
    assert_eq!(level_1(all_of([not(here()), people()]), ada()).await, (403, false));
    assert_eq!(level_1(all_of([people(), not(here())]), vec![]).await, (403, false));
}

#[tokio::test]
async fn not_inverts_the_grants_of_a_policy() {
    assert_eq!(level_1(not(address(["10.0.0.0/8"])), vec![]).await, (200, true));
    assert_eq!(level_1(not(address(["127.0.0.1"])), vec![]).await, (403, false));
    assert_eq!(level_1(not(public()), vec![]).await, (403, false));
    assert_eq!(level_1(not(not(people())), ada()).await, (200, true));
    assert_eq!(level_1(not(people().only_levels(Level::L2..=Level::L5)), ada()).await, (200, true));
}

fn challenges(answer: &Answer) -> String {
    answer.header("www-authenticate").to_owned()
}

#[tokio::test]
async fn response_lists_every_accepted_challenge() {
    let (address, ..) = start(Access::new().levels(Levels::ALL, any_of([people(), machines()]))).await;
    // The client of the tests keeps the last of several headers of one name.
    let request = format!("GET /health/levels/1 HTTP/1.1\r\nHost: {address}\r\nConnection: close\r\n\r\n");
    let raw = raw(address, &request).await;
    assert!(raw.contains("www-authenticate: Basic realm=\"ship\", charset=\"UTF-8\"\r\n"), "{raw}");
    assert!(raw.contains("www-authenticate: AccessKey realm=\"health\"\r\n"), "{raw}");
    let (address, ..) =
        start(Access::new().levels(Level::L1..=Level::L2, people()).levels(Level::L3..=Level::L5, machines())).await;
    assert_eq!(
        challenges(&get(address, "/health/levels/1?cumulative").await),
        r#"Basic realm="ship", charset="UTF-8""#
    );
    assert_eq!(challenges(&get(address, "/health/levels/3").await), r#"AccessKey realm="health""#);
}

async fn raw(address: std::net::SocketAddr, request: &str) -> String {
    use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
    let mut stream = tokio::net::TcpStream::connect(address).await.expect("a server");
    stream.write_all(request.as_bytes()).await.expect("sent");
    let mut answer = String::new();
    stream.read_to_string(&mut answer).await.expect("text");
    answer
}

/// The challenges of several rules stand in one order, so that they do not reveal the level of a check.
#[tokio::test]
async fn forbidden_checks_look_alike_whatever_their_level() {
    let (address, ..) =
        start(Access::new().levels(Level::L1..=Level::L2, people()).levels(Level::L3..=Level::L5, machines())).await;
    let ask = async |check: &str| {
        let request = format!("GET /health/checks/{check} HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        let answer = raw(address, &request).await;
        answer.lines().filter(|line| !line.starts_with("date")).map(str::to_owned).collect::<Vec<_>>()
    };
    let unknown = ask("none").await;
    for check in ["l1", "l2", "l3", "l4", "l5"] {
        assert_eq!(ask(check).await, unknown, "{check}");
    }
    // Credentials for some levels reveal nothing about the others.
    let ada = ada();
    let ask = async |check: &str| get_with(address, &format!("/health/checks/{check}"), &borrowed(&ada)).await;
    let unknown = ask("none").await;
    for check in ["l3", "l4", "l5"] {
        let answer = ask(check).await;
        assert_eq!(
            (answer.status, challenges(&answer), answer.body),
            (401, challenges(&unknown), unknown.body.clone())
        );
    }
    assert_eq!(ask("l1").await.status, 200);
}

/// A caller with credentials for one rule, and none for another.
#[tokio::test]
async fn credentials_of_one_rule_are_no_mistake_for_another() {
    let admins = basic("ship", [User::new("root", "secret")]);
    let (address, _, endpoint) =
        start(Access::new().levels(Level::L1..=Level::L2, admins).levels(Level::L3..=Level::L5, people())).await;
    let answer = get_with(address, "/health/levels", &borrowed(&ada())).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(answer.json().get("level_1").is_none() && answer.json().get("level_3").is_some());
    assert_eq!(get_with(address, "/health/levels/1", &borrowed(&ada())).await.status, 401);
    assert_eq!(endpoint.refusals().rejected, 1);
}

struct Unsure;

impl Policy for Unsure {
    async fn decide(&self, _caller: &Caller) -> Decision {
        Decision::unavailable()
    }
}

/// One policy for all levels, one of which is public, says the same as two would.
#[tokio::test]
async fn partly_public_route_refuses_wrong_credentials() {
    let shallow = || public().only_levels(Level::L5);
    let (address, ..) = start(Access::new().levels(Levels::ALL, any_of([shallow(), people(), machines()]))).await;
    let ask = async |path: &str, headers: &Headers| {
        let answer = get_with(address, path, &borrowed(headers)).await;
        (answer.status, answer.body.contains("\"l5\""), answer.body.contains("\"l1\""))
    };
    let wrong = credentials::basic("ada", "wrong");
    let mixed = [wrong.clone(), key("k", SECRET)].concat();
    for (headers, expected) in [
        (vec![], (200, true, false)),
        (ada(), (200, true, true)),
        (mixed, (200, true, true)),
        (wrong.clone(), (401, false, false)),
    ] {
        assert_eq!(ask("/health/levels", &headers).await, expected, "{headers:?}");
    }
    assert_eq!(ask("/health/levels/5", &wrong).await, (200, true, false), "which is public");
    let (address, _, endpoint) = start(Access::new().levels(Levels::ALL, any_of([shallow(), Unsure.into()]))).await;
    for (path, status) in [("/health/levels", 503), ("/health/levels/5", 200)] {
        assert_eq!(get(address, path).await.status, status, "{path}");
    }
    // Where everything is public, an undecided policy refuses nobody.
    let address = serve_with_addresses(endpoint.levels(Level::L5).router()).await;
    for path in ["/health", "/health/levels", "/health/levels/5"] {
        assert_eq!(get_with(address, path, &borrowed(&wrong)).await.status, 200, "{path}");
    }
}

struct Nested(AnyPolicy);

impl Policy for Nested {
    async fn decide(&self, caller: &Caller) -> Decision {
        assert!(format!("{:?} {caller:?}", self.0).contains("AnyPolicy"));
        Decision::allow().by("nested")
    }
}

#[tokio::test]
async fn policies_that_take_their_time_compose_with_those_that_do_not() {
    let slow = || Nested(public());
    assert_eq!(level_1(any_of([people(), slow().into(), machines()]), vec![]).await, (200, true));
    assert_eq!(level_1(all_of([people(), slow().into(), machines()]), both()).await, (200, true));
    assert_eq!(level_1(all_of([slow().into(), machines()]), ada()).await, (401, false));
    assert_eq!(level_1(all_of([any_of([slow()]), not(any_of([slow()]))]), vec![]).await, (403, false));
}
