//! No name, message or data, however hostile, breaks an encoding: each answer is read back, where it can be by a parser
//! that is not the writer's kin, and says what went in.

use std::collections::BTreeSet;

use axum::{Router, body::Body, http::Request};
use futures_util::StreamExt;
use health_runtime::{Check, Level, Outcome, ShowDetails, Status};
use health_tests::{Answer, ask, builder, events};
use proptest::prelude::*;
use serde_json::{Value, json};
use tower::ServiceExt;

use super::exposition::Exposition;

/// A check in the making: its name, its level, and what it answers.
#[derive(Clone, Debug)]
pub(super) struct Hostile {
    pub(super) name: String,
    level: u8,
    status: Status,
    message: Option<String>,
    data: Option<Value>,
}

impl Hostile {
    fn check(&self) -> Check {
        let Self { name, level, status, message, data } = self.clone();
        let check = Check::new(name, Level::try_from(level).expect("a level"), move || {
            let outcome = Outcome::new(status);
            let outcome = message.iter().fold(outcome, |outcome, message| outcome.with_message(message.clone()));
            let outcome = data.iter().fold(outcome, |outcome, data| outcome.with_data(data.clone()));
            async { outcome }
        });
        let label = label(&self.name);
        let (display, owner) = (format!("{label}!"), format!("team {label}"));
        check.readiness().display(display).owner(owner)
    }
}

/// The longest and most hostile label for people that the registry admits.
fn label(text: &str) -> String {
    let is_invisible = |letter: &char| {
        letter.is_control()
            || "\u{61c}\u{180e}\u{200b}\u{200e}\u{200f}\u{feff}".contains(*letter)
            || matches!(letter, '\u{2028}'..='\u{202e}' | '\u{2060}'..='\u{206f}')
            || matches!(letter, '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
    };
    text.chars().filter(|letter| !is_invisible(letter)).take(190).collect()
}

/// Texts that are known to break encodings.
pub(super) fn notorious() -> Vec<Hostile> {
    let deep =
        (0..100).fold(json!("<&>"), |value, depth| if depth % 2 == 0 { json!([value]) } else { json!({ "k": value }) });
    let names = [
        "a:b",
        "a%3Ab",
        "<&>\"'",
        "é",
        "\u{1f4a5}",
        "]]>",
        "a\\\"}\\n",
        "a b",
        ".",
        "../..",
        "\u{2028}\u{feff}\u{fffe}",
        "{}=,#",
    ];
    let longest = "x\u{e9}".repeat(5_000);
    let names = names.into_iter().map(str::to_owned).chain([longest]);
    let texts = ["<![CDATA[", "]]>&amp;\0\u{1}\u{b}\r\n\t\u{7f}\u{85}", "\u{ffff}\u{2028}", "\\", "\"}\n# EOF\n", ""];
    names
        .enumerate()
        .map(|(index, name)| Hostile {
            name,
            level: u8::try_from(index % 5 + 1).expect("small"),
            status: [Status::Pass, Status::Warn, Status::Fail][index % 3],
            message: Some(texts[index % texts.len()].to_owned()),
            data: Some(match index % 5 {
                0 => json!({ "message": 1, "cause": null, "level": [], "a:b": { "<&>\u{0}": f64::MAX } }),
                1 => json!(texts),
                2 => deep.clone(),
                3 => json!(texts[index % texts.len()]),
                _ => json!({ "": { "": [null, true, -1, 1e-7, u64::MAX, i64::MIN] } }),
            }),
        })
        .collect()
}

pub(super) fn router(hostile: &[Hostile]) -> Router {
    let build = builder(hostile.iter().map(Hostile::check)).details(ShowDetails::Always);
    build.build().expect("good").router()
}

fn text() -> impl Strategy<Value = String> {
    prop_oneof![
        proptest::collection::vec(any::<char>(), 0..20).prop_map(String::from_iter),
        proptest::collection::vec(prop_oneof![(0_u8..128).prop_map(char::from), Just('\u{fffe}')], 0..20)
            .prop_map(String::from_iter),
    ]
}

fn data() -> impl Strategy<Value = Value> {
    let leaf = prop_oneof![
        Just(Value::Null),
        any::<bool>().prop_map(Value::from),
        any::<i64>().prop_map(Value::from),
        any::<f64>().prop_map(Value::from),
        text().prop_map(Value::from),
    ];
    leaf.prop_recursive(4, 24, 4, |inner| {
        prop_oneof![
            proptest::collection::vec(inner.clone(), 0..4).prop_map(Value::from),
            proptest::collection::hash_map(text(), inner, 0..4)
                .prop_map(|map| Value::Object(map.into_iter().collect())),
        ]
    })
}

fn hostile() -> impl Strategy<Value = Hostile> {
    // The registry refuses a name that is empty or has control characters in it.
    let name =
        text().prop_map(|name| name.replace(char::is_control, ":")).prop_filter("a name", |name| !name.is_empty());
    let status = prop_oneof![Just(Status::Pass), Just(Status::Warn), Just(Status::Fail)];
    (name, 1_u8..=5, status, proptest::option::of(text()), proptest::option::of(data()))
        .prop_map(|(name, level, status, message, data)| Hostile { name, level, status, message, data })
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 96, failure_persistence: None, ..ProptestConfig::default() })]
    #[test]
    fn nothing_breaks_an_encoding(mut checks in proptest::collection::vec(hostile(), 1..5)) {
        let mut names = BTreeSet::new();
        checks.retain(|check| names.insert(check.name.clone()));
        run(&checks);
    }
}

