//! TLS that begins after a request in plain text, or before a greeting that is plain by default.

use std::sync::Arc;

use health_runtime::{
    Status,
    probes::{self, StartTls},
};
use tempfile::TempDir;
use tokio::{
    io::{AsyncBufReadExt as _, AsyncReadExt as _, AsyncWriteExt as _, BufReader},
    net::{TcpListener, TcpStream},
};
use tokio_rustls::{
    TlsAcceptor,
    rustls::{
        ServerConfig,
        crypto::ring,
        pki_types::{CertificateDer, PrivateKeyDer, pem::PemObject as _},
    },
};

use super::{
    LONG_TIMEOUT, SHORT_TIMEOUT, becomes,
    certificates::write_certificate,
    faults, local, message,
    servers::{MailServer, Server, authority_of, nats_over_tls, postgres_over_tls, slapd, start},
    state,
};

#[tokio::test]
#[ignore = "needs slapd: scripts/peers"]
async fn directory_is_asked_over_starttls() {
    let server = start(slapd);
    let probe = probes::ldap(local(server.port)).starttls().timeout(LONG_TIMEOUT);
    becomes(probe.clone().root_certificates(authority_of(&server)), "accepting").await;
    assert!(server.log().contains("STARTTLS"), "{}", server.log());
    let outcome = probe.observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("tls_failed", Status::Fail), "{outcome:?}");
    assert!(message(&outcome).contains("fails in TLS: invalid peer certificate"), "{outcome:?}");

    let plain = Server::start_in(TempDir::new().expect("a folder"), slapd);
    let probe = probes::ldap(local(plain.port)).starttls().timeout(LONG_TIMEOUT);
    let outcome = becomes(probe, "no_tls").await;
    assert_eq!(outcome.status(), Status::Fail);
    assert!(message(&outcome).contains(" does not begin TLS"), "{outcome:?}");
}

/// Checks the certificate of a server that vouches for `localhost` and `127.0.0.1`. Returns the log until the server freezes: a request
/// that was given up stands in it when the server goes on.
async fn assert_read(server: &Server, protocol: StartTls) -> String {
    let certificate = |port: u16| probes::certificate(local(port)).starttls(protocol).timeout(LONG_TIMEOUT);
    let probe = certificate(server.port).root_certificates(authority_of(server));
    let mut outcome = probe.observe().await;
    for _ in 0..100 {
        if outcome.status() == Status::Pass {
            break;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
        outcome = probe.observe().await;
    }
    assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None), "{protocol:?}: {outcome:?}");
    let data = outcome.data().expect("data");
    assert_eq!((&data["names"][0], &data["is_trusted"]), (&"localhost".into(), &true.into()), "{protocol:?}: {data}");
    let outcome = certificate(server.port).observe().await;
    assert_eq!(outcome.status(), Status::Fail, "{protocol:?}");
    assert!(message(&outcome).contains("no trusted authority vouches for its certificate"), "{outcome:?}");

    let log = server.log();
    server.freeze();
    let outcome = certificate(server.port).timeout(SHORT_TIMEOUT).observe().await;
    assert_eq!(outcome.status(), Status::Fail, "{protocol:?}");
    let text = format!("{} accepts the connection, but does not answer within 450ms", local(server.port));
    assert_eq!(message(&outcome), text, "{protocol:?}");
    server.thaw();
    log
}

#[tokio::test]
#[ignore = "needs postgresql, slapd and nats-server: scripts/peers"]
async fn certificate_is_read_after_a_plain_request() {
    let server = postgres_over_tls();
    let log = assert_read(&server, StartTls::Postgres).await;
    assert!(!log.contains("startup packet") && !log.contains("SSL"), "{log}");
    assert_read(&start(slapd), StartTls::Ldap).await;
    assert_read(&start(nats_over_tls), StartTls::Nats).await;
}

#[tokio::test]
#[ignore = "needs postfix: scripts/peers"]
async fn certificate_of_a_mail_server_is_read() {
    let MailServer(server) = &MailServer::start("", "");
    let probe = probes::certificate(local(server.port)).starttls(StartTls::Smtp).timeout(LONG_TIMEOUT);
    let outcome = probe.root_certificates(authority_of(server)).observe().await;
    assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None), "{outcome:?}");
    for _ in 0..100 {
        if server.log().contains("ehlo=1 starttls=1 quit=1 commands=3") {
            return;
        }
        tokio::time::sleep(std::time::Duration::from_millis(50)).await;
    }
    panic!("no orderly end: {}", server.log());
}

#[test]
fn default_ports_are_those_for_plain_text() {
    let probe = |starttls| probes::certificate("host").root_certificates(authority()).starttls(starttls);
    for starttls in [StartTls::Smtp, StartTls::Imap, StartTls::Pop3, StartTls::Ldap, StartTls::Postgres, StartTls::Nats]
    {
        assert!(faults(probe(starttls)).is_empty(), "{starttls:?}");
    }
}

