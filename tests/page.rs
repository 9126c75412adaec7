//! The page for people: whole, safe, and the same verdict as everywhere.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    net::SocketAddr,
    time::Duration,
};

use base64::{Engine, engine::general_purpose::STANDARD};
use health_runtime::{BuildMetadata, Check, Endpoint, Level, Outcome, ShowDetails};
use health_tests::{Answer, builder, endpoint, flapping, send, serve};
use scraper::{ElementRef, Html, Selector};
use serde_json::json;
use sha2::{Digest, Sha256};

const BROWSER: &str = "text/html,application/xhtml+xml,application/xml;q=0.9,image/avif,image/webp,*/*;q=0.8";

/// Names and messages that would break out of an element, an attribute or a script.
const HOSTILE: [&str; 9] = [
    "<script>alert(1)</script>",
    "</main></body><img src=x onerror=alert(1)>",
    "\" onmouseover=\"alert(1)",
    "' autofocus onfocus='alert(1)",
    "--></style></script><script>alert(1)//",
    "&lt;b&gt; &amp; &#60;",
    "javascript:alert(1)//../../../x?y#z",
    "\u{202e}gnp.exe \u{1F596} é",
    "a:b/c%2f..%00",
];

async fn ask(address: SocketAddr, method: &str, path: &str, headers: &str) -> Answer {
    send(address, &format!("{method} {path} HTTP/1.1\r\nHost: {address}\r\n{headers}Connection: close\r\n\r\n")).await
}

async fn page(address: SocketAddr, path: &str) -> Answer {
    let answer = ask(address, "GET", path, &format!("Accept: {BROWSER}\r\n")).await;
    assert_eq!(answer.header("content-type"), "text/html; charset=utf-8", "{path}");
    answer
}

fn parse(answer: &Answer) -> Html {
    let html = Html::parse_document(&answer.body);
    assert_eq!(html.errors, Vec::<std::borrow::Cow<'static, str>>::new());
    html
}

fn all<'a>(html: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    html.select(&Selector::parse(selector).expect("a selector")).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect()
}

fn only<'a>(html: &'a Html, selector: &str) -> ElementRef<'a> {
    let found = all(html, selector);
    assert_eq!(found.len(), 1, "{selector}");
    found[0]
}

fn details(checks: impl IntoIterator<Item = Check>) -> Endpoint {
    const BUILD: BuildMetadata = BuildMetadata::new("orders-api", "3.0.3").with_language("rustc 1.95.0");
    builder(checks).build_info(BUILD).details(ShowDetails::Always).build().expect("a good endpoint")
}

fn sample() -> Vec<Check> {
    vec![
        Check::new("db", Level::L1, || async { Outcome::fail("secret message").with_data(json!({"secret": "data"})) })
            .description("A secret description.")
            .tags(["storage"])
            .readiness(),
        Check::new("reports", Level::L2, || async {}).depends_on(["db"]).critical(false),
        Check::new("good", Level::L5, || async {}).liveness(),
    ]
}

