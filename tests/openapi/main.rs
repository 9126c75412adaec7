//! The OpenAPI document: it describes every real response, and no other.

#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod document;
mod peers;

use std::{
    collections::{BTreeMap, BTreeSet},
    time::Duration,
};

use axum::Router;
use health_runtime::{
    BuildInfo, Check, Endpoint, EnvoyHeaders, Forced, Group, Level, Outcome, ShowDetails, StatusCodes, View,
    access::{Access, AccessKey, Limits, Tokens, access_key, closed, public},
};
use health_tests::{Answer, builder, get, get_until, get_with, request, send, serve};
use jsonschema::Validator;
use serde_json::{Map, Value, json};

#[derive(BuildInfo)]
#[build_info(name = "orders", repo = "abc/orders")]
struct App;

const HOSTILE: &str = "a:b/<&>\"é\u{1f4a5}?#%20";

/// Checks of every kind, whose worst status is this one.
fn checks(worst: &Outcome) -> Vec<Check> {
    let worst = worst.clone();
    vec![
        Check::new("db", Level::L1, move || {
            let worst = worst.clone();
            async { worst }
        })
        .readiness()
        .tags(["data", "datastore"])
        .failure_threshold(1)
        .success_threshold(2),
        Check::new(HOSTILE, Level::L3, || async {
            Outcome::pass().with_message("well").with_data(json!({ "a": [1, null], "level": "no number" }))
        }),
        Check::new("own words", Level::L3, || async {
            Outcome::pass().with_data(json!({ "cause": 1, "error": [], "message": {}, "muted": "no" }))
        })
        .description("What it is for.")
        .display("Own words")
        .owner("payments")
        .runbook("https://wiki.example.com/own%20words?a=b#c"),
        Check::new("blocked", Level::L4, || async { true }).depends_on(["asleep"]).critical(false),
        Check::new("asleep", Level::L4, || async { false }).critical(false),
        Check::new("slow", Level::L5, || async { Outcome::pass().with_data(json!("text")) })
            .liveness()
            .degraded_after(Duration::from_nanos(1)),
        Check::new("late", Level::L2, || async { true }).interval(Duration::from_mins(10)).startup(),
    ]
}

async fn document(endpoint: &Endpoint) -> Value {
    let answer = get(serve(endpoint.router()).await, "/health/openapi.json").await;
    assert_eq!((answer.status, answer.header("content-type")), (200, "application/json"));
    answer.json()
}

/// A validator of answers, stricter than the document: a field that it does not name is a mistake.
fn validator(document: &Value, schema: &Value) -> Validator {
    let mut components = document["components"].clone();
    // A schema within an `allOf` cannot be closed by itself.
    let joined = components.to_string();
    for (name, schema) in components["schemas"].as_object_mut().expect("schemas") {
        if !joined.contains(&format!("\"allOf\":[{{\"$ref\":\"#/components/schemas/{name}\"")) {
            close(schema);
        }
    }
    let mut schema = schema.clone();
    close(&mut schema);
    let root = json!({
        "$schema": "https://json-schema.org/draft/2020-12/schema",
        "components": components,
        "allOf": [schema],
    });
    jsonschema::draft202012::options().should_validate_formats(true).build(&root).expect("a schema")
}

fn close(schema: &mut Value) {
    let Some(fields) = schema.as_object_mut() else { return };
    let is_closed = fields.contains_key("additionalProperties");
    if let Some(properties) = fields.get_mut("properties").and_then(Value::as_object_mut) {
        properties.values_mut().for_each(close);
        if !is_closed {
            fields.insert("additionalProperties".to_owned(), json!(false));
        }
    }
    if let Some(any) = fields.get_mut("anyOf").and_then(Value::as_array_mut) {
        any.iter_mut().for_each(close);
    }
    if fields.contains_key("allOf") {
        fields.insert("unevaluatedProperties".to_owned(), json!(false));
    }
}

/// The path that a template stands for.
fn filled(template: &str) -> Vec<String> {
    let encoded = HOSTILE.bytes().map(|byte| format!("%{byte:02X}")).collect::<Vec<_>>().concat();
    match template.split_once("{name}") {
        Some((before, after)) => {
            ["db", "blocked", "late", &*encoded].map(|name| format!("{before}{name}{after}")).into()
        }
        None => vec![template.to_owned()],
    }
}

/// The validators of a document that were made already, by schema: to make one takes longer than to use it.
type Validators = BTreeMap<String, Validator>;

