//! The controls of the page.

use health_runtime::{
    Check, Group, Level, Levels,
    access::{Access, public},
};

use crate::service::{PASSWORD, endpoint, operators, post, send, user};

fn checks() -> [Check; 2] {
    [Level::L1, Level::L4].map(|level| Check::new(format!("l{level}"), level, || async {}).readiness())
}

#[tokio::test]
async fn page_has_controls_for_callers_with_the_right_alone() {
    let access = Access::new()
        .levels(Level::L1..=Level::L4, operators())
        .levels(Level::L5, public())
        .group(Group::Readiness, operators());
    let router = endpoint(checks(), access).router();
    let (ada, guest) = (user("ada", PASSWORD), user("guest", "guest"));
    // Twice, because the second answer is a stored one.
    for _ in 0..2 {
        for (caller, path, controls) in [
            (&ada, "/health?format=html", &["l1", "l4"][..]),
            (&ada, "/health/checks/l1?format=html", &["l1"]),
            (&ada, "/health/checks/l1?format=html&fragment", &["l1"]),
            // A group's policy decides about the group alone.
            (&ada, "/readyz?format=html", &[]),
            (&guest, "/health?format=html", &["l4"]),
            (&guest, "/health/checks/l4?format=html", &["l4"]),
        ] {
            let page = send(&router, "GET", path, &[(caller.0, &caller.1)], "").await;
            assert_eq!(page.status, 200, "{path}");
            let found: Vec<_> =
                page.body.split("data-operate=\"").skip(1).filter_map(|rest| rest.split('"').next()).collect();
            let up = "../".repeat(path.matches('/').count() - 1);
            let up = if up.is_empty() { "./" } else { &up };
            let expected: Vec<_> = controls.iter().map(|check| format!("{up}health/checks/{check}")).collect();
            assert_eq!(found, expected, "{path}");
        }
    }
    let everybody = endpoint(checks(), Access::new().levels(Levels::ALL, public())).router();
    let page = send(&everybody, "GET", "/health?format=html", &[], "").await;
    assert!(!page.body.contains("data-operate=") && !page.body.contains("id=\"notice\""), "{page:?}");
}

/// A client that prefers pages gets its problems as pages.
#[tokio::test]
async fn problem_of_an_operation_may_be_a_page() {
    let router = endpoint(checks(), Access::new().levels(Levels::ALL, operators())).router();
    let page = post(&router, "/health/checks/l1/mute?format=html", "{}").await;
    assert_eq!((page.status, page.header("content-type")), (400, "text/html; charset=utf-8"));
    assert!(page.body.contains("`for` is missing; `reason` is missing"), "{page:?}");
}