#[tokio::test]
async fn page_is_a_whole_document_with_landmarks_and_headings() {
    let address = serve(details(sample()).router()).await;
    let answer = page(address, "/health").await;
    assert_eq!(answer.status, 503, "the status code is the verdict, for people, too");
    assert_eq!(answer.header("retry-after"), "1");
    let html = parse(&answer);
    assert!(answer.body.starts_with("<!DOCTYPE html>"));
    assert_eq!(only(&html, "html").attr("lang"), Some("en"));
    assert_eq!(text(only(&html, "title")), "fail: Health of orders-api");
    assert_eq!(text(only(&html, "h1")), "Health of orders-api");
    for landmark in ["body > header nav", "body > main", "body > footer", "body > [role=status]"] {
        only(&html, landmark);
    }
    let levels: Vec<_> = all(&html, "main section > h2").into_iter().map(text).collect();
    assert_eq!((levels.len(), levels[0].as_str()), (7, "Needs attention"), "{levels:?}");
    assert!(levels[1].starts_with("Level 1") && levels[1].ends_with("fail"), "{levels:?}");
    assert!(levels[3].starts_with("Level 3") && !levels[3].contains("pass"), "no checks pass there: {levels:?}");

    let check = only(&html, "[data-check=db]");
    let words = text(check);
    for word in ["fail", "db", "A secret description.", "secret message", "fail since", "checked", "took"] {
        assert!(words.contains(word), "{word}: {words}");
    }
    let reports = text(only(&html, "[data-check=reports]"));
    assert!(reports.contains("blocked by") && reports.contains("blocked"), "{reports}");

    let ids: Vec<_> = all(&html, "[id]").iter().filter_map(|element| element.attr("id")).collect();
    assert_eq!(ids.iter().collect::<BTreeSet<_>>().len(), ids.len(), "{ids:?}");
    for label in all(&html, "[aria-labelledby]") {
        for id in label.attr("aria-labelledby").expect("one").split(' ') {
            assert!(ids.contains(&id), "{id}");
        }
    }
    for target in all(&html, "a[href^='#'], use") {
        let id = target.attr("href").and_then(|href| href.strip_prefix('#')).expect("a place in the page");
        assert!(ids.contains(&id), "{id}");
    }
    for time in all(&html, "time") {
        assert!(text(time).ends_with(" UTC") && time.attr("datetime").is_some_and(|time| time.ends_with('Z')));
    }
    for badge in all(&html, ".badge") {
        assert!(["pass", "warn", "fail"].contains(&text(badge).as_str()), "a word");
        assert!(badge.inner_html().contains("<use"), "and a shape");
    }
    let build = text(all(&html, "main section").pop().expect("the build"));
    for fact in ["orders-api", "3.0.3", "rustc 1.95.0", "build type", "started"] {
        assert!(build.contains(fact), "{fact}: {build}");
    }
}

#[tokio::test]
async fn content_security_policy_permits_only_own_style_and_script() {
    let address = serve(details(sample()).router()).await;
    for path in ["/health", "/health/levels", "/health/checks/db", "/health/nothing"] {
        let answer = page(address, path).await;
        let html = parse(&answer);
        let policy: BTreeMap<_, _> = answer
            .header("content-security-policy")
            .split("; ")
            .map(|rule| rule.split_once(' ').expect("a rule"))
            .collect();
        let hash = |selector: &str| {
            let texts = all(&html, selector).into_iter().map(text);
            let hashes: Vec<_> =
                texts.map(|text| format!("'sha256-{}'", STANDARD.encode(Sha256::digest(text)))).collect();
            hashes.concat()
        };
        assert_eq!(policy["style-src"], hash("style"), "{path}");
        if path == "/health/nothing" {
            assert_eq!(hash("script"), "", "nothing to follow");
        } else {
            assert_eq!(policy["script-src"], hash("script"), "{path}");
        }
        for (rule, value) in [
            ("default-src", "'none'"),
            ("img-src", "data:"),
            ("connect-src", "'self'"),
            ("base-uri", "'none'"),
            ("form-action", "'none'"),
            ("frame-ancestors", "'none'"),
        ] {
            assert_eq!(policy[rule], value, "{path}");
        }
        assert_eq!(answer.header("x-content-type-options"), "nosniff");
        assert_eq!(answer.header("cache-control"), "no-store");
        assert_eq!(answer.header("referrer-policy"), "no-referrer");
        for element in all(&html, "*") {
            for (name, value) in element.value().attrs() {
                assert!(name != "style" && !name.starts_with("on") && name != "src", "{path}: {name}={value}");
                let is_outside = value.contains("://") && !value.starts_with("data:image/svg+xml,");
                assert!(name != "href" || !is_outside, "{path}: {value}");
            }
        }
    }
}