fn authority() -> Vec<u8> {
    let folder = TempDir::new().expect("a folder");
    write_certificate(folder.path());
    std::fs::read(folder.path().join("authority.pem")).expect("an authority")
}

/// A stand-in for a server that greets, answers lines with lines, and begins TLS after the last of them. It sends the rest over TLS.
struct StandIn {
    address: String,
    authority: Vec<u8>,
}

impl StandIn {
    async fn start(at: &str, greeting: &'static str, answers: &'static [(&str, &str)], rest: &'static str) -> Self {
        let folder = TempDir::new().expect("a folder");
        write_certificate(folder.path());
        let read = |name: &str| std::fs::read(folder.path().join(name)).expect("a file");
        let chain = vec![CertificateDer::from_pem_slice(&read("certificate.pem")).expect("a certificate")];
        let key = PrivateKeyDer::from_pem_slice(&read("key.pem")).expect("a key");
        let config = ServerConfig::builder_with_provider(Arc::new(ring::default_provider()))
            .with_safe_default_protocol_versions()
            .expect("protocol versions")
            .with_no_client_auth()
            .with_single_cert(chain, key)
            .expect("a good configuration");
        let acceptor = TlsAcceptor::from(Arc::new(config));
        let listener = TcpListener::bind(at).await.expect("a free port");
        let address = listener.local_addr().expect("an address").to_string();
        tokio::spawn(async move {
            while let Ok((stream, _)) = listener.accept().await {
                tokio::spawn(Self::serve(stream, acceptor.clone(), greeting, answers, rest));
            }
        });
        Self { address, authority: read("authority.pem") }
    }

    async fn serve(mut stream: TcpStream, acceptor: TlsAcceptor, greeting: &str, answers: &[(&str, &str)], rest: &str) {
        let _ = stream.write_all(greeting.as_bytes()).await;
        let mut stream = BufReader::new(stream);
        for (request, answer) in answers {
            let mut line = String::new();
            let _ = stream.read_line(&mut line).await;
            assert_eq!(line.trim_end(), *request);
            let _ = stream.write_all(answer.as_bytes()).await;
        }
        let Ok(mut stream) = acceptor.accept(stream.into_inner()).await else { return };
        let _ = stream.write_all(rest.as_bytes()).await;
        let _ = stream.read_to_end(&mut Vec::new()).await;
    }
}

#[tokio::test]
async fn certificates_of_mailboxes_are_read_from_a_stand_in() {
    let imap = StandIn::start(
        "127.0.0.1:0",
        "* OK [CAPABILITY IMAP4rev1 STARTTLS] ready\r\n",
        &[("a STARTTLS", "* NOTHING new\r\na OK begin\r\n")],
        "",
    );
    let pop3 = StandIn::start("127.0.0.1:0", "+OK ready\r\n", &[("STLS", "+OK begin\r\n")], "");
    for (server, protocol) in [(imap.await, StartTls::Imap), (pop3.await, StartTls::Pop3)] {
        let probe = probes::certificate(&server.address).starttls(protocol).timeout(LONG_TIMEOUT);
        let outcome = probe.clone().root_certificates(&server.authority).observe().await;
        assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None), "{protocol:?}: {outcome:?}");
        assert!(message(&probe.observe().await).contains("no trusted authority vouches"), "{protocol:?}");
    }
}

/// A stand-in for nats-server 2.11 with `handshake_first`; Debian has 2.9.
#[tokio::test]
async fn nats_that_greets_over_tls_is_asked() {
    let info = "INFO {\"tls_required\":true}\r\nPONG\r\n";
    let server = StandIn::start("127.0.0.1:0", "", &[], info).await;
    let probe = probes::nats_at(&server.address).root_certificates(&server.authority);
    let outcome = probe.clone().tls_first().timeout(LONG_TIMEOUT).observe().await;
    assert_eq!((state(&outcome), outcome.message()), ("accepting", None), "{outcome:?}");
    let outcome = probe.tls().timeout(SHORT_TIMEOUT).observe().await;
    assert_eq!((state(&outcome), outcome.status()), ("no_answer", Status::Fail), "{outcome:?}");
}

/// The zone of an address counts on this machine alone, and no certificate is for it.
#[tokio::test]
async fn address_with_a_zone_has_a_certificate() {
    let server = StandIn::start("[::1]:0", "", &[], "INFO {}\r\nPONG\r\n").await;
    let address = server.address.replace("::1", "::1%1");
    let outcome =
        probes::certificate(&address).root_certificates(&server.authority).timeout(LONG_TIMEOUT).observe().await;
    assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None), "{outcome:?}");
    let probe = probes::nats_at(&address).tls_first().root_certificates(&server.authority);
    let outcome = probe.timeout(LONG_TIMEOUT).observe().await;
    assert_eq!((state(&outcome), outcome.message()), ("accepting", None), "{outcome:?}");
}
