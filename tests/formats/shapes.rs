//! The same checks in each encoding.

use std::time::Duration;

use axum::Router;
use health_runtime::{BuildMetadata, Check, Details, Endpoint, Level, Outcome, ShowDetails, Status, StatusCodes};
use health_tests::{Answer, ask, builder};
use serde_json::{Value, json};

fn endpoint(show: ShowDetails) -> Endpoint {
    let checks = [
        Check::new("db", Level::L1, || async { Details::pass(json!({ "is_db_online": true, "pool": { "free": 3 } })) })
            .readiness()
            .description("Can the orders database take writes?")
            .tags(["datastore"]),
        Check::new("billing", Level::L3, || async { Outcome::fail("no answer <1>") }).critical(false).readiness(),
        Check::new("ledger", Level::L3, || async {}).depends_on(["billing"]),
        Check::new("partner:eu", Level::L5, || async { Outcome::pass().with_message("quick") }),
    ];
    let build = BuildMetadata::new("orders", "1.4.0").with_revision("0123456789abcdef0123456789abcdef01234567");
    builder(checks).build_info(build).details(show).build().expect("good")
}

async fn body(router: Router, path: &str) -> Answer {
    ask(router, path, &[]).await
}

/// With the times taken out, each of which has to be one.
fn timeless(mut value: Value) -> Value {
    match &mut value {
        Value::Object(fields) => {
            for key in ["time", "since", "checked_at", "observedValue", "duration_ms"] {
                match fields.remove(key) {
                    Some(Value::String(time)) => assert!(time.len() == 24 && time.ends_with('Z'), "{time}"),
                    Some(Value::Number(duration)) => {
                        assert!(duration.as_f64().is_some_and(|ms| (0.0..1e4).contains(&ms)));
                    }
                    Some(other) => panic!("{key} is {other}"),
                    None => {}
                }
            }
            fields.values_mut().for_each(|field| *field = timeless(field.take()));
        }
        Value::Array(items) => items.iter_mut().for_each(|item| *item = timeless(item.take())),
        _ => {}
    }
    value
}

#[tokio::test]
async fn health_json_has_the_shape_of_the_draft() {
    let answer = body(endpoint(ShowDetails::Always).router(), "/health/levels?format=health+json").await;
    assert_eq!((answer.status, answer.header("content-type")), (503, "application/health+json"));
    let check = |id: &str, kind: &str, level: u8, critical: bool, status: &str| json!({ "componentId": id, "componentType": kind, "level": level, "critical": critical, "status": status, "observedUnit": "ms" });
    let with = |mut check: Value, more: Value| {
        check.as_object_mut().expect("an object").extend(more.as_object().expect("an object").clone());
        json!([check])
    };
    assert_eq!(
        timeless(answer.json()),
        json!({
            "status": "fail",
            "serviceId": "orders",
            "version": "1.4.0",
            "releaseId": "0123456789abcdef0123456789abcdef01234567",
            "checks": {
                "billing:responseTime":
                    with(check("billing", "component", 3, false, "warn"), json!({ "observed": "fail", "output": "no answer <1>" })),
                "db:responseTime": with(check("db", "datastore", 1, true, "pass"),
                    json!({ "data": { "is_db_online": true, "pool": { "free": 3 } } })),
                "ledger:responseTime": with(check("ledger", "component", 3, true, "fail"),
                    json!({ "cause": "blocked", "output": "not run, because of billing" })),
                // Neither half of a key may hold a colon, and on a pass there is no output, whatever it said.
                "partner%3Aeu:responseTime": with(check("partner:eu", "component", 5, true, "pass"), json!({})),
            },
        })
    );
    let outline = body(endpoint(ShowDetails::Never).router(), "/health?format=health+json").await.json();
    assert_eq!(outline["checks"]["ledger:responseTime"][0]["output"], "blocked");
    assert_eq!(outline["checks"]["billing:responseTime"][0].get("output"), None);
    assert_eq!(outline["links"], json!({ "about": "/health/info", "status": "/health/levels" }));
}