#[tokio::test]
async fn hostile_texts_are_escaped() {
    let checks = HOSTILE.map(|name| {
        Check::new(name, Level::L3, move || async move { Outcome::fail(name).with_data(json!({name: name})) })
            .description(name)
            .tags([name])
            .max_age(Duration::from_hours(1))
    });
    let blocked = Check::new("blocked", Level::L4, || async {}).depends_on(HOSTILE);
    let endpoint = details(checks.into_iter().chain([blocked]));
    for name in HOSTILE {
        endpoint.monitor().mute(name, Duration::from_hours(1), name).expect("such a check");
    }
    let address = serve(endpoint.router()).await;
    let answer = page(address, "/health").await;
    let html = parse(&answer);
    assert_eq!((all(&html, "script").len(), all(&html, "img, b, iframe, object").len()), (1, 0));
    let names: BTreeSet<_> = all(&html, "[data-check]").iter().filter_map(|check| check.attr("data-check")).collect();
    assert_eq!(names.len(), HOSTILE.len() + 1);
    for name in HOSTILE {
        assert!(names.contains(name), "{name}");
        let cards = all(&html, "[data-check]");
        let card = cards.iter().find(|card| card.attr("data-check") == Some(name)).expect("its card");
        let texts: Vec<_> =
            card.select(&Selector::parse("bdi").expect("a selector")).map(text).filter(|text| text == name).collect();
        assert_eq!(texts.len(), 5, "name, description, message, mute and the name in the link: {name}");
        let link = card.select(&Selector::parse(".card > p a").expect("a selector")).next().expect("a link");
        let path = resolve("/health", link.attr("href").expect("a target"));
        let own = page(address, &path).await;
        assert_eq!(own.status, 200, "{path}: it is muted");
        let html = parse(&own);
        assert_eq!(only(&html, "[data-check]").attr("data-check"), Some(name));
        assert_eq!(all(&html, "script").len(), 1);
        let data: serde_json::Value = serde_json::from_str(&text(only(&html, "pre"))).expect("JSON");
        assert_eq!(data, json!({name: name}));
    }
}

#[tokio::test]
async fn page_without_details_has_none() {
    let secrets = ["secret", "rustc", "blocked by", "page.rs"];
    let build = BuildMetadata::new("orders-api", "3.0.3").with_language("rustc 1.95.0");
    for (show, is_shown) in [(ShowDetails::Never, false), (ShowDetails::Always, true)] {
        let endpoint = builder(sample()).build_info(build).details(show).build().expect("a good endpoint");
        endpoint.monitor().mute("db", Duration::from_hours(1), "a secret reason").expect("such a check");
        let address = serve(endpoint.router()).await;
        let mut pages = String::new();
        for path in ["/health", "/health/levels", "/health/levels/1", "/health/checks/db", "/readyz?format=html"] {
            pages += &page(address, path).await.body;
        }
        for secret in secrets {
            assert_eq!(pages.contains(secret), is_shown, "{secret}");
        }
        assert!(pages.contains("ends <time"), "that it is muted, and until when");
    }
}

#[tokio::test]
async fn browsers_get_the_page_and_programs_do_not() {
    let address = serve(endpoint(sample()).router()).await;
    let kind =
        async |path: &str, headers: &str| ask(address, "GET", path, headers).await.header("content-type").to_owned();
    let browser = format!("Accept: {BROWSER}\r\n");
    for path in ["/health", "/health/levels", "/health/levels/5", "/health/checks/good", "/health/levels/1?tag=storage"]
    {
        assert_eq!(kind(path, &browser).await, "text/html; charset=utf-8", "{path}");
        for headers in
            ["", "Accept: */*\r\n", "Accept: application/json, text/html;q=0.9\r\n", "Accept: text/html;q=0\r\n"]
        {
            assert_eq!(kind(path, headers).await, "application/json", "{path} {headers}");
        }
        let sign = if path.contains('?') { '&' } else { '?' };
        assert_eq!(kind(&format!("{path}{sign}format=json"), &browser).await, "application/json");
        assert_eq!(kind(&format!("{path}{sign}format=html"), "").await, "text/html; charset=utf-8");
    }
    // Probers and their operators count on plain text.
    assert_eq!(kind("/readyz", &browser).await, "text/plain; charset=utf-8");
    let ready = page(address, "/readyz?format=html").await;
    assert_eq!((ready.status, text(only(&parse(&ready), "h1"))), (503, "readyz of this service".to_owned()));
}

