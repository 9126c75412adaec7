//! Status codes and headers.

use health_runtime::{Endpoint, EnvoyHeaders, StatusCodes};
use health_tests::{Answer, builder, get, request, serve};

use crate::switch::Switch;

async fn ask(endpoint: &Endpoint, path: &str) -> Answer {
    get(serve(endpoint.router()).await, path).await
}

#[tokio::test]
async fn warning_is_200_or_the_configured_code() {
    let db = Switch::default();
    db.warn();
    let plain = builder([db.check("db")]).build().expect("a good endpoint");
    let consul = builder([db.check("db")]).status_codes(StatusCodes::new().warn(429)).build().expect("a good endpoint");
    for path in ["/readyz", "/health", "/health/levels", "/health/checks/db"] {
        assert_eq!((ask(&plain, path).await.status, ask(&consul, path).await.status), (200, 429), "{path}");
    }
    db.pass();
    assert_eq!(ask(&consul, "/readyz").await.status, 200);
    db.fail();
    assert_eq!(ask(&consul, "/readyz").await.status, 503);
}

#[tokio::test]
async fn draining_has_a_status_code_of_its_own_if_configured() {
    let db = Switch::default();
    let codes = StatusCodes::new().draining(404).fail(500);
    let endpoint = builder([db.check("db")]).status_codes(codes).build().expect("a good endpoint");
    let readiness = async || ask(&endpoint, "/readyz").await.status;
    assert_eq!(readiness().await, 200);
    endpoint.monitor().drain();
    assert_eq!(readiness().await, 404);
    assert_eq!(ask(&endpoint, "/livez").await.status, 200);
    assert_eq!(ask(&endpoint, "/health/levels").await.status, 200);
    // The service drains and fails as well, so the code of a failure counts.
    db.fail();
    assert_eq!(readiness().await, 500);

    let otherwise = builder([]).status_codes(StatusCodes::new().fail(500)).build().expect("a good endpoint");
    otherwise.monitor().drain();
    assert_eq!(ask(&otherwise, "/readyz").await.status, 500);
}

#[tokio::test]
async fn envoy_headers_are_off_by_default() {
    let db = Switch::default();
    db.warn();
    let endpoint = builder([db.check("db")]).build().expect("a good endpoint");
    endpoint.monitor().drain();
    for path in ["/readyz", "/health", "/health/levels"] {
        let answer = ask(&endpoint, path).await;
        assert!(!answer.headers.keys().any(|name| name.starts_with("x-envoy")), "{path}: {:?}", answer.headers);
    }
}

#[tokio::test]
async fn envoy_headers_report_warnings_draining_and_the_cluster() {
    let db = Switch::default();
    let headers = EnvoyHeaders::new().degraded().immediate_fail().cluster("orders");
    let endpoint = builder([db.check("db")]).envoy(headers).build().expect("a good endpoint");
    let address = serve(endpoint.router()).await;
    let envoy_headers = |answer: &Answer| {
        let [degraded, out, cluster] =
            ["x-envoy-degraded", "x-envoy-immediate-health-check-fail", "x-envoy-upstream-healthchecked-cluster"]
                .map(|name| answer.header(name).to_owned());
        (degraded, out, cluster)
    };
    let words = |degraded: &str, out: &str| (degraded.to_owned(), out.to_owned(), "orders".to_owned());

    assert_eq!(envoy_headers(&get(address, "/readyz").await), words("", ""));
    db.warn();
    for (method, path) in [("GET", "/readyz"), ("HEAD", "/readyz"), ("OPTIONS", "/health/ready"), ("GET", "/health")] {
        let answer = request(address, method, path).await;
        assert_eq!((answer.status, envoy_headers(&answer)), (200, words("true", "")), "{method} {path}");
    }
    // Liveness has no warning of its own.
    assert_eq!(envoy_headers(&get(address, "/livez").await), words("", ""));
    db.fail();
    assert_eq!(envoy_headers(&get(address, "/readyz").await), words("", ""));
    db.pass();
    endpoint.monitor().drain();
    let draining = get(address, "/readyz").await;
    assert_eq!((draining.status, envoy_headers(&draining)), (503, words("", "true")));
    // Envoy heeds it on any response, so it stands on no other.
    for path in ["/livez", "/startupz", "/health", "/health/levels", "/health/checks/db", "/health/info", "/health/x"] {
        assert_eq!(envoy_headers(&get(address, path).await).1, "", "{path}");
    }
}

#[test]
fn invalid_settings_are_all_reported_at_once() {
    let error = builder([])
        .envoy(EnvoyHeaders::new().cluster("two words"))
        .agent(health_runtime::HaproxyAgent::new().warn_weight(0))
        .status_codes(StatusCodes::new().draining(304))
        .build()
        .expect_err("three mistakes");
    let text = error.to_string();
    assert_eq!(error.problems().len(), 3, "{text}");
    for part in [
        "`EnvoyHeaders::cluster` is \"two words\"",
        "`HaproxyAgent::warn_weight` is \"0\"",
        "304 is not a valid status code",
    ] {
        assert!(text.contains(part), "{text}");
    }
    for name in ["", "a\nb", "é"] {
        assert!(builder([]).envoy(EnvoyHeaders::new().cluster(name)).build().is_err(), "{name:?}");
    }
    assert_eq!(
        builder([])
            .agent(health_runtime::HaproxyAgent::new().warn_weight(101))
            .build()
            .expect_err("one")
            .problems()
            .len(),
        1
    );
    let codes = builder([]).status_codes(StatusCodes::new().fail(99)).build().expect_err("one mistake");
    assert_eq!(codes.problems().len(), 1, "{codes}");
}
