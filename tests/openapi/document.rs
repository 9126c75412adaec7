//! Descriptions of the operations in the document, for tools that generate clients and documentation from it.

use std::collections::{BTreeMap, BTreeSet};

use health_runtime::{
    Endpoint, Group, Level, Levels, Outcome, View,
    access::{
        Access, AccessKey, Caller, CertificateMatcher, Decision, Policy, Tokens, User, access_key, address, all_of,
        any_of, basic, client_certificate, closed, not, public, signed,
    },
};
use health_tests::{builder, get, get_with, serve};
use indexmap::IndexMap;
use serde::{Deserialize, de::IgnoredAny};
use serde_json::{Value, json};

use super::{SECRET, checks};

/// The part of a document that says in which order media types stand, which `Value` does not keep.
#[derive(Deserialize)]
struct Ordered {
    paths: BTreeMap<String, BTreeMap<String, OrderedOperation>>,
}

#[derive(Deserialize)]
struct OrderedOperation {
    responses: BTreeMap<String, OrderedResponse>,
}

#[derive(Deserialize)]
struct OrderedResponse {
    #[serde(default)]
    content: IndexMap<String, IgnoredAny>,
}

/// Generated clients read the first media type alone, and send no preference.
#[tokio::test(flavor = "multi_thread")]
async fn first_media_type_is_the_default() {
    let mut seen = BTreeSet::new();
    for outcome in [Outcome::pass(), Outcome::fail("down")] {
        for view in [View::Native, View::Values] {
            let endpoint =
                builder(checks(&outcome)).levels_path(("/api/levels", view)).build().expect("a good endpoint");
            let address = serve(endpoint.router()).await;
            let text = get(address, "/health/openapi.json").await.body;
            let document: Ordered = serde_json::from_str(&text).expect("a document");
            for (template, item) in document.paths.iter().filter(|(path, _)| !path.ends_with("/events")) {
                let path = template.replace("{name}", "db");
                for query in ["", "?timeout=x", "?tag=nothing", "?format=html&fragment"] {
                    for accept in ["*/*", "text/html, image/gif, image/jpeg, *; q=.2, */*; q=.2"] {
                        let answer = get_with(address, &format!("{path}{query}"), &[("Accept", accept)]).await;
                        let essence = answer.header("content-type").split(';').next().expect("a first part").to_owned();
                        let response = &item["get"].responses[&answer.status.to_string()];
                        let described: Vec<_> = response.content.keys().collect();
                        if query.contains("html") {
                            assert!(described.contains(&&essence), "{path}{query}: {essence}");
                        } else {
                            assert_eq!(described.first(), Some(&&essence), "{path}{query}: {described:?}");
                        }
                        seen.insert((answer.status, essence));
                    }
                }
            }
        }
    }
    assert!(seen.contains(&(503, "application/json".to_owned())) && seen.contains(&(503, "text/plain".to_owned())));
    assert!(seen.contains(&(404, "application/problem+json".to_owned())), "{seen:?}");
}

/// Every operation of a document.
fn operations(document: &Value) -> impl Iterator<Item = (String, &Value)> {
    let paths = document["paths"].as_object().expect("paths");
    paths.iter().flat_map(|(path, item)| {
        let item = item.as_object().expect("operations");
        item.iter().map(move |(method, operation)| (format!("{method} {path}"), operation))
    })
}

#[tokio::test]
async fn operations_have_ids_and_descriptions() {
    let standard = builder(checks(&Outcome::pass())).build().expect("a good endpoint");
    let moved = builder(checks(&Outcome::pass())).base_path("/a/b.c").levels_path("/levels").build().expect("good");
    let mut ids = Vec::new();
    for endpoint in [standard, moved] {
        let document = document_at(&endpoint).await;
        let text = |value: &Value| value.as_str().is_some_and(|text| text.len() > 10);
        assert!(text(&document["info"]["description"]));
        assert_eq!(document["tags"][0]["name"], "health");
        assert!(text(&document["tags"][0]["description"]));
        for (which, operation) in operations(&document) {
            assert!(text(&operation["description"]), "{which}");
            assert_eq!(operation["tags"], json!(["health"]), "{which}");
            assert_eq!(operation["security"], json!([]), "{which}: nothing asks for credentials");
        }
        let each: Vec<_> = operations(&document).map(|(_, operation)| operation["operationId"].clone()).collect();
        let unique: BTreeSet<_> = each.iter().map(|id| id.as_str().expect("text").to_owned()).collect();
        assert_eq!(unique.len(), each.len(), "{each:?}");
        ids.push(unique);
    }
    assert_eq!(ids[0], ids[1], "ids do not depend on the paths");
    for id in ["getOverview", "headLevel1", "optionsCheck", "getLivez", "getReady", "getOpenApi", "getInfo"] {
        assert!(ids[0].contains(id), "{id}: {:?}", ids[0]);
    }
}