#[tokio::test]
async fn people_get_problems_as_pages_and_programs_as_json() {
    let address = serve(endpoint(sample()).router()).await;
    let browser = format!("Accept: {BROWSER}\r\n");
    for (method, path, status, word) in [
        ("GET", "/health/nothing", 404, "nothing at this path"),
        ("GET", "/health/", 404, "nothing at this path"),
        ("GET", "/health/levels/6", 404, "a level is a whole number"),
        ("GET", "/health/checks/%3Cb%3E", 404, "there is no check named"),
        ("POST", "/health", 405, "POST is not a valid method"),
        ("GET", "/health?verbose=perhaps", 400, "is a flag"),
    ] {
        let answer = ask(address, method, path, &browser).await;
        assert_eq!((answer.status, answer.header("content-type")), (status, "text/html; charset=utf-8"), "{path}");
        let html = parse(&answer);
        assert!(text(only(&html, "h1")).starts_with(&status.to_string()), "{path}");
        assert!(text(only(&html, "main")).contains(word), "{path}: {}", answer.body);
        assert_eq!(all(&html, "b").len(), 0);
        let way_back = only(&html, "main a").attr("href").expect("a way back");
        assert_eq!(resolve(path, way_back), "/health", "{path}");
        assert_eq!(answer.header("allow"), if status == 405 { "GET, HEAD, OPTIONS" } else { "" });

        let answer = ask(address, method, path, "").await;
        assert_eq!((answer.status, answer.header("content-type")), (status, "application/problem+json"), "{path}");
        assert_eq!(answer.json()["status"], status);
    }
}

#[tokio::test]
async fn only_successful_pages_are_answered_with_304() {
    let old = |check: Check| check.max_age(Duration::from_hours(1));
    let good = serve(endpoint([old(Check::new("good", Level::L5, || async {}))]).router()).await;
    let bad = serve(endpoint([old(Check::new("bad", Level::L5, || async { false }))]).router()).await;
    for path in ["/health", "/health/levels", "/health/checks/good"] {
        let first = page(good, path).await;
        let tag = first.header("etag").to_owned();
        assert!(tag.starts_with('"') && tag.len() > 16, "{tag}");
        for known in [tag.clone(), format!("W/{tag}"), format!("\"other\", {tag}"), "*".to_owned()] {
            for method in ["GET", "HEAD"] {
                let headers = format!("Accept: {BROWSER}\r\nIf-None-Match: {known}\r\n");
                let answer = ask(good, method, path, &headers).await;
                assert_eq!((answer.status, answer.body.as_str()), (304, ""), "{path} {known}");
                assert_eq!((answer.header("etag"), answer.header("cache-control")), (tag.as_str(), "no-store"));
            }
        }
        let other = ask(good, "GET", path, &format!("Accept: {BROWSER}\r\nIf-None-Match: \"other\"\r\n")).await;
        assert_eq!((other.status, other.header("etag")), (200, tag.as_str()), "the same bytes, the same tag");
        let json = ask(good, "GET", path, "If-None-Match: *\r\n").await;
        assert_eq!((json.status, json.header("etag")), (200, ""), "a verdict for programs is never spared");
    }

    let first = page(bad, "/health/levels").await;
    let headers = format!("Accept: {BROWSER}\r\nIf-None-Match: {}\r\n", first.header("etag"));
    let again = ask(bad, "GET", "/health/levels", &headers).await;
    assert_eq!((first.status, again.status, first.body == again.body), (503, 503, true));

    // A fragment carries no verdict.
    let fragment = "/health/levels?format=html&fragment";
    let first = ask(bad, "GET", fragment, "").await;
    assert_eq!((first.status, first.header("retry-after")), (200, ""));
    assert!(first.body.starts_with("<main ") && first.body.ends_with("</main>"), "{}", first.body);
    let again = ask(bad, "GET", fragment, &format!("If-None-Match: {}\r\n", first.header("etag"))).await;
    assert_eq!(again.status, 304);
    assert_eq!(ask(bad, "GET", "/health/levels?fragment", "").await.status, 503, "but only of a page");
}

/// Resolves a relative link as a browser does.
fn resolve(from: &str, link: &str) -> String {
    if link.starts_with(['?', '#']) || link.is_empty() {
        return format!("{}{}", from.split('?').next().unwrap_or_default(), link.split('#').next().unwrap_or_default());
    }
    assert!(link.starts_with("./") || link.starts_with("../"), "relative, and never taken for a scheme: {link}");
    let path = from.split('?').next().unwrap_or_default();
    let mut folders: Vec<_> = path.split('/').collect();
    folders.pop();
    for part in link.split('/') {
        match part {
            "." => {}
            ".." => {
                folders.pop();
            }
            part => folders.push(part),
        }
    }
    folders.join("/")
}

