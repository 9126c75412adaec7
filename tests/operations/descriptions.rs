//! The OpenAPI document, against real answers.

use health_runtime::{
    Check, Level, Levels,
    access::{Access, public},
};
use serde_json::{Value, json};

use crate::service::{endpoint, get, operated, operators, post};

/// A validator of the answers with one status, with the named schemas of the document.
fn validator(document: &Value, path: &str, status: u16) -> jsonschema::Validator {
    let response = &document["paths"][path]["post"]["responses"][status.to_string()];
    let content = response["content"].as_object().unwrap_or_else(|| panic!("{path} is not to answer {status}"));
    let media_type = if status == 200 { "application/json" } else { "application/problem+json" };
    let root = json!({ "components": document["components"], "allOf": [content[media_type]["schema"]] });
    jsonschema::draft202012::options().should_validate_formats(true).build(&root).expect("a schema")
}

#[tokio::test]
async fn answers_match_the_document() {
    let router = operated([Check::new("db", Level::L1, || async {})]).router();
    let document = get(&router, "/health/openapi.json").await.json();
    let mute = r#"{"for":"1h","reason":"a test"}"#;
    for (verb, body, status) in [
        ("run", "", 200),
        ("mute", mute, 200),
        ("mute", "{}", 400),
        ("unmute", "{}", 200),
        ("unmute", "[]", 400),
        ("drill", r#"{"behavior":"slow","for":"5m","reason":"a test","delay":"3s"}"#, 200),
        ("drill", "{}", 400),
        ("undrill", "{}", 200),
        ("run", &" ".repeat(9000), 413),
    ] {
        let answer = post(&router, &format!("/health/checks/db/{verb}"), body).await;
        assert_eq!(answer.status, status);
        let template = format!("/health/checks/{{name}}/{verb}");
        let validator = validator(&document, &template, status);
        let errors: Vec<_> = validator.iter_errors(&answer.json()).map(|error| error.to_string()).collect();
        assert!(errors.is_empty(), "{verb}: {errors:?} {answer:?}");
        let operation = &document["paths"][&template]["post"];
        assert_eq!(operation["security"], json!([{ "basic": [] }]));
        assert_eq!(operation["parameters"][0]["schema"]["enum"], json!(["db"]));
        for code in ["401", "403", "404", "415", "503"] {
            assert!(operation["responses"][code].is_object(), "{verb} {code}");
        }
        assert_eq!(operation["responses"]["409"].is_object(), matches!(verb, "run" | "drill"));
    }
    let request = &document["paths"]["/health/checks/{name}/mute"]["post"]["requestBody"];
    let schema = &request["content"]["application/json"]["schema"];
    assert_eq!((&request["required"], &schema["required"]), (&json!(true), &json!(["for", "reason"])));
}

#[tokio::test]
async fn operations_are_described_only_where_they_exist() {
    let check = || Check::new("db", Level::L1, || async {});
    for (access, exist) in [
        (Access::new().levels(Levels::ALL, public()), false),
        (Access::new().levels(Levels::ALL, health_runtime::access::any_of([public(), operators()])), true),
    ] {
        let document = get(&endpoint([check()], access).router(), "/health/openapi.json").await.json();
        for verb in ["run", "mute", "unmute", "drill", "undrill"] {
            let item = &document["paths"][format!("/health/checks/{{name}}/{verb}")];
            assert_eq!(item.is_object(), exist, "{verb}");
            assert!(!exist || item["post"]["security"] == json!([{ "basic": [] }]), "strangers need credentials");
        }
    }
}