/// Holds an answer against its operation.
fn is_as_described(document: &Value, validators: &mut Validators, path: &str, method: &str, answer: &Answer) {
    let operation = &document["paths"][path][method.to_lowercase()];
    let response = &operation["responses"][answer.status.to_string()];
    assert!(response.is_object(), "{method} {path} is not to answer {}", answer.status);
    if method == "HEAD" || answer.status == 304 {
        assert!(answer.body.is_empty() && response["content"].is_null(), "{method} {path}");
        return;
    }
    let content_type = answer.header("content-type");
    let essence = content_type.split(';').next().expect("a first part");
    let schema = &response["content"][essence]["schema"];
    assert!(schema.is_object(), "{method} {path} is not to answer {} as {essence}", answer.status);
    if essence.ends_with("json") {
        let instance = answer.json();
        let validator = validators.entry(schema.to_string()).or_insert_with(|| validator(document, schema));
        let errors: Vec<_> =
            validator.iter_errors(&instance).map(|error| format!("{}: {error}", error.instance_path())).collect();
        assert!(errors.is_empty(), "{method} {path} {}: {errors:#?}\n{instance:#}", answer.status);
    } else {
        // A stream of events is that as well, to tools that read each by itself.
        let of_text = if essence == "text/event-stream" { &schema["anyOf"][0] } else { schema };
        assert_eq!(of_text["type"], "string", "{method} {path} as {essence}");
    }
}

/// Asks for everything that the document says can be asked for, and counts the answers.
async fn hold_to_its_word(endpoint: &Endpoint) -> usize {
    let document = document(endpoint).await;
    let address = serve(endpoint.router()).await;
    let (mut count, mut validators) = (0, Validators::new());
    for (template, item) in document["paths"].as_object().expect("paths") {
        let media_types: BTreeSet<&String> = item["get"]["responses"]
            .as_object()
            .expect("responses")
            .values()
            .flat_map(|response| response["content"].as_object().into_iter().flat_map(Map::keys))
            .collect();
        let named = |name: &str| {
            item["get"]["parameters"].as_array().into_iter().flatten().find(|parameter| parameter["name"] == name)
        };
        let formats = named("format").map_or("", |format| format["description"].as_str().expect("text"));
        let mut queries: Vec<String> =
            formats.split('`').skip(1).step_by(2).map(|name| format!("format={name}")).collect();
        queries.retain(|query| query != "format=Accept");
        queries.extend(
            ["", "verbose", "exclude=db&exclude=nothing", "timeout=1ms", "timeout=x", "tag=data", "tag=no"]
                .map(str::to_owned),
        );
        for flag in ["view", "cumulative"].into_iter().filter(|flag| named(flag).is_some()) {
            let words = named(flag).expect("a parameter")["schema"]["enum"].as_array().expect("words").clone();
            queries.extend(words.iter().map(|word| format!("{flag}={}", word.as_str().expect("text"))));
        }
        for path in filled(template) {
            for query in &queries {
                for method in ["GET", "HEAD", "OPTIONS"] {
                    // A stream has no end.
                    let asked = format!("{path}?{query}");
                    let answer = if method == "GET" && path.ends_with("/events") {
                        get_until(address, &asked, &[], "state").await
                    } else {
                        request(address, method, &asked).await
                    };
                    is_as_described(&document, &mut validators, template, method, &answer);
                    count += 1;
                }
            }
            for media_type in media_types.iter().filter(|_| !path.ends_with("/events")) {
                let asked =
                    format!("GET {path} HTTP/1.1\r\nHost: x\r\nAccept: {media_type}\r\nConnection: close\r\n\r\n");
                is_as_described(&document, &mut validators, template, "GET", &send(address, &asked).await);
                count += 1;
            }
        }
    }
    count
}

#[tokio::test(flavor = "multi_thread")]
async fn every_answer_matches_the_document() {
    let outcomes = [Outcome::pass(), Outcome::warn("slowly"), Outcome::fail("not at all")];
    let mut count = 0;
    for outcome in &outcomes {
        let plain = builder(checks(outcome)).build().expect("a good endpoint");
        let shown = builder(checks(outcome))
            .build_info(App::BUILD_INFO)
            .details(ShowDetails::Always)
            .levels_path(("/api/levels", View::Values))
            .status_codes(StatusCodes::new().warn(429).fail(500).draining(404))
            .envoy(EnvoyHeaders::new().degraded().cluster("orders"))
            .build()
            .expect("a good endpoint");
        for endpoint in [plain, shown] {
            endpoint.monitor().mute("asleep", Duration::from_hours(1), "it sleeps").expect("a check");
            endpoint.monitor().drill("asleep", Forced::hang(), Duration::from_hours(1)).expect("a drill");
            count += hold_to_its_word(&endpoint).await;
            endpoint.monitor().drain();
            count += hold_to_its_word(&endpoint).await;
        }
    }
    assert!(count > 3_000, "{count}");
}