#[tokio::test]
async fn links_of_the_page_work_under_any_prefix() {
    let builder = |checks| builder(checks).base_path("/a:b/health").levels_path("/levels").without_root_probes();
    let endpoint = builder(sample()).build().expect("a good endpoint");
    let nested = builder(sample()).build().expect("a good endpoint");
    let address = serve(axum::Router::new().nest("/outer/inner", nested.router()).merge(endpoint.router())).await;
    for prefix in ["", "/outer/inner"] {
        // The second time they are stored, each at its own depth.
        for path in
            ["/a:b/health", "/levels", "/levels/1", "/levels/5", "/a:b/health/checks/db", "/levels", "/levels/1"]
        {
            let path = format!("{prefix}{path}");
            let answer = page(address, &path).await;
            let html = parse(&answer);
            let events = only(&html, "body").attr("data-events").expect("where events are");
            assert_eq!(resolve(&path, events), format!("{prefix}/a:b/health/events"), "{path}");
            let links: BTreeSet<_> = all(&html, "a[href]").iter().filter_map(|link| link.attr("href")).collect();
            assert!(links.len() > 6, "{links:?}");
            for link in links {
                let target = resolve(&path, link);
                let status = ask(address, "HEAD", &target, "").await.status;
                assert!([200, 503].contains(&status), "{path}: {link} is {target}: {status}");
            }
        }
    }
}

#[tokio::test]
async fn json_link_shows_the_same_report() {
    let odd = Check::new("a&b=c", Level::L4, || async {}).tags(["x&y", "storage"]);
    let address = serve(endpoint(sample().into_iter().chain([odd])).router()).await;
    for (path, expected) in [
        ("/health/levels", &["a&b=c", "db", "good", "reports"][..]),
        ("/health/levels?tag=storage&timeout=1s500ms", &["a&b=c", "db"]),
        ("/health/levels/4?tag=x%26y", &["a&b=c"]),
        ("/health/levels?exclude=db&exclude=a%26b%3Dc&_=17", &["good", "reports"]),
        ("/health/levels/2?cumulative", &["a&b=c", "good", "reports"]),
        // The second time it is stored.
        ("/health/levels/2", &["reports"]),
        ("/health/levels/2?cumulative", &["a&b=c", "good", "reports"]),
        ("/readyz?format=html&exclude=db", &[]),
    ] {
        let html = parse(&page(address, path).await);
        let shown: BTreeSet<_> =
            all(&html, "[data-check]").iter().filter_map(|check| check.attr("data-check")).collect();
        assert_eq!(shown, expected.iter().copied().collect(), "{path}");
        let link = only(&html, "footer a[href^='?']").attr("href").expect("a target");
        let body = ask(address, "GET", &resolve(path, link), "").await.json();
        let reports = body.as_object().expect("an object").values().filter_map(|level| level.get("checks"));
        let checks = reports.chain(body.get("checks")).flat_map(|checks| checks.as_object().expect("checks").keys());
        assert_eq!(checks.map(String::as_str).collect::<BTreeSet<_>>(), shown, "{path}: {link}");
    }
}

#[tokio::test]
async fn history_has_a_described_picture_and_a_list() {
    let endpoint = details([flapping::flapping("flaps"), Check::new("steady", Level::L3, || async {})]);
    flapping::ask(endpoint.monitor(), 70).await;
    let address = serve(endpoint.router()).await;
    let html = parse(&page(address, "/health").await);
    let picture = only(&html, "[data-check=flaps] svg.history");
    assert_eq!((picture.attr("role"), picture.attr("width")), (Some("img"), Some("240")));
    let bars = |status: &str| {
        let path = only(&html, &format!("[data-check=flaps] svg.history path.{status}"));
        path.attr("d").expect("bars").matches('M').count()
    };
    assert_eq!((bars("pass"), bars("fail")), (32, 32));
    let words = text(only(&html, "[data-check=flaps] svg.history desc"));
    assert!(words.contains("passed 32 times, warned 0 times, failed 32 times"), "{words}");
    assert_eq!(all(&html, "[data-check=steady] svg.history").len(), 0, "there is nothing to see");

    let html = parse(&page(address, "/health/checks/flaps").await);
    let rows: Vec<_> = all(&html, "tbody tr").into_iter().map(text).collect();
    assert_eq!(rows.len(), 64);
    assert!(rows[0].contains("pass to fail") || rows[0].contains("fail to pass"), "the latest first: {}", rows[0]);
}