#[test]
fn notorious_texts_break_no_encoding() {
    run(&notorious());
}

fn run(checks: &[Hostile]) {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().expect("a runtime");
    runtime.block_on(everything_reads_back(checks));
}

async fn everything_reads_back(checks: &[Hostile]) {
    let router = router(checks);
    let get = async |route: &str, format: &str| -> Answer {
        let separator = if route.contains('?') { '&' } else { '?' };
        let answer = ask(router.clone(), &format!("{route}{separator}format={format}"), &[]).await;
        assert!(matches!(answer.status, 200 | 503), "{route} {format}: {answer:?}");
        answer
    };
    let names: BTreeSet<&str> = checks.iter().map(|check| &*check.name).collect();
    let native = get("/readyz", "json").await.json();
    let native = native["checks"].as_object().expect("checks");
    assert_eq!(native.keys().map(String::as_str).collect::<BTreeSet<_>>(), names);

    for route in ["/health", "/health/levels", "/readyz"] {
        let health = get(route, "health+json").await.json();
        assert_eq!(ids_of_health_json(&health), names);
        let actuator = get(route, "actuator").await.json();
        let components = actuator["components"].as_object().expect("components");
        assert_eq!(components.keys().map(String::as_str).collect::<BTreeSet<_>>(), names);
        let microprofile = get(route, "microprofile").await.json();
        let listed = microprofile["checks"].as_array().expect("checks").iter();
        assert_eq!(listed.map(|check| check["name"].as_str().expect("a name")).collect::<BTreeSet<_>>(), names);
        for check in microprofile["checks"].as_array().expect("checks") {
            let data = check.get("data").and_then(Value::as_object);
            assert!(data.is_none_or(|data| {
                data.values().all(|value| !value.is_null() && !value.is_object() && !value.is_array())
            }));
        }
        assert_xml_tells(&get(route, "xml").await.body, &names, native);
        let text = get(&format!("{route}?verbose"), "text").await.body;
        assert_eq!(text.split('\n').count(), checks.len() + 2, "{text:?}");
        assert_page_tells(&get(route, "html").await.body, &names);
    }
    for name in &names {
        let path = name.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
        assert_page_tells(&get(&format!("/health/checks/{path}"), "html").await.body, &BTreeSet::from([*name]));
    }
    let agent = get("/health/agent", "text").await.body;
    assert!(agent.strip_suffix('\n').is_some_and(|line| !line.contains(char::is_control)), "{agent:?}");
    let state = first_event(&router).await;
    let listed = state["checks"].as_object().expect("checks");
    assert_eq!(listed.keys().map(String::as_str).collect::<BTreeSet<_>>(), names);
    for format in ["openmetrics", "prometheus"] {
        let scraped = Exposition::parse(&get("/health/metrics", format).await.body);
        assert_eq!(scraped.label_values("check").into_iter().collect::<BTreeSet<_>>(), names);
        for name in &names {
            assert_eq!(scraped.value("health_check_in_flight", &[("check", name)]), Some(0.0));
        }
    }
}

/// Returns the names in a `health+json` response, and checks the rules of the draft.
fn ids_of_health_json(body: &Value) -> BTreeSet<&str> {
    let mut ids = BTreeSet::new();
    for (key, objects) in body["checks"].as_object().expect("checks") {
        let (component, measurement) = key.split_once(':').expect("both halves");
        assert!(!measurement.contains(':'), "{key}");
        for object in objects.as_array().expect("an array") {
            let id = object["componentId"].as_str().expect("an id");
            assert_eq!(component, id.replace(':', "%3A"));
            assert!(ids.insert(id), "twice: {id}");
            assert!(object["status"] != "pass" || object.get("output").is_none());
            assert_eq!(object.get("affectedEndpoints"), None);
        }
    }
    ids
}

