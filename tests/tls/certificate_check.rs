//! The check of the server's own certificate.

use std::{path::Path, time::Duration};

use health_runtime::{Check, CheckUpdate, Endpoint, Level, Server, ShowDetails, Tls, serve_tls};
use health_tests::{ask, builder};
use tokio::time::{sleep, timeout};

use super::authority::{Authority, Folder};

fn endpoint() -> Endpoint {
    let alive = Check::new("alive", Level::L5, || async { true });
    builder([alive]).details(ShowDetails::Always).build().expect("a good endpoint")
}

fn tls(folder: &Path) -> Tls {
    Tls::new(folder.join("tls.crt"), folder.join("tls.key")).with_reload_interval(Duration::from_millis(10))
}

fn names(endpoint: &Endpoint) -> Vec<String> {
    endpoint.monitor().checks().map(|check| check.name().to_owned()).collect()
}

/// Waits until the response about the check contains this text.
async fn reports(endpoint: &Endpoint, status: u16, part: &str) -> String {
    let mut body = String::new();
    let reported = async {
        loop {
            let answer = ask(endpoint.router(), "/health/checks/tls_certificate", &["application/json"]).await;
            body = answer.body;
            if answer.status == status && body.contains(part) {
                break;
            }
            sleep(Duration::from_millis(5)).await;
        }
    };
    let is_late = timeout(Duration::from_secs(20), reported).await.is_err();
    assert!(!is_late, "{part}: {body}");
    body
}

#[tokio::test]
async fn endpoint_checks_its_own_certificate_while_it_is_served() {
    let (authority, folder, endpoint) = (Authority::new(), Folder::new(), endpoint());
    folder.issued(&authority.server_until(90));
    let server = serve_tls("127.0.0.1:0", tls(folder.path()), &endpoint).expect("a server");
    assert_eq!(names(&endpoint), ["tls_certificate", "alive"]);
    let body = reports(&endpoint, 200, "\"days_left\"").await;
    for part in ["localhost", "CN=an authority for tests", "valid_until", "89"] {
        assert!(body.contains(part), "{part}: {body}");
    }
    // The files change, and with them the certificate in use.
    folder.issued(&authority.server_until(10));
    reports(&endpoint, 200, "its certificate expires in 9 days, at ").await;
    folder.issued(&authority.server_until(0));
    reports(&endpoint, 503, "its certificate expired at ").await;
    server.stop().await;
    assert_eq!(names(&endpoint), ["alive"]);
}

/// A server removes its own check alone, and not one that has taken its name meanwhile.
#[tokio::test]
async fn check_of_the_user_outlives_the_server() {
    let (authority, folder) = (Authority::new(), Folder::new());
    folder.issued(&authority.server_until(90));
    let own = || Check::new("tls_certificate", Level::L4, || async { true });
    for update in [CheckUpdate::new().replace(own()), CheckUpdate::new().remove("tls_certificate").add(own())] {
        let endpoint = endpoint();
        let server = serve_tls("127.0.0.1:0", tls(folder.path()), &endpoint).expect("a server");
        endpoint.monitor().update(update).expect("a good update");
        server.stop().await;
        assert_eq!(names(&endpoint), ["tls_certificate", "alive"]);
    }
}

#[tokio::test]
async fn each_address_has_a_check_unless_it_does_without() {
    let (authority, folder, endpoint) = (Authority::new(), Folder::new(), endpoint());
    folder.issued(&authority.server_until(90));
    let server = Server::new()
        .listen_tls("127.0.0.1:0", tls(folder.path()), &endpoint)
        .listen_tls("127.0.0.1:0", tls(folder.path()), endpoint.levels(Level::L5..=Level::L5))
        .listen_tls("127.0.0.1:0", tls(folder.path()).without_certificate_check(), &endpoint)
        .listen("127.0.0.1:0", &endpoint)
        .start()
        .expect("a server");
    assert_eq!(names(&endpoint), ["tls_certificate", "tls_certificate_2", "alive"]);
    server.stop().await;
    assert_eq!(names(&endpoint), ["alive"]);
    // The user's own check of that name stays.
    let own = Check::new("tls_certificate", Level::L4, || async { true });
    endpoint.monitor().add(own).expect("a free name");
    let server = serve_tls("127.0.0.1:0", tls(folder.path()), &endpoint).expect("a server");
    assert_eq!(names(&endpoint), ["tls_certificate_2", "tls_certificate", "alive"]);
    server.stop().await;
    assert_eq!(names(&endpoint), ["tls_certificate", "alive"]);
}

#[tokio::test]
async fn failed_start_leaves_no_check() {
    let (authority, folder, endpoint) = (Authority::new(), Folder::new(), endpoint());
    folder.issued(&authority.server_until(90));
    let started = Server::new()
        .listen_tls("127.0.0.1:0", tls(folder.path()), &endpoint)
        .listen_tls("127.0.0.1:0", Tls::new("/nowhere.crt", "/nowhere.key"), &endpoint)
        .start();
    assert!(started.is_err());
    assert_eq!(names(&endpoint), ["alive"]);
}