#[tokio::test]
async fn page_shows_that_the_service_is_shutting_down() {
    let endpoint = endpoint(sample());
    let address = serve(endpoint.router()).await;
    assert_eq!(all(&parse(&page(address, "/health").await), ".note").len(), 0);
    endpoint.monitor().drain();
    for path in ["/health", "/health/ready?format=html", "/health/levels", "/health/levels/5", "/health/checks/good"] {
        let html = parse(&page(address, path).await);
        assert!(text(only(&html, ".note")).starts_with("Draining."), "{path}");
    }
}

fn groups(html: &Html) -> Vec<String> {
    let words = |group| text(group).split_whitespace().collect::<Vec<_>>().join(" ");
    all(html, ".groups li").into_iter().map(words).collect()
}

#[tokio::test]
async fn draining_instance_never_shows_a_passing_verdict() {
    let old = |check: Check| check.max_age(Duration::from_hours(1));
    let endpoint = details([old(Check::new("good", Level::L5, || async {}).liveness().readiness())]);
    let address = serve(endpoint.router()).await;
    let html = parse(&page(address, "/health/levels").await);
    assert_eq!(groups(&html), ["live pass", "ready pass", "startup pass"]);
    endpoint.monitor().drain();
    for path in ["/health", "/health/levels", "/health/levels/5"] {
        let html = parse(&page(address, path).await);
        assert_eq!(groups(&html), ["live pass", "ready fail draining", "startup pass"], "{path}");
        let verdict = only(&html, ".verdict .badge");
        assert_eq!((text(verdict).as_str(), verdict.attr("class")), ("draining", Some("badge warn")), "{path}");
        assert!(text(only(&html, "title")).starts_with("draining: "), "{path}");
        assert_ne!(only(&html, "link[rel=icon]").attr("href"), None);
    }
}

#[tokio::test]
async fn group_verdict_is_shown_only_where_all_its_checks_are() {
    let checks = || {
        vec![
            Check::new("db", Level::L1, || async { false }).readiness().tags(["storage"]),
            Check::new("cache", Level::L3, || async {}).readiness().startup(),
            Check::new("alive", Level::L5, || async {}).liveness(),
        ]
    };
    let endpoint = details(checks());
    let address = serve(endpoint.router()).await;
    for (path, expected) in [
        ("/health", &["live pass", "ready fail", "startup pass"][..]),
        ("/health/levels/1", &["live pass", "ready fail", "startup pass"]),
        ("/health/levels/3?cumulative", &["live pass", "startup pass"]),
        ("/health/levels/5", &["live pass"]),
        ("/health/levels?tag=storage", &[]),
        ("/health/levels?exclude=alive", &["ready fail", "startup pass"]),
        ("/health/checks/db", &[]),
        ("/readyz?format=html", &[]),
    ] {
        let html = parse(&page(address, path).await);
        assert_eq!(groups(&html), expected, "{path}");
        for link in all(&html, ".groups a") {
            let target = resolve(path, link.attr("href").expect("a target"));
            assert!([200, 503].contains(&page(address, &target).await.status), "{target}");
        }
    }
    let without = details(checks()).without_groups();
    let html = parse(&page(serve(without.router()).await, "/health").await);
    assert_eq!((groups(&html).len(), all(&html, ".groups a").len()), (3, 0), "known, and nowhere to be asked for");
}

#[tokio::test]
async fn group_verdict_follows_holds_and_pending_checks() {
    let works = std::sync::Arc::new(std::sync::atomic::AtomicBool::new(true));
    let seen = std::sync::Arc::clone(&works);
    let shared = Check::new("shared", Level::L3, move || {
        let works = seen.load(std::sync::atomic::Ordering::SeqCst);
        async move { works }
    });
    let held = shared.readiness().hold(Duration::from_hours(1)).max_age(Duration::ZERO);
    let pending = Check::new("pending", Level::L5, std::future::pending::<()>)
        .liveness()
        .startup()
        .interval(Duration::from_hours(1));
    let address = serve(details([held, pending]).router()).await;
    assert_eq!(groups(&parse(&page(address, "/health").await)), ["live pass", "ready pass", "startup fail"]);
    works.store(false, std::sync::atomic::Ordering::SeqCst);
    let html = parse(&page(address, "/health").await);
    assert_eq!(groups(&html), ["live pass", "ready warn", "startup fail"], "levels fail at once, readiness holds");
    assert_eq!(text(only(&html, ".verdict .badge")), "fail");
}