const SECRET: &str = "0123456789abcdef0123456789abcdef";

/// Some levels for everybody, the others, readiness and the build information for a key; and tokens.
fn guarded(limits: Option<Limits>) -> Endpoint {
    let keys = access_key([AccessKey::new("all", SECRET), AccessKey::new("four", SECRET).levels(Level::L4)]);
    let access = Access::new()
        .levels(Level::L5, public())
        .levels(Level::L2..=Level::L4, keys.clone())
        .levels(Level::L1, closed());
    let access = access.group(Group::Readiness, keys.clone()).info(keys.clone()).tokens(Tokens::new(SECRET, keys));
    let access = limits.into_iter().fold(access, Access::limits);
    builder(checks(&Outcome::pass())).access(access).build().expect("a good endpoint")
}

/// The document of such a service, as one of its operators would see it, were level 1 not closed.
async fn guarded_document(limits: Option<Limits>) -> Value {
    let keys = access_key([AccessKey::new("all", SECRET), AccessKey::new("four", SECRET).levels(Level::L4)]);
    let access = Access::new().levels(Level::L5, public()).levels(Level::L1..=Level::L4, keys.clone());
    let access = access.group(Group::Readiness, keys.clone()).info(keys.clone()).tokens(Tokens::new(SECRET, keys));
    let access = limits.into_iter().fold(access, Access::limits);
    let endpoint = builder(checks(&Outcome::pass())).access(access).build().expect("a good endpoint");
    let headers = [("X-Access-Key", "all"), ("X-Secret-Key", SECRET)];
    let answer = get_with(serve(endpoint.router()).await, "/health/openapi.json", &headers).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test(flavor = "multi_thread")]
async fn refusals_are_described_where_they_can_occur() {
    let mut seen = BTreeSet::new();
    let mut validators = Validators::new();
    for limits in [None, Some(Limits::new().failures(20, Duration::from_hours(1)))] {
        let document = guarded_document(limits.clone()).await;
        let address = serve(guarded(limits).router()).await;
        for (id, secret) in [("all", SECRET), ("four", SECRET), ("nobody", ""), ("all", "wrong")] {
            let credentials = format!("X-Access-Key: {id}\r\nX-Secret-Key: {secret}\r\n");
            let credentials = if secret.is_empty() { "" } else { &*credentials };
            for template in document["paths"].as_object().expect("paths").keys() {
                let path = template.replace("{name}", "slow");
                if template.ends_with("/events") || template.ends_with("/token") {
                    continue;
                }
                for (query, accept) in
                    [("", "*/*"), ("", "text/html"), ("format=html&fragment", "*/*"), ("timeout=x", "*/*")]
                {
                    for method in ["GET", "HEAD", "OPTIONS"] {
                        let asked = format!(
                            "{method} {path}?{query} HTTP/1.1\r\nHost: x\r\nAccept: {accept}\r\nIf-None-Match: \"x\"\r\n\
                             {credentials}Connection: close\r\n\r\n"
                        );
                        let answer = send(address, &asked).await;
                        is_as_described(&document, &mut validators, template, method, &answer);
                        let headers =
                            &document["paths"][template]["get"]["responses"][answer.status.to_string()]["headers"];
                        if answer.status == 401 {
                            assert_ne!(answer.header("www-authenticate"), "", "{template}");
                            assert!(headers["WWW-Authenticate"].is_object(), "{template}");
                        }
                        if answer.status == 429 {
                            assert!(headers["Retry-After"].is_object(), "{template}");
                        }
                        seen.insert(answer.status);
                    }
                }
            }
            for body in ["", "grant_type=client_credentials", "grant_type=password", "scope=x"] {
                let asked = format!(
                    "POST /health/token HTTP/1.1\r\nHost: x\r\nContent-Length: {}\r\n{credentials}Connection: close\r\n\r\n{body}",
                    body.len()
                );
                let answer = send(address, &asked).await;
                is_as_described(&document, &mut validators, "/health/token", "POST", &answer);
            }
        }
    }
    assert_eq!(seen, BTreeSet::from([200, 400, 401, 403, 429, 503]));
}

