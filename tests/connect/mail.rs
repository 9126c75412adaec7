//! `probes::smtp` on a real server, Postfix, which needs root.

use health_runtime::{Status, probes};

use super::{
    LONG_TIMEOUT, becomes, local, message,
    servers::{MailServer, authority_of},
    state,
};

#[tokio::test]
#[ignore = "needs postfix: scripts/peers"]
async fn mail_server_answers_plainly_and_over_starttls() {
    let MailServer(server) = &MailServer::start("", "");
    let address = local(server.port);
    let outcome = becomes(probes::smtp(&address).timeout(LONG_TIMEOUT), "accepting").await;
    assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None));

    let authority = authority_of(server);
    let secure = |address: String| probes::smtp(address).starttls().timeout(LONG_TIMEOUT);
    let outcome = secure(format!("localhost:{}", server.port)).root_certificates(&authority).observe().await;
    assert_eq!((state(&outcome), outcome.message()), ("accepting", None));
    let outcome = secure(address).observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("tls_failed", Status::Fail));
    assert!(message(&outcome).contains("fails in TLS: invalid peer certificate: UnknownIssuer"), "{outcome:?}");

    let log = server.log();
    let lines: Vec<_> = log.lines().filter(|line| line.contains("connect from") && line.contains("smtpd[")).collect();
    assert!(
        lines.iter().any(|line| line.ends_with("disconnect from unknown[127.0.0.1] ehlo=1 quit=1 commands=2")),
        "{log}"
    );
}

#[tokio::test]
#[ignore = "needs postfix: scripts/peers"]
async fn server_that_refuses_this_client_fails() {
    let settings = "smtpd_delay_reject = no\nsmtpd_client_restrictions = reject\n";
    let MailServer(server) = &MailServer::start(settings, "");
    let outcome = becomes(probes::smtp(local(server.port)).timeout(LONG_TIMEOUT), "refusing").await;
    assert_eq!(outcome.status(), Status::Fail);
    assert!(message(&outcome).contains("refuses, at "), "{outcome:?}");
}

#[tokio::test]
#[ignore = "needs postfix: scripts/peers"]
async fn mail_server_is_asked_over_tls() {
    // As at port 465.
    let MailServer(server) = &MailServer::start("", "-o smtpd_tls_wrappermode=yes");
    let probe = probes::smtp(local(server.port)).tls().timeout(LONG_TIMEOUT);
    becomes(probe.clone().root_certificates(authority_of(server)), "accepting").await;
    let outcome = probe.observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("tls_failed", Status::Fail), "{outcome:?}");
    assert!(message(&outcome).contains("fails in TLS: invalid peer certificate: UnknownIssuer"), "{outcome:?}");
}