#[tokio::test]
async fn only_checks_that_need_attention_are_unfolded() {
    let mut checks = sample();
    checks.push(Check::new("slow", Level::L3, || async { Outcome::warn("half the shards") }));
    checks.push(Check::new("legacy", Level::L3, || async { false }));
    let endpoint = details(checks);
    endpoint.monitor().mute("legacy", Duration::from_hours(1), "it moves").expect("such a check");
    let html = parse(&page(serve(endpoint.router()).await, "/health").await);
    let open: Vec<_> = all(&html, "[data-check]")
        .into_iter()
        .filter(|check| check.select(&Selector::parse("details.card[open]").expect("a selector")).next().is_some())
        .filter_map(|check| check.attr("data-check"))
        .collect();
    assert_eq!(open, ["db", "slow"], "neither what passes, nor what is blocked or muted");
    assert_eq!(all(&html, "[data-check] > details.card > summary > h3").len(), 5);
}

#[tokio::test]
async fn blocked_checks_stand_under_their_root_cause() {
    let checks = || {
        vec![
            Check::new("db", Level::L1, || async { Outcome::fail("connection refused") }),
            Check::new("orders", Level::L2, || async {}).depends_on(["db"]),
            Check::new("invoices", Level::L3, || async {}).depends_on(["orders"]),
            Check::new("good", Level::L5, || async {}),
        ]
    };
    let html = parse(&page(serve(details(checks()).router()).await, "/health").await);
    let sentence = text(only(&html, ".verdict"));
    assert!(sentence.ends_with("4 checks: 1 fails; 2 are blocked."), "{sentence}");
    let root = text(only(&html, ".attention > ul > li"));
    for words in ["db", "connection refused", "blocks 2 checks", "orders", "invoices"] {
        assert!(root.contains(words), "{words}: {root}");
    }
    // Names of what blocks are details.
    let html = parse(&page(serve(endpoint(checks()).router()).await, "/health").await);
    let items: Vec<_> = all(&html, ".attention > ul > li").into_iter().map(text).collect();
    assert_eq!(items.len(), 2, "{items:?}");
    assert!(items[1].contains("A check that is not shown here") && items[1].contains("blocks 2 checks"), "{items:?}");
}

#[tokio::test]
async fn instance_is_named_where_details_are_shown() {
    let instance = std::fs::read_to_string("/proc/sys/kernel/hostname").expect("the name of the host");
    for (show, is_shown) in [(ShowDetails::Never, false), (ShowDetails::Always, true)] {
        let endpoint = builder(sample()).build_info(BuildMetadata::new("orders-api", "3.0.3"));
        let address = serve(endpoint.details(show).build().expect("a good endpoint").router()).await;
        for path in ["/health", "/health/levels/1", "/health/checks/db", "/readyz?format=html"] {
            let html = parse(&page(address, path).await);
            let identity = text(only(&html, ".identity"));
            assert_eq!(identity.contains(&format!("instance{}", instance.trim())), is_shown, "{path}: {identity}");
            assert!(identity.contains("version3.0.3") && identity.contains("started"), "{path}: {identity}");
        }
    }
}

#[tokio::test]
async fn muted_check_is_not_counted_as_failing() {
    let good = |name| Check::new(name, Level::L5, || async {});
    for (names, muted, sentence) in [
        (&["a"][..], &["a"][..], "The check is muted."),
        (&["a", "b"], &["a", "b"], "All 2 checks are muted."),
        (&["a", "b", "c"], &["b"], "2 of 3 checks pass; 1 is muted."),
    ] {
        let endpoint = endpoint(names.iter().copied().map(good));
        for name in muted {
            endpoint.monitor().mute(name, Duration::from_hours(1), "a test").expect("such a check");
        }
        let html = parse(&page(serve(endpoint.router()).await, "/health").await);
        assert!(text(only(&html, ".verdict")).ends_with(sentence), "{}", text(only(&html, ".verdict")));
    }
}

#[tokio::test]
async fn service_without_checks_has_a_page() {
    let address = serve(endpoint([]).router()).await;
    let answer = page(address, "/health").await;
    assert_eq!(answer.status, 200);
    assert!(text(only(&parse(&answer), ".verdict")).contains("There is nothing to check."));
}