/// The elements that a page is made of, and none that anybody smuggled in.
const PAGE_ELEMENTS: &str = "html head meta title link style body header nav a main h1 h2 h3 p span small strong code section ul li \
                         label input output article div dl dt dd details summary bdi pre time table caption thead tbody tr th td svg symbol use \
                         desc path footer script";

fn assert_page_tells(text: &str, names: &BTreeSet<&str>) {
    let page = scraper::Html::parse_document(text);
    let all = scraper::Selector::parse("*").expect("a selector");
    let known: BTreeSet<_> = PAGE_ELEMENTS.split_whitespace().collect();
    let found: Vec<_> = page.select(&all).map(|element| element.value()).collect();
    for element in &found {
        assert!(known.contains(element.name()), "{} in {text}", element.name());
        assert!(element.attrs().all(|(name, _)| !name.starts_with("on") && name != "src"), "{element:?} in {text}");
    }
    assert_eq!(found.iter().filter(|element| element.name() == "script").count(), 1);
    let shown: BTreeSet<_> = found.iter().filter_map(|element| element.attr("data-check")).collect();
    assert_eq!(shown, *names);
}

/// Returns the first event of a stream.
async fn first_event(router: &Router) -> Value {
    let request = Request::get("/health/events").body(Body::empty()).expect("a request");
    let body = router.clone().oneshot(request).await.expect("an answer").into_body();
    let first = body.into_data_stream().next().await.expect("a state").expect("a state");
    let text = std::str::from_utf8(&first).expect("UTF-8").strip_suffix("\n\n").expect("a whole event");
    assert_eq!(text.split(['\n', '\r']).count(), 4, "a time, an id, a name and one line of data: {text:?}");
    events::parse(text).expect("an event").data
}

/// Replaces the characters that XML 1.0 cannot hold by U+FFFD.
fn writable(text: &str) -> String {
    let is_char = |char: char| matches!(char, '\t' | '\n' | '\r' | ' '..='\u{fffd}' | '\u{10000}'..);
    text.chars().map(|char| if is_char(char) { char } else { '\u{fffd}' }).collect()
}

fn assert_xml_tells(text: &str, names: &BTreeSet<&str>, native: &serde_json::Map<String, Value>) {
    let document = roxmltree::Document::parse(text).unwrap_or_else(|error| panic!("{error}: {text}"));
    let checks: Vec<_> = document.descendants().filter(|node| node.has_tag_name("check")).collect();
    assert_eq!(checks.len(), names.len());
    for name in names {
        let is_it = |check: &&roxmltree::Node<'_, '_>| check.attribute("name") == Some(&*writable(name));
        assert!(checks.iter().any(|check| is_it(&check)), "{name:?} is not in {text}");
        let message = native[*name].get("message").and_then(Value::as_str);
        let has_message = |check: &roxmltree::Node<'_, '_>| {
            child(check, "message").map(|node| node.text().unwrap_or_default().to_owned()) == message.map(writable)
        };
        assert!(checks.iter().filter(is_it).any(has_message), "{message:?} is not in {text}");
        let has_data = |check: &roxmltree::Node<'_, '_>| match (child(check, "data"), native[*name].get("data")) {
            (Some(node), Some(data)) => says(node, data),
            (node, data) => node.is_none() && data.is_none(),
        };
        assert!(checks.iter().filter(is_it).any(has_data), "the data of {name:?} is not in {text}");
    }
}

fn child<'a, 'b>(check: &roxmltree::Node<'a, 'b>, tag: &str) -> Option<roxmltree::Node<'a, 'b>> {
    check.children().find(|node| node.has_tag_name(tag))
}

fn says(node: roxmltree::Node<'_, '_>, data: &Value) -> bool {
    let text = node.text().unwrap_or_default();
    let children: Vec<_> = node.children().filter(roxmltree::Node::is_element).collect();
    match (node.attribute("type").expect("a type"), data) {
        ("json", data) => text == writable(&data.to_string()),
        ("null", Value::Null) => text.is_empty(),
        ("boolean", Value::Bool(value)) => text == value.to_string(),
        ("number", Value::Number(value)) => {
            are_close(text.parse().expect("a number"), value.as_f64().expect("a number"))
        }
        ("string", Value::String(value)) => text == writable(value),
        ("array", Value::Array(items)) => {
            items.len() == children.len() && items.iter().zip(children).all(|(item, child)| says(child, item))
        }
        ("object", Value::Object(fields)) => {
            fields.len() == children.len()
                && fields.iter().zip(children).all(|((name, field), child)| {
                    writable(name) == child.attribute("name").expect("a name") && says(child, field)
                })
        }
        _ => false,
    }
}

/// Returns whether two numbers are equal but for the last digit, which JSON may lose.
fn are_close(one: f64, other: f64) -> bool {
    (one - other).abs() <= one.abs() * 1e-12
}
