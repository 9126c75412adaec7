//! The name for people, the owner and the runbook of a check: where each format has them, and who sees them.

use health_runtime::{Check, Endpoint, Level, Outcome, ShowDetails};
use health_tests::{Answer, ask, builder};
use scraper::{Html, Selector};
use serde_json::{Value, json};

use super::exposition::Exposition;

const RUNBOOK: &str = "https://wiki.example.com/orders?a=b&c='d'#e";

fn checks() -> [Check; 2] {
    let db = Check::new("db", Level::L1, || async { Outcome::fail("down") })
        .display("Orders <database>")
        .owner("payments \"and\" more\\")
        .runbook(RUNBOOK)
        .readiness();
    [db, Check::new("plain", Level::L5, || async {})]
}

fn endpoint(show: ShowDetails) -> Endpoint {
    builder(checks()).details(show).build().expect("good")
}

async fn get(show: ShowDetails, path: &str) -> Answer {
    ask(endpoint(show).router(), path, &[]).await
}

/// The part of an answer about `db`, in every JSON format.
async fn json_parts(show: ShowDetails) -> [Value; 7] {
    let part = async |path: &str, pointer: &str| {
        get(show, path).await.json().pointer(pointer).unwrap_or_else(|| panic!("{pointer} of {path}")).clone()
    };
    [
        part("/health", "/failing/db").await,
        part("/health/levels", "/level_1/checks/db").await,
        part("/health/checks/db", "").await,
        part("/readyz?format=json", "/checks/db").await,
        part("/health/levels?format=health%2Bjson", "/checks/db:responseTime/0").await,
        part("/health/checks/db?format=actuator", "").await,
        part("/readyz?format=microprofile", "/checks/0").await,
    ]
}

#[tokio::test]
async fn callers_with_details_see_owner_and_runbook_in_every_json_format() {
    let [overview, levels, check, group, health_json, actuator, microprofile] = json_parts(ShowDetails::Always).await;
    for part in [overview, levels, check, group, actuator["details"].clone(), microprofile["data"].clone()] {
        let facts = ["display", "owner", "runbook"].map(|key| part[key].as_str().unwrap_or_default());
        assert_eq!(facts, ["Orders <database>", "payments \"and\" more\\", RUNBOOK], "{part}");
    }
    assert_eq!(health_json["links"], json!({ "help": RUNBOOK }));
    assert_eq!((&health_json["display"], &health_json["runbook"]), (&json!("Orders <database>"), &Value::Null));
}

#[tokio::test]
async fn callers_without_details_see_the_display_name_alone() {
    let [overview, levels, check, group, health_json, ..] = json_parts(ShowDetails::Never).await;
    for part in [overview, levels, check, group, health_json] {
        assert_eq!(part["display"], "Orders <database>", "{part}");
    }
    for format in ["json", "text&verbose", "health%2Bjson", "xml", "html", "actuator", "microprofile"] {
        for path in ["/health", "/health/levels", "/health/checks/db", "/readyz", "/health/metrics"] {
            let format = if path.ends_with("metrics") { "openmetrics" } else { format };
            let body = get(ShowDetails::Never, &format!("{path}?format={format}")).await.body;
            assert!(!body.is_empty() && !body.contains("payments") && !body.contains("wiki"), "{path} {body}");
        }
    }
}

#[tokio::test]
async fn absent_keys_leave_no_trace() {
    for format in ["json", "health%2Bjson", "xml", "html", "actuator", "microprofile"] {
        let body = get(ShowDetails::Always, &format!("/health/checks/plain?format={format}")).await.body;
        let body = body.split("<style>").next().unwrap_or_default();
        for key in ["display", "owner", "runbook", "links", "help"] {
            assert!(!body.contains(&format!("\"{key}\"")) && !body.contains(&format!("<{key}>")), "{key}: {body}");
        }
    }
}

#[tokio::test]
async fn xml_has_owner_and_runbook_as_elements() {
    let body = get(ShowDetails::Always, "/health/checks/db?format=xml").await.body;

    assert!(body.contains("<check name=\"db\" display=\"Orders &lt;database&gt;\""), "{body}");
    assert!(
        body.contains("<runbook>https://wiki.example.com/orders?a=b&amp;c=") && body.contains("<owner>payments"),
        "{body}"
    );
}

#[tokio::test]
async fn page_has_display_name_as_heading_and_links_the_runbook() {
    for (path, heading) in [("/health", "h3"), ("/health/checks/db", "h2")] {
        let html = Html::parse_document(&get(ShowDetails::Always, &format!("{path}?format=html")).await.body);
        let texts = |selector: &str| -> Vec<String> {
            html.select(&Selector::parse(selector).expect("a selector")).map(|found| found.text().collect()).collect()
        };
        assert_eq!(texts(&format!("[data-check=db] {heading}")), ["Orders <database> db"], "{path}");
        let links = Selector::parse("[data-check=db] a[rel~=noopener]").expect("a selector");
        let links: Vec<_> = html.select(&links).filter_map(|link| link.attr("href")).collect();
        assert_eq!(links, [RUNBOOK], "{path}");
        assert!(texts("[data-check=db] dd").contains(&"payments \"and\" more\\".to_owned()), "{path}");
    }
    let html = get(ShowDetails::Always, "/health/checks/db?format=html").await.body;
    assert!(html.contains("<h1><bdi>Orders &lt;database&gt; of this service</bdi></h1>"), "{html}");
}

#[tokio::test]
async fn metrics_have_an_info_sample_for_every_check() {
    let info = |scraped: &Exposition, labels: &[(&str, &str)]| scraped.value("health_check_info", labels);
    for format in ["prometheus", "openmetrics"] {
        let path = format!("/health/metrics?format={format}");
        let full = Exposition::parse(&get(ShowDetails::Always, &path).await.body);
        let facts = [("display", "Orders <database>"), ("owner", "payments \"and\" more\\"), ("runbook", RUNBOOK)];
        assert_eq!(info(&full, &[&[("check", "db"), ("level", "1")], &facts[..]].concat()), Some(1.0));
        assert_eq!(info(&full, &[("check", "plain"), ("level", "5")]), Some(1.0));
        let outline = Exposition::parse(&get(ShowDetails::Never, &path).await.body);
        assert_eq!(info(&outline, &[("check", "db"), facts[0]]), Some(1.0));
        assert!(outline.label_values("owner").is_empty() && outline.label_values("runbook").is_empty());
    }
}

#[test]
fn wrong_texts_stop_the_start() {
    let check = |name: &str| Check::new(name, Level::L3, || async {});
    let checks = [
        check("a").display(" "),
        check("b").owner("two\nlines"),
        check("c").runbook("/runbooks/c"),
        check("d").runbook("https://ada:secret@wiki.example.com/d"),
        check("e").runbook("javascript:alert(1)"),
        check("f").display("Orders \u{202e}database"),
        check("g").owner("é".repeat(201)),
    ];
    let error = builder(checks).build().expect_err("seven problems").to_string();
    for fault in [
        "`a` (tests/formats/for_people.rs:",
        "its display name is blank; write a visible text, or remove it",
        "its owner has control characters or invisible ones; remove them",
        "its display name has control characters or invisible ones",
        "its owner is longer than 200 characters; shorten it",
        "its runbook is not an absolute `http` or `https` URL; write for example `https://wiki.example.com/orders`",
        "its runbook contains credentials, which its readers would see; remove them from between `//` and the host",
    ] {
        assert!(error.contains(fault), "{fault}: {error}");
    }
    assert!(error.contains("7 reasons") && !error.contains("secret"), "{error}");
}