/// The document of an endpoint, wherever it is.
async fn document_at(endpoint: &Endpoint) -> Value {
    let address = serve(endpoint.router()).await;
    let standard = get(address, "/health/openapi.json").await;
    if standard.status == 200 { standard.json() } else { get(address, "/a/b.c/openapi.json").await.json() }
}

struct Own;

impl Policy for Own {
    async fn decide(&self, _caller: &Caller) -> Decision {
        Decision::allow()
    }
}

/// Returns the document of an endpoint with this access, for a caller that may see it.
async fn secured(access: Access) -> Value {
    let endpoint = builder(checks(&Outcome::pass())).access(access).build().expect("a good endpoint");
    let headers = [("Authorization", "Basic YWRhOnBhc3N3b3Jk"), ("X-Access-Key", "key"), ("X-Secret-Key", SECRET)];
    let answer = get_with(serve(endpoint.router()).await, "/health/openapi.json", &headers).await;
    assert_eq!(answer.status, 200, "{answer:?}");
    answer.json()
}

#[tokio::test]
async fn security_follows_the_policies() {
    let keys = || access_key([AccessKey::new("key", SECRET)]);
    let people = || basic("health", [User::new("ada", "password")]);
    let of = |document: &Value, path: &str| document["paths"][path]["get"]["security"].clone();

    let tokens = Tokens::new(SECRET, people());
    let deep = any_of([people(), keys(), tokens.policy()]);
    let access = Access::new()
        .levels(Level::L4..=Level::L5, public())
        .levels(Level::L1..=Level::L3, deep)
        .group(Group::Startup, people());
    let document = secured(access.info(people()).tokens(tokens)).await;
    let basic_alone = json!([{ "basic": [] }]);
    let either = json!([{ "basic": [] }, { "accessKey": [], "secretKey": [] }, { "bearer": [] }]);
    let optional = json!([{}, { "basic": [] }, { "accessKey": [], "secretKey": [] }, { "bearer": [] }]);
    assert_eq!(of(&document, "/health/levels/5"), json!([]));
    assert_eq!(of(&document, "/livez"), json!([]));
    assert_eq!(of(&document, "/health/levels/1"), either);
    assert_eq!(of(&document, "/health/openapi.json"), either, "it takes every level");
    for path in ["/health", "/health/levels", "/health/checks/{name}", "/health/metrics", "/health/events"] {
        assert_eq!(of(&document, path), optional, "{path}: callers with credentials see more");
    }
    assert_eq!(of(&document, "/health/info"), basic_alone);
    assert_eq!(of(&document, "/startupz"), basic_alone);
    assert_eq!(document["paths"]["/health/token"]["post"]["security"], basic_alone);
    let schemes = document["components"]["securitySchemes"].as_object().expect("schemes");
    assert_eq!(schemes.keys().collect::<Vec<_>>(), ["accessKey", "basic", "bearer", "secretKey"]);
    assert_eq!(schemes["basic"], json!({ "type": "http", "scheme": "basic" }));
    assert_eq!(schemes["bearer"], json!({ "type": "http", "scheme": "bearer", "bearerFormat": "JWT" }));
    assert_eq!(
        (&schemes["secretKey"]["in"], &schemes["secretKey"]["name"]),
        (&json!("header"), &json!("X-Secret-Key"))
    );

    let partly = any_of([public().only_levels(Level::L4..=Level::L5), people()]);
    let document = secured(Access::new().levels(Levels::ALL, partly)).await;
    assert_eq!(of(&document, "/health/levels/5"), json!([{}, { "basic": [] }]));
    assert_eq!(of(&document, "/health/openapi.json"), basic_alone, "it takes level 1 as well");

    // Composed policies, of which a caller with a password and a key passes all.
    for (policy, has_own, expected) in [
        (all_of([people(), keys()]), false, json!([{ "accessKey": [], "basic": [], "secretKey": [] }])),
        (all_of([people(), any_of([people(), keys()])]), false, basic_alone.clone()),
        (people().without_details().only_levels(Levels::ALL), false, basic_alone.clone()),
        (all_of([people(), not(closed())]), false, basic_alone.clone()),
        (any_of([people(), closed()]), false, basic_alone.clone()),
        (any_of([people(), public().only_levels(Level::L4..=Level::L5)]), false, basic_alone.clone()),
        (any_of([people(), address(["192.0.2.0/24"])]), false, json!([{}, { "basic": [] }])),
        (
            any_of([people(), signed([AccessKey::new("s", SECRET)])]),
            false,
            json!([{ "basic": [] }, { "accessKey": [], "nonce": [], "signature": [], "timestamp": [] }]),
        ),
        (
            any_of([people(), client_certificate([CertificateMatcher::dns("prober.internal")])]),
            false,
            json!([{ "basic": [] }, { "clientCertificate": [] }]),
        ),
        // A policy of the service's own is not known, so the description says that it is there.
        (Own.into(), true, json!([])),
        (any_of([people(), Own.into()]), true, json!([{}, { "basic": [] }])),
        (all_of([people(), Own.into()]), true, basic_alone.clone()),
    ] {
        let document = secured(Access::new().levels(Levels::ALL, policy)).await;
        assert_eq!(of(&document, "/health/levels/1"), expected);
        let defined = document["components"]["securitySchemes"].as_object();
        for name in
            expected.as_array().into_iter().flatten().filter_map(Value::as_object).flat_map(serde_json::Map::keys)
        {
            assert!(defined.is_some_and(|schemes| schemes.contains_key(name)), "{name}");
        }
        let description = document["paths"]["/health"]["get"]["description"].as_str().expect("text");
        assert_eq!(description.contains("an access policy of its own"), has_own, "{description}");
    }
}

