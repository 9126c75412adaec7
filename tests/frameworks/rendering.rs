//! `Report::render`.

use health_runtime::{Check, Group, Level, Outcome, Report, ReportFormat, Selection, ShowDetails};
use health_tests::{ask, endpoint, monitor};
use serde_json::Value;

const FORMATS: [(ReportFormat, &str); 7] = [
    (ReportFormat::Json, "format=json"),
    (ReportFormat::Values, "view=values"),
    (ReportFormat::Text, "format=text"),
    (ReportFormat::HealthJson, "format=health%2Bjson"),
    (ReportFormat::Actuator, "format=actuator"),
    (ReportFormat::MicroProfile, "format=microprofile"),
    (ReportFormat::Xml, "format=xml"),
];

fn checks() -> [Check; 2] {
    [
        Check::new("db", Level::L1, || async {
            Outcome::fail("secret-text").with_data(serde_json::json!({ "secret-key": 1 }))
        })
        .readiness(),
        Check::new("alive", Level::L5, || async { true }),
    ]
}

fn render(report: &Report, format: ReportFormat, show: ShowDetails) -> String {
    String::from_utf8(report.render(format, show)).expect("UTF-8")
}

#[tokio::test]
async fn report_renders_in_each_format_as_the_endpoint_does() {
    let endpoint = endpoint(checks().map(|check| check.max_age(std::time::Duration::from_hours(1))));
    let report = endpoint.monitor().report(&Selection::everything()).await;
    for (format, query) in FORMATS {
        let answer = ask(endpoint.router(), &format!("/health/levels?{query}"), &[]).await;
        assert_eq!(render(&report, format, ShowDetails::Never), answer.body, "{query}");
        assert_eq!(format.media_type(), answer.header("content-type"), "{query}");
    }
}

#[tokio::test]
async fn rendered_report_shows_details_only_on_request() {
    let monitor = monitor(checks());
    for selection in [Selection::everything(), Selection::group(Group::Readiness), Selection::check("db")] {
        let report = monitor.report(&selection).await;
        for (format, query) in FORMATS {
            let hidden = render(&report, format, ShowDetails::default());
            assert!(!hidden.contains("secret"), "{query}: {hidden}");
            assert!(hidden.contains("db"), "{query}: {hidden}");
            let shown = render(&report, format, ShowDetails::Always);
            assert!(shown.contains("secret"), "{query}: {shown}");
        }
    }
}

#[tokio::test]
async fn report_on_a_group_has_the_shape_of_a_group() {
    let report = monitor(checks()).report(&Selection::group(Group::Readiness)).await;
    let body: Value = serde_json::from_slice(&report.render(ReportFormat::Json, ShowDetails::Never)).expect("JSON");
    assert_eq!((&body["status"], &body["checks"]["db"]["status"]), (&"fail".into(), &"fail".into()));
}