#[tokio::test]
async fn actuator_format_has_the_shape_of_spring_boot() {
    let path = "/health/levels?format=actuator";
    let outline = body(endpoint(ShowDetails::Never).router(), path).await;
    assert_eq!((outline.status, outline.header("content-type")), (503, "application/vnd.spring-boot.actuator.v3+json"));
    let components = json!({
        "billing": { "status": "UP" },
        "db": { "status": "UP" },
        "ledger": { "status": "DOWN" },
        "partner:eu": { "status": "UP" },
    });
    assert_eq!(outline.json(), json!({ "status": "DOWN", "components": components, "groups": ["readiness"] }));
    let full = endpoint(ShowDetails::Always).router();
    assert_eq!(
        timeless(body(full.clone(), "/health/checks/db?format=actuator").await.json()),
        json!({ "status": "UP", "details": { "level": 1, "observed": "pass", "is_db_online": true, "pool": { "free": 3 } } })
    );
    assert_eq!(
        timeless(body(full.clone(), "/health/checks/billing?format=actuator").await.json()),
        json!({ "status": "UP", "details": { "level": 3, "observed": "fail", "error": "no answer <1>" } })
    );
    // A check that passes has no error, whatever its message.
    assert_eq!(
        timeless(body(full, "/health/checks/partner:eu?format=actuator").await.json()),
        json!({ "status": "UP", "details": { "level": 5, "observed": "pass", "message": "quick" } })
    );
}

#[tokio::test(start_paused = true)]
async fn actuator_format_shows_draining_and_pending() {
    let slow = Check::new("slow", Level::L4, || async { tokio::time::sleep(Duration::from_secs(1)).await })
        .interval(Duration::from_mins(1))
        .readiness();
    let endpoint = builder([slow]).build().expect("good");
    let get = async |path: &str| {
        let answer = body(endpoint.router(), path).await;
        (answer.status, answer.json())
    };
    let components = |status: &str| json!({ "slow": { "status": status } });
    assert_eq!(
        get("/readyz?format=actuator").await,
        (503, json!({ "status": "DOWN", "components": components("UNKNOWN") }))
    );
    tokio::time::sleep(Duration::from_secs(20)).await;
    assert_eq!(get("/readyz?format=actuator").await, (200, json!({ "status": "UP", "components": components("UP") })));
    endpoint.monitor().drain();
    let components = json!({ "readinessState": { "status": "OUT_OF_SERVICE" }, "slow": { "status": "UP" } });
    let draining = json!({ "status": "OUT_OF_SERVICE", "components": components });
    assert_eq!(get("/readyz?format=actuator").await, (503, draining));
    // Spring Boot has this code for the word, on any path.
    let (status, overview) = get("/health?format=actuator").await;
    assert_eq!((status, &overview["status"]), (503, &json!("OUT_OF_SERVICE")));
    assert_eq!(overview["components"]["readinessState"]["status"], "OUT_OF_SERVICE");
    assert_eq!(get("/livez?format=actuator").await.0, 200);
    assert_eq!(body(endpoint.router(), "/health").await.status, 200, "only that format");
}

/// Tools that read a format of others expect the codes that its specification has, whatever ours are.
#[tokio::test]
async fn foreign_formats_have_the_status_codes_of_their_specifications() {
    let warns = || Check::new("warns", Level::L4, || async { Status::Warn }).readiness();
    let fails = || Check::new("fails", Level::L4, || async { Status::Fail }).readiness();
    let codes = StatusCodes::new().warn(429).fail(500).draining(404);
    let warning = builder([warns()]).status_codes(codes).build().expect("good");
    let failing = builder([fails()]).status_codes(codes).build().expect("good");
    let draining = builder([warns()]).status_codes(codes).build().expect("good");
    draining.monitor().drain();
    for (format, expected) in [
        ("json", [429, 500, 404]),
        ("text", [429, 500, 404]),
        // The draft: 2xx or 3xx for a warning, 4xx or 5xx for a failure.
        ("health%2Bjson", [200, 500, 404]),
        ("actuator", [200, 503, 503]),
        ("microprofile", [200, 503, 503]),
    ] {
        for (endpoint, expected) in [&warning, &failing, &draining].into_iter().zip(expected) {
            // Twice, because the second answer is stored.
            for _ in 0..2 {
                let answer = body(endpoint.router(), &format!("/readyz?format={format}")).await;
                assert_eq!(answer.status, expected, "{format}: {}", answer.body);
                assert_eq!(answer.header("retry-after").is_empty(), expected != 503, "{format}");
            }
        }
    }
    let odd = builder([fails()]).status_codes(StatusCodes::new().fail(200)).build().expect("good");
    assert_eq!(body(odd.router(), "/readyz?format=health%2Bjson").await.status, 503);
}