#[tokio::test]
async fn refusals_that_cannot_occur_are_not_described() {
    let document = document(&builder(checks(&Outcome::pass())).build().expect("good")).await;
    let codes = |document: &Value, path: &str| {
        let responses = document["paths"][path]["get"]["responses"].as_object().expect("responses");
        let refusals = ["401", "403", "429"].into_iter().filter(|code| responses.contains_key(*code));
        refusals.map(str::to_owned).collect::<Vec<_>>()
    };
    for path in document["paths"].as_object().expect("paths").keys() {
        assert!(codes(&document, path).is_empty(), "{path}");
    }
    assert!(document["paths"].get("/health/token").is_none());
    let guarded = guarded_document(Some(Limits::new().failures(20, Duration::from_hours(1)))).await;
    assert_eq!(codes(&guarded, "/health/levels/1"), ["401", "403", "429"]);
    assert_eq!(codes(&guarded, "/health/levels/5"), Vec::<String>::new());
    assert_eq!(codes(&guarded, "/livez"), Vec::<String>::new());
    // Groups are never limited.
    assert_eq!(codes(&guarded, "/readyz"), ["401", "403"]);
    assert_eq!(codes(&guarded, "/health/agent"), ["401", "403"]);
}

/// A page is sent again only when it has changed, which is described, too.
#[tokio::test]
async fn unchanged_pages_are_described() {
    let endpoint = builder(checks(&Outcome::pass())).build().expect("a good endpoint");
    let (document, address) = (document(&endpoint).await, serve(endpoint.router()).await);
    let mut validators = Validators::new();
    for path in ["/health/levels/5", "/health/checks/{name}", "/livez"] {
        let asked = path.replace("{name}", "db");
        let ask = async |known: &str| {
            let headers = [("Accept", "text/html"), ("If-None-Match", known)];
            get_with(address, &format!("{asked}?format=html&fragment"), &headers).await
        };
        let first = ask("\"other\"").await;
        let second = ask(first.header("etag")).await;
        assert_eq!((first.status, second.status), (200, 304), "{path}");
        for answer in [first, second] {
            is_as_described(&document, &mut validators, path, "GET", &answer);
            let headers = &document["paths"][path]["get"]["responses"][answer.status.to_string()]["headers"];
            assert!(headers["ETag"].is_object(), "{path}");
        }
        let problem = get_with(address, &format!("{asked}?timeout=x"), &[("Accept", "text/html")]).await;
        assert_eq!((problem.status, problem.header("content-type")), (400, "text/html; charset=utf-8"));
        is_as_described(&document, &mut validators, path, "GET", &problem);
    }
}

/// The alternatives of a media type must not hide a mistake in the one that is meant.
#[tokio::test(flavor = "multi_thread")]
async fn native_shape_of_levels_has_its_own_schema() {
    let endpoint = builder(checks(&Outcome::warn("slowly"))).details(ShowDetails::Always).build().expect("good");
    let (document, address) = (document(&endpoint).await, serve(endpoint.router()).await);
    for path in ["/health/levels", "/health/levels/3"] {
        let content = &document["paths"][path]["get"]["responses"]["200"]["content"]["application/json"]["schema"];
        let native = content["anyOf"].as_array().expect("alternatives").iter();
        let native = native.filter(|schema| schema["properties"].get("status").is_some());
        let [native] = native.collect::<Vec<_>>()[..] else { panic!("one native shape: {content:#}") };
        let validator = validator(&document, native);
        assert!(validator.is_valid(&get(address, path).await.json()), "{path}");
        assert!(!validator.is_valid(&get(address, &format!("{path}?view=values")).await.json()), "{path}");
    }
    let cumulative = get(address, "/health/levels/3?cumulative").await.json();
    let levels = cumulative.as_object().expect("an object").keys().filter(|key| key.starts_with("level_"));
    assert_eq!(levels.count(), 3);
}