#[tokio::test]
async fn version_3_0_document_is_valid_for_older_tools() {
    let access = Access::new()
        .levels(Levels::ALL, any_of([public(), client_certificate([CertificateMatcher::dns("prober.internal")])]));
    let endpoint = builder(checks(&Outcome::pass())).access(access).build().expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    let [newer, older] =
        [get(address, "/health/openapi.json").await, get(address, "/health/openapi.json?version=3.0").await];
    assert_ne!(newer.header("etag"), older.header("etag"));
    assert_eq!(get(address, "/health/openapi.json?version=3.1").await.body, newer.body);
    let (mut newer, mut older) = (newer.json(), older.json());
    assert_eq!((&newer["openapi"], &older["openapi"]), (&json!("3.1.0"), &json!("3.0.3")));
    // Client certificates came with 3.1. Everything else is the same.
    let scheme = newer["components"].as_object_mut().expect("components").remove("securitySchemes");
    assert_eq!(scheme, Some(json!({ "clientCertificate": { "type": "mutualTLS" } })));
    assert_eq!(newer["paths"]["/health"]["get"]["security"], json!([{}, { "clientCertificate": [] }]));
    assert_eq!(older["paths"]["/health"]["get"]["security"], json!([]));
    for document in [&mut newer, &mut older] {
        document["openapi"].take();
        for item in document["paths"].as_object_mut().expect("paths").values_mut() {
            item.as_object_mut()
                .expect("operations")
                .values_mut()
                .for_each(|operation| drop(operation["security"].take()));
        }
        assert_no_newer_words(document, "");
    }
    assert_eq!(newer, older);

    for version in ["", "2.0", "3.0.3", "3"] {
        let answer = get(address, &format!("/health/openapi.json?version={version}")).await;
        assert_eq!(answer.status, 400, "{version}");
        assert!(answer.body.contains("`version` must be `3.0` or `3.1`"), "{}", answer.body);
    }
    // A query against caches means nothing elsewhere.
    assert_eq!(get(address, "/health?version=17").await.status, 200);
}

/// Words of schemas that 3.0 does not have, or has with another meaning.
fn assert_no_newer_words(value: &Value, at: &str) {
    match value {
        Value::Object(fields) => {
            assert!(!fields.contains_key("$ref") || fields.len() == 1, "{at}: a sibling of a reference");
            let is_of_schema = !at.ends_with("/properties");
            for (key, value) in fields {
                if is_of_schema {
                    assert!(
                        !["const", "examples", "propertyNames", "$defs", "prefixItems"].contains(&&**key),
                        "{at}/{key}"
                    );
                    assert!(key != "type" || (value.is_string() && value != "null"), "{at}/{key}: {value}");
                    assert!(!value.is_null() || key == "openapi" || key == "security", "{at}/{key}");
                }
                assert_no_newer_words(value, &format!("{at}/{key}"));
            }
        }
        Value::Array(items) => items.iter().for_each(|item| assert_no_newer_words(item, at)),
        _ => {}
    }
}