#[tokio::test]
async fn foreign_formats_show_mutes_and_draining() {
    let check = Check::new("legacy", Level::L4, || async { Outcome::fail("secret") }).readiness();
    let endpoint = builder([check]).build().expect("good");
    endpoint.monitor().mute("legacy", Duration::from_mins(1), "secret").expect("such a check");
    let get = async |path: &str| body(endpoint.router(), path).await.json();
    let legacy = json!({ "status": "DOWN", "details": { "muted": true } });
    assert_eq!(get("/readyz?format=actuator").await, json!({ "status": "UP", "components": { "legacy": legacy } }));
    let muted = json!({ "name": "legacy", "status": "DOWN", "data": { "muted": true } });
    assert_eq!(get("/readyz?format=microprofile").await, json!({ "status": "UP", "checks": [muted] }));

    endpoint.monitor().drain();
    let shutdown = json!({ "name": "shutdown", "status": "DOWN", "data": { "cause": "draining" } });
    assert_eq!(get("/readyz?format=microprofile").await, json!({ "status": "DOWN", "checks": [muted, shutdown] }));
    assert_eq!(get("/livez?format=microprofile").await, json!({ "status": "UP", "checks": [] }));
}

#[tokio::test]
async fn microprofile_data_is_flat() {
    let answer = body(endpoint(ShowDetails::Always).router(), "/health/levels?format=microprofile").await;
    assert_eq!((answer.status, answer.header("content-type")), (503, "application/json"));
    assert_eq!(
        answer.json(),
        json!({ "status": "DOWN", "checks": [
            { "name": "db", "status": "UP", "data": { "is_db_online": true, "pool": r#"{"free":3}"# } },
            { "name": "billing", "status": "UP", "data": { "message": "no answer <1>" } },
            { "name": "ledger", "status": "DOWN", "data": { "cause": "blocked", "message": "not run, because of billing" } },
            { "name": "partner:eu", "status": "UP", "data": { "message": "quick" } },
        ] })
    );
    let ready = body(endpoint(ShowDetails::Never).router(), "/readyz?format=microprofile").await;
    let checks = json!([{ "name": "db", "status": "UP" }, { "name": "billing", "status": "UP" }]);
    assert_eq!((ready.status, ready.json()), (200, json!({ "status": "UP", "checks": checks })));
}

#[tokio::test]
async fn data_that_would_hide_a_field_stays_apart() {
    let facts = json!({ "level": "high", "message": "mine", "x": [1] });
    let check = Check::new("facts", Level::L2, move || {
        let facts = facts.clone();
        async move { Outcome::fail("broken").with_data(facts) }
    });
    let router = builder([check]).details(ShowDetails::Always).build().expect("good").router();
    let spring = timeless(body(router.clone(), "/health/checks/facts?format=actuator").await.json());
    assert_eq!(spring["details"]["level"], 2);
    assert_eq!(spring["details"]["data"], json!({ "level": "high", "message": "mine", "x": [1] }));
    let profile = body(router, "/health/checks/facts?format=microprofile").await.json();
    assert_eq!(
        profile["checks"][0]["data"],
        json!({ "message": "broken", "data": r#"{"level":"high","message":"mine","x":[1]}"# })
    );
}

#[tokio::test]
async fn public_data_is_shown_without_details() {
    let check = || {
        Check::new("pool", Level::L5, || async {
            Outcome::fail("secret")
                .with_data(json!({ "waiting": 7, "host": "secret" }))
                .with_public_data(json!({ "waiting": 7 }))
        })
    };
    let router = builder([check()]).build().expect("good").router();
    let get = async |format: &str| body(router.clone(), &format!("/health/levels/5?format={format}")).await;
    let public = json!({ "waiting": 7 });
    assert_eq!(get("health+json").await.json()["checks"]["pool:responseTime"][0]["data"], public);
    assert_eq!(get("actuator").await.json()["components"]["pool"]["details"], public);
    assert_eq!(get("microprofile").await.json()["checks"][0]["data"], public);
    assert!(
        get("xml").await.body.contains(r#"<data type="object"><value name="waiting" type="number">7</value></data>"#)
    );
    for format in ["health+json", "actuator", "microprofile", "xml", "text"] {
        assert!(!get(format).await.body.contains("secret"), "{format}");
    }
}

#[tokio::test]
async fn xml_has_the_same_facts_as_json() {
    let answer = body(endpoint(ShowDetails::Always).router(), "/health/levels?format=xml").await;
    assert_eq!((answer.status, answer.header("content-type")), (503, "application/xml"));
    let document = roxmltree::Document::parse(&answer.body).expect("XML");
    let root = document.root_element();
    assert_eq!(root.tag_name().namespace(), Some("urn:health-runtime:report:1"));
    assert_eq!((root.attribute("status"), root.attribute("name")), (Some("fail"), Some("orders")));
    let levels = root.children().filter(|child| child.has_tag_name("level"));
    let levels: Vec<_> = levels.map(|level| (level.attribute("number"), level.attribute("status"))).collect();
    assert_eq!(levels[0], (Some("1"), Some("pass")));
    assert_eq!((levels.len(), levels[2]), (5, (Some("3"), Some("fail"))));
    let check = |name: &str| {
        document
            .descendants()
            .find(|node| node.attribute("name") == Some(name) && node.has_tag_name("check"))
            .expect("there")
    };
    let billing = check("billing");
    assert_eq!((billing.attribute("status"), billing.attribute("observed")), (Some("warn"), Some("fail")));
    let text = |node: roxmltree::Node<'_, '_>, tag: &str| {
        node.children().find(|child| child.has_tag_name(tag)).and_then(|child| child.text()).map(str::to_owned)
    };
    assert_eq!(text(billing, "message").as_deref(), Some("no answer <1>"));
    assert_eq!(text(check("ledger"), "blockedBy").as_deref(), Some("billing"));
    assert_eq!(text(check("db"), "description").as_deref(), Some("Can the orders database take writes?"));
    let outline = body(endpoint(ShowDetails::Never).router(), "/health/checks/ledger?format=xml").await.body;
    assert!(outline.contains("<check name=\"ledger\"") && !outline.contains("<level"));
    assert!(!outline.contains("blockedBy") && !outline.contains("message"), "{outline}");
}

#[tokio::test]
async fn every_report_is_served_as_plain_text() {
    let router = endpoint(ShowDetails::Always).router();
    let text = async |path: &str| {
        let answer = body(router.clone(), path).await;
        (answer.status, answer.body)
    };
    let all = "[+]db ok\n[+]billing warn: no answer <1>\n[-]ledger failed (blocked): not run, because of billing\n\
               [+]partner:eu ok: quick\nhealth check failed\n";
    for path in ["/health?format=text", "/health/levels?format=text", "/health/levels/1?format=text&verbose=false"] {
        assert_eq!(text(path).await, (503, all.to_owned()), "{path}");
    }
    assert_eq!(text("/health/levels/5?format=text").await, (200, "ok".to_owned()));
    assert_eq!(
        text("/health/levels/5?format=text&verbose").await,
        (200, "[+]partner:eu ok: quick\nhealth check passed\n".to_owned())
    );
    // Routes that nobody probes report a warning; a prober gets the word that it knows.
    let warning = "[+]billing warn: no answer <1>\nhealth check passed\n".to_owned();
    assert_eq!(text("/health/checks/billing?format=text").await, (200, warning));
    assert_eq!(text("/readyz").await, (200, "ok".to_owned()));
    assert_eq!(text("/health/checks/unknown?format=text").await.0, 404);
    // Said twice, left out once, as the Kubernetes API server has it.
    let excluded = "[+]billing excluded: ok\n[+]db excluded: ok\nreadyz check passed\n".to_owned();
    let twice = "/readyz?verbose&exclude=db&exclude=billing&exclude=db";
    assert_eq!(text(twice).await, (200, excluded));
}

#[tokio::test]
async fn each_format_is_stored_separately() {
    let router = endpoint(ShowDetails::Never).router();
    let formats = ["json", "text", "health+json", "xml", "actuator", "microprofile"];
    let mut first = Vec::new();
    for _ in 0..3 {
        for (index, format) in formats.iter().enumerate() {
            let answer = body(router.clone(), &format!("/health/levels?format={format}")).await.body;
            assert!(!first[..first.len().min(index)].contains(&answer), "{format} is what another is");
            if first.len() <= index {
                first.push(answer);
            } else {
                assert_eq!(first[index], answer, "{format}");
            }
        }
    }
}
