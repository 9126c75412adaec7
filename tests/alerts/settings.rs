//! Settings that cannot work.

use std::time::Duration;

use health_runtime::{
    Endpoint, Problem,
    alerts::{Alertmanager, Webhook},
};
use health_tests::{builder, monitor};

fn problems(error: &health_runtime::Error) -> Vec<String> {
    error.problems().iter().map(ToString::to_string).collect()
}

#[test]
fn start_lists_every_fault() {
    let alertmanager =
        Alertmanager::new(["alertmanager:9093", "http://ada:hunter2@alertmanager", "http://alertmanager/?a=hunter2"])
            .label("check", "x")
            .label("the-cluster", "eu")
            .label("cluster", "")
            .label("instance", "a")
            .header("connection", "hunter2")
            .timeout(Duration::ZERO)
            .endpoint_url("orders");
    let webhook = Webhook::new("http://host:99999/hunter2")
        .service(" ")
        .instance("")
        .signing_secret("hunter2")
        .signing_secret("whsec_aHVudGVyMg==")
        .signing_secret_file("/does/not/exist");
    let error = builder([]).alert_to(alertmanager).alert_to(webhook).build().expect_err("faults");
    assert!(matches!(&error.problems()[0], Problem::InvalidReceiver { receiver: "Alertmanager", .. }));
    let problems = problems(&error);
    let expected = [
        "alerts cannot be sent by `Alertmanager`: it has no name of the service; write `.service(\"orders\")`, or give the endpoint \
         `build_info`",
        "alerts cannot be sent by `Alertmanager`: its `endpoint_url` must be absolute, such as `http://host/path`",
        "alerts cannot be sent by `Alertmanager`: URL 1 must be absolute, such as `http://host/path`",
        "alerts cannot be sent by `Alertmanager`: URL 2 contains credentials, which would appear in logs; send them by \
         `basic_auth(user, password)`",
        "alerts cannot be sent by `Alertmanager`: URL 3 has a query or a fragment; write scheme, host, port and path alone",
        "alerts cannot be sent by `Alertmanager`: the header `connection` belongs to the connection and cannot be set",
        "alerts cannot be sent by `Alertmanager`: its timeout is zero; set a longer one, such as 10 s",
        "alerts cannot be sent by `Alertmanager`: each alert has a label `check` already; choose another name",
        "alerts cannot be sent by `Alertmanager`: `the-cluster` is not a valid name of a label; use letters, digits and `_`, no \
         digit first",
        "alerts cannot be sent by `Alertmanager`: the label `cluster` is empty; give it a value, or leave it out",
        "alerts cannot be sent by `Alertmanager`: the label `instance` has a method of its own; write `.instance(…)`",
        "alerts cannot be sent by `Webhook`: its `service` is blank; write a name",
        "alerts cannot be sent by `Webhook`: its `instance` is blank; write a name, or leave it out",
        "alerts cannot be sent by `Webhook`: its URL has an invalid port; write a whole number from 1 to 65535",
        "alerts cannot be sent by `Webhook`: its signing secret does not begin with `whsec_`",
        "alerts cannot be sent by `Webhook`: its signing secret has not 24 to 64 bytes; make one by `openssl rand -base64 32`",
    ];
    for expected in expected {
        assert!(problems.iter().any(|problem| problem == expected), "{expected} is not among {problems:#?}");
    }
    let file = "`/does/not/exist`, the file of its signing secret, cannot be read";
    assert!(problems.iter().any(|problem| problem.contains(file)), "{problems:#?}");
    assert_eq!(problems.len(), expected.len() + 1, "{problems:#?}");
    assert!(!error.to_string().contains("hunter2"), "{error}");
}

#[test]
fn receiver_without_a_url_is_a_start_up_error() {
    let error = monitor([]).alert_to(Alertmanager::new([""; 0]).service("orders")).expect_err("a fault");
    let text = "it has no URL; write `Alertmanager::new([\"http://alertmanager:9093\"])`";
    assert!(problems(&error)[0].ends_with(text), "{error}");
}

#[test]
fn settings_show_no_secret() {
    let webhook = Webhook::new("https://hooks.example.com/?token=hunter2")
        .signing_secret("whsec_aHVudGVyMmh1bnRlcjJodW50ZXIyaHVudGVyMg==")
        .basic_auth("ada", "hunter2")
        .header("x-token", "hunter2")
        .proxy("http://ada:hunter2@proxy:3128");
    let builder = Endpoint::builder().alert_to(webhook);
    let shown = format!("{builder:?}");
    assert!(!shown.contains("hunter2") && !shown.contains("aHVudGVyM"), "{shown}");
}