#[tokio::test]
async fn document_lists_paths_checks_and_tags() {
    let endpoint =
        builder(checks(&Outcome::pass())).base_path("/status").levels_path("{base}/depth").without_root_probes();
    let endpoint = endpoint.build_info(App::BUILD_INFO).build().expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    let document = get(address, "/status/openapi.json").await.json();
    assert_eq!(document["openapi"], "3.1.0");
    assert_eq!(document["info"]["title"], "orders");
    let paths: Vec<_> = document["paths"].as_object().expect("paths").keys().map(String::as_str).collect();
    for path in
        ["/status", "/status/depth", "/status/depth/5", "/status/ready", "/status/checks/{name}", "/status/info"]
    {
        assert!(paths.contains(&path), "{path}: {paths:?}");
    }
    assert!(!paths.contains(&"/readyz"), "{paths:?}");
    let check = &document["paths"]["/status/checks/{name}"]["get"];
    assert_eq!(
        check["parameters"][0]["schema"]["enum"],
        json!(["db", "late", HOSTILE, "own words", "asleep", "blocked", "slow"])
    );
    let tags = |path: &str| {
        let parameters = document["paths"][path]["get"]["parameters"].as_array().expect("parameters").clone();
        parameters
            .into_iter()
            .find(|parameter| parameter["name"] == "tag")
            .map(|tag| tag["schema"]["items"]["enum"].clone())
    };
    assert_eq!(tags("/status/depth"), Some(json!(["data", "datastore"])));
    assert_eq!(tags("/status/depth/5"), None);
    // The agent heeds what readiness does.
    let agent = document["paths"]["/status/agent"]["get"]["parameters"].as_array().expect("parameters").iter();
    let agent: BTreeSet<_> = agent.map(|parameter| parameter["name"].as_str().expect("text")).collect();
    assert_eq!(agent, ["exclude", "tag", "timeout"].into());
    // Descriptions are details.
    assert!(!document.to_string().contains("What it is for."));

    let empty = Endpoint::builder().without_declared_checks().build().expect("a good endpoint");
    let document = get(serve(empty.router()).await, "/health/openapi.json").await.json();
    assert!(document["paths"].get("/health/checks/{name}").is_none());
}

#[tokio::test]
async fn document_names_the_prefix_of_a_proxy() {
    let endpoint = builder([]).build().expect("a good endpoint");
    let address = serve(Router::new().nest("/orders/v1", endpoint.router())).await;
    let answer = get(address, "/orders/v1/health/openapi.json").await;
    assert_eq!(answer.json()["servers"], json!([{ "url": "/orders/v1" }]));
    assert_eq!(get(address, "/orders/v1/health").await.json()["links"]["levels"], "/orders/v1/health/levels");
    let plain = get(serve(endpoint.router()).await, "/health/openapi.json").await;
    assert_eq!(plain.json()["servers"], json!([{ "url": "/" }]));
    assert_ne!(plain.header("etag"), answer.header("etag"));
}

#[tokio::test]
async fn unchanged_document_is_answered_with_304() {
    let endpoint = builder(checks(&Outcome::pass())).build().expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    let path = "/health/openapi.json";
    let first = get(address, path).await;
    let tag = first.header("etag").to_owned();
    assert!(tag.starts_with('"') && tag.ends_with('"'), "strong: {tag}");
    assert_eq!(first.header("cache-control"), "no-cache");
    assert_eq!(first.header("x-content-type-options"), "nosniff");
    let ask = async |method: &str, known: &str| {
        let asked =
            format!("{method} {path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: {known}\r\nConnection: close\r\n\r\n");
        send(address, &asked).await
    };
    for known in [&*tag, "*", &format!("\"other\", W/{tag}")] {
        for method in ["GET", "HEAD"] {
            let answer = ask(method, known).await;
            assert_eq!((answer.status, answer.header("etag"), &*answer.body), (304, &*tag, ""), "{method} {known}");
            assert_eq!(answer.header("cache-control"), "no-cache");
        }
    }
    assert_eq!(ask("GET", "\"other\"").await.body, first.body);
    // A verdict has none, and heeds none.
    for path in ["/health", "/health/levels", "/readyz", "/health/info", "/health/checks/db", "/health/metrics"] {
        let asked = format!("GET {path} HTTP/1.1\r\nHost: x\r\nIf-None-Match: *\r\nConnection: close\r\n\r\n");
        let answer = send(address, &asked).await;
        assert_eq!((answer.status, answer.header("etag")), (200, ""), "{path}");
        assert_eq!(answer.header("cache-control"), "no-store", "{path}");
    }
    // Another check, another document.
    let other = builder([Check::new("other", Level::L1, || async { true })]).build().expect("a good endpoint");
    assert_ne!(get(serve(other.router()).await, path).await.header("etag"), tag);
}
