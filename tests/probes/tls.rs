//! `https://` with a private authority.

use std::{sync::Arc, time::Duration};

use health_runtime::{Outcome, Status, probes};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, IsCa, KeyPair, date_time_ymd};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    sync::mpsc,
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        HandshakeKind, ServerConfig,
        crypto::ring,
        pki_types::{PrivateKeyDer, pem::PemObject},
    },
};

use super::{
    fault, faults,
    server::{Server, answer, head},
};

/// Starts a TLS server for `name`. Returns it with its authority in PEM.
pub(super) async fn secure(name: &str, body: &'static str) -> (Server, String) {
    secure_with(CertificateParams::new(vec![name.to_owned()]).expect("good parameters"), body).await
}

/// Starts a TLS server with a certificate of these parameters.
async fn secure_with(certificate: CertificateParams, body: &'static str) -> (Server, String) {
    let (server, authority, _) = observed(certificate, body).await;
    (server, authority)
}

/// Starts the same, which also hands over the kind of each handshake.
async fn observed(
    certificate: CertificateParams,
    body: &'static str,
) -> (Server, String, mpsc::UnboundedReceiver<HandshakeKind>) {
    let (sent, handshakes) = mpsc::unbounded_channel();
    let mut params = CertificateParams::new(vec![]).expect("good parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let certificate = certificate.signed_by(&key, &authority).expect("a certificate");
    let key = PrivateKeyDer::from_pem_slice(key.serialize_pem().as_bytes()).expect("a key");
    let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
        .with_safe_default_protocol_versions()
        .expect("protocol versions")
        .with_no_client_auth()
        .with_single_cert(vec![certificate.der().clone()], key)
        .expect("a good configuration");
    let acceptor = TlsAcceptor::from(Arc::new(config));
    let server = Server::start(move |stream| {
        let (acceptor, sent) = (acceptor.clone(), sent.clone());
        async move {
            // Fails if the client does not trust the server.
            if let Ok(mut stream) = acceptor.accept(stream).await {
                let _ = sent.send(stream.get_ref().1.handshake_kind().expect("a handshake"));
                head(&mut stream).await;
                let _ = stream.write_all(answer("200 OK", body).as_bytes()).await;
                let _ = stream.shutdown().await;
            }
        }
    })
    .await;
    (server, authority.as_ref().pem(), handshakes)
}

fn url(server: &Server, host: &str) -> String {
    format!("https://{host}:{}/health?token=secret", server.address.port())
}

fn assert_fails(outcome: &Outcome, part: &str) {
    let message = outcome.message().unwrap_or_default();
    assert_eq!(outcome.status(), Status::Fail, "{message}");
    assert!(message.contains(part) && !message.contains("secret"), "{message}");
}

#[tokio::test]
async fn private_authority_can_be_trusted() {
    let (server, authority) = secure("127.0.0.1", r#"{"status":"warn"}"#).await;
    let probe = probes::http(url(&server, "127.0.0.1")).root_certificates(&authority);
    let outcome = probe.observe().await;
    assert_eq!(outcome.status(), Status::Warn, "{outcome:?}");
    assert_eq!(probe.clone().name("again").observe().await.status(), Status::Warn);

    let (server, authority) = secure("localhost", "").await;
    let probe = probes::http(url(&server, "localhost")).root_certificates(&authority);
    let outcome = probe.observe().await;
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
}

#[tokio::test]
async fn other_authority_is_not_trusted() {
    let (server, _) = secure("127.0.0.1", "").await;
    let (_, stranger) = secure("127.0.0.1", "").await;
    let probe = probes::http(url(&server, "127.0.0.1")).root_certificates(stranger);
    let text =
        "its certificate is from an authority that is not trusted; add the authority by `root_certificates_file`";
    assert_fails(&probe.observe().await, text);
}

#[tokio::test]
async fn certificate_for_another_name_is_refused() {
    let (server, authority) = secure("billing.internal", "").await;
    let probe = probes::http(url(&server, "127.0.0.1")).root_certificates(authority);
    assert_fails(&probe.observe().await, "its certificate is for billing.internal, and not for 127.0.0.1");
}

#[tokio::test]
async fn many_names_of_a_certificate_are_cut() {
    let names: Vec<_> = (0..500).map(|number| format!("billing-{number}.internal")).collect();
    let (server, authority) = secure_with(CertificateParams::new(names).expect("good parameters"), "").await;
    let outcome = probes::http(url(&server, "127.0.0.1")).root_certificates(authority).observe().await;
    assert_fails(&outcome, "its certificate is for billing-0.internal, ");
    let message = outcome.message().unwrap_or_default();
    assert!(message.ends_with("…, and not for 127.0.0.1") && message.len() < 2_000, "{}", message.len());
}

#[tokio::test]
async fn dates_of_a_certificate_are_named() {
    let mut expired = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("good parameters");
    expired.not_before = date_time_ymd(2020, 1, 1);
    expired.not_after = date_time_ymd(2021, 1, 1);
    let mut early = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("good parameters");
    early.not_before = date_time_ymd(4000, 1, 1);
    early.not_after = date_time_ymd(4001, 1, 1);
    for (params, text) in [
        (expired, "its certificate expired at 2021-01-01T00:00:00Z"),
        (early, "its certificate is not valid before 4000-01-01T00:00:00Z"),
    ] {
        let (server, authority) = secure_with(params, "").await;
        let probe = probes::http(url(&server, "127.0.0.1")).root_certificates(authority);
        assert_fails(&probe.observe().await, text);
    }
}

/// A server shows no certificate in a session that is resumed, so that one which has expired would pass.
#[tokio::test]
async fn each_run_verifies_the_certificate() {
    let params = CertificateParams::new(vec!["127.0.0.1".to_owned()]).expect("good parameters");
    let (server, authority, mut handshakes) = observed(params, "").await;
    let probe = probes::http(url(&server, "127.0.0.1")).root_certificates(authority);
    for _ in 0..3 {
        assert_eq!(probe.observe().await.status(), Status::Pass);
        assert_ne!(handshakes.recv().await, Some(HandshakeKind::Resumed));
    }
}

#[tokio::test]
async fn server_without_tls_fails() {
    let (_, authority) = secure("127.0.0.1", "").await;
    let plain = Server::answering("HTTP/1.1 400 Bad Request\r\n\r\n").await;
    let probe = probes::http(url(&plain, "127.0.0.1")).root_certificates(&authority);
    let probe = probe.timeout(Duration::from_millis(500));
    assert_fails(&probe.observe().await, "connected to");

    let hasty = Server::start(|mut stream| async move {
        let _ = stream.write_all(b"HTTP/1.1 400 Bad Request\r\n\r\n").await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    })
    .await;
    let probe = probes::http(url(&hasty, "127.0.0.1")).root_certificates(&authority);
    let text = "cannot be connected to: it does not answer in TLS; its URL may have to begin with `http://`";
    assert_fails(&probe.observe().await, text);

    // A silent server: connecting has its own limit.
    let (silent, mut closings) = Server::stalling("").await;
    let probe = probes::http(url(&silent, "127.0.0.1"))
        .root_certificates(authority)
        .connect_timeout(Duration::from_millis(200));
    assert_fails(&probe.observe().await, "could not be connected to within 200ms");
    closings.recv().await.expect("the connection was closed");
}

#[tokio::test]
async fn bandwidth_is_measured_over_tls() {
    let (server, authority) = secure("127.0.0.1", Box::leak("x".repeat(512 * 1024).into_boxed_str())).await;
    let probe = probes::bandwidth(url(&server, "127.0.0.1"), 1).root_certificates(authority);
    let outcome = probe.observe().await;
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
}

#[test]
fn invalid_certificates_are_start_up_errors() {
    let probe = || probes::http("https://a/");
    let text = fault(probe().root_certificates("no PEM"));
    assert_eq!(text, "`root_certificates` is not usable: it contains no certificate in PEM");
    let broken = "-----BEGIN CERTIFICATE-----\n!!!!\n-----END CERTIFICATE-----\n";
    assert!(fault(probe().root_certificates(broken)).contains("a section is not valid base64"));
    let odd = "-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n";
    assert!(fault(probe().root_certificates(odd)).contains("cannot be a root"));
    assert_eq!(faults(probe().root_certificates(odd).root_certificates_file("/nowhere")).len(), 2);
}
