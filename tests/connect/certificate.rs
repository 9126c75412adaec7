//! `probes::certificate` on OpenSSL's server, with certificates of every kind.

use std::{
    fs,
    path::Path,
    process::Command,
    time::{Duration, SystemTime},
};

use health_runtime::{Outcome, Status, probes};
use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};
use serde_json::json;
use tempfile::TempDir;
use tokio::{
    io::{AsyncReadExt as _, AsyncWriteExt as _, copy},
    net::{TcpListener, TcpStream},
};

use super::{LONG_TIMEOUT, SHORT_TIMEOUT, faults, local, message, servers::Server};

const DAY: Duration = Duration::from_hours(24);

type Issuer = CertifiedIssuer<'static, KeyPair>;

/// Returns parameters of a certificate that is valid from some days ago until some days from now.
fn params(names: &[&str], from: i32, until: i32) -> CertificateParams {
    let names: Vec<_> = names.iter().map(|name| (*name).to_owned()).collect();
    let mut params = CertificateParams::new(names).expect("good parameters");
    let date = |days: i32| match u32::try_from(days) {
        Ok(days) => SystemTime::now() + DAY * days,
        Err(_) => SystemTime::now() - DAY * days.unsigned_abs(),
    };
    params.not_before = date(from).into();
    params.not_after = date(until).into();
    params
}

fn authority_params(name: &str, until: i32) -> CertificateParams {
    let mut params = params(&[], -100, until);
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, name);
    params
}

fn root() -> Issuer {
    CertifiedIssuer::self_signed(authority_params("Root of the tests", 1_000), KeyPair::generate().expect("a key"))
        .expect("an authority")
}

fn intermediate(root: &Issuer, until: i32) -> Issuer {
    CertifiedIssuer::signed_by(authority_params("Middle", until), KeyPair::generate().expect("a key"), root)
        .expect("an authority")
}

/// Starts a server that shows this certificate, and these of authorities.
fn start(leaf: &CertificateParams, issuer: &Issuer, chain: &[&Issuer], arguments: &str) -> Server {
    let folder = TempDir::new().expect("a folder");
    let key = KeyPair::generate().expect("a key");
    let leaf = leaf.signed_by(&key, issuer).expect("a certificate");
    let chain: String = chain.iter().map(|issuer| issuer.as_ref().pem()).collect();
    for (name, text) in
        [("leaf", leaf.pem()), ("key", key.serialize_pem()), ("chain", chain), ("arguments", arguments.to_owned())]
    {
        fs::write(folder.path().join(name), text).expect("a file");
    }
    Server::start_in(folder, |folder: &Path, port| {
        let mut command = Command::new("openssl");
        command.args(["s_server", "-www", "-accept", &local(port)]);
        command.arg("-cert").arg(folder.join("leaf")).arg("-key").arg(folder.join("key"));
        if fs::read(folder.join("chain")).is_ok_and(|chain| !chain.is_empty()) {
            command.arg("-cert_chain").arg(folder.join("chain"));
        }
        let arguments = fs::read_to_string(folder.join("arguments")).expect("arguments");
        command.args(arguments.split_whitespace());
        command
    })
}

async fn observe(server: &Server, root: &Issuer) -> Outcome {
    let probe = probes::certificate(local(server.port)).timeout(LONG_TIMEOUT);
    probe.root_certificates(root.as_ref().pem()).observe().await
}

fn assert_is(outcome: &Outcome, status: Status, part: &str) {
    assert_eq!(outcome.status(), status, "{outcome:?}");
    assert!(message(outcome).contains(part), "{part}: {outcome:?}");
}

#[tokio::test]
#[ignore = "needs openssl: scripts/peers"]
async fn valid_certificate_passes_with_its_facts() {
    let root = root();
    for arguments in ["", "-tls1_2", "-Verify 1", "-tls1_2 -Verify 1"] {
        let server = start(&params(&["127.0.0.1", "shop.internal"], -1, 90), &root, &[], arguments);
        let outcome = observe(&server, &root).await;
        assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None), "{arguments}: {outcome:?}");
        let data = outcome.data().expect("data");
        assert_eq!(data["names"], json!(["127.0.0.1", "shop.internal"]));
        assert_eq!(data["issuer"], "CN=Root of the tests");
        assert_eq!((&data["days_left"], &data["is_trusted"]), (&json!(89), &json!(true)));
        assert!(data["valid_until"].as_str().is_some_and(|date| date.ends_with('Z')), "{data}");
    }
}

#[tokio::test]
#[ignore = "needs openssl: scripts/peers"]
async fn dates_are_read_before_they_are_verified() {
    let root = root();
    for (from, until, status, part, days) in [
        (-50, 10, Status::Warn, ": its certificate expires in 9 days, at ", 9),
        (-50, -10, Status::Fail, ": its certificate expired at ", -11),
        (5, 50, Status::Fail, ": its certificate is not valid before ", 49),
    ] {
        let server = start(&params(&["127.0.0.1"], from, until), &root, &[], "");
        let outcome = observe(&server, &root).await;
        assert_is(&outcome, status, part);
        assert_eq!(outcome.data().expect("data")["days_left"], json!(days));
    }
    let server = start(&params(&["127.0.0.1"], -50, 10), &root, &[], "");
    let probe = probes::certificate(local(server.port)).root_certificates(root.as_ref().pem()).warn_within(DAY * 9);
    assert_eq!(probe.timeout(LONG_TIMEOUT).observe().await.status(), Status::Pass);
}

#[tokio::test]
#[ignore = "needs openssl: scripts/peers"]
async fn trust_is_verified_apart() {
    let (root, stranger) = (root(), root());
    let server = start(&params(&["127.0.0.1"], -1, 90), &stranger, &[], "");
    let outcome = observe(&server, &root).await;
    assert_is(&outcome, Status::Fail, "no trusted authority vouches for its certificate, or its chain is incomplete");
    assert_eq!(outcome.data().expect("data")["is_trusted"], json!(false));
    assert_eq!(outcome.data().expect("data")["days_left"], json!(89));

    let server = start(&params(&["shop.internal"], -1, 90), &root, &[], "");
    let outcome = observe(&server, &root).await;
    assert_is(&outcome, Status::Fail, "its certificate is for other names: shop.internal");
    let probe = probes::certificate(local(server.port)).root_certificates(root.as_ref().pem()).timeout(LONG_TIMEOUT);
    let outcome = probe.server_name("shop.internal").observe().await;
    assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None));
}

#[tokio::test]
#[ignore = "needs openssl: scripts/peers"]
async fn authorities_in_the_chain_count() {
    let root = root();
    let leaf = params(&["127.0.0.1"], -1, 50);
    for (until, is_sent, status, part) in [
        (100, true, Status::Pass, ""),
        (100, false, Status::Fail, "its chain is incomplete"),
        (10, true, Status::Warn, "an authority in the chain of its certificate expires within 21 days"),
        (-10, true, Status::Fail, "an authority in the chain of its certificate has expired"),
    ] {
        let middle = intermediate(&root, until);
        let chain = [&middle];
        let server = start(&leaf, &middle, if is_sent { &chain } else { &[] }, "");
        assert_is(&observe(&server, &root).await, status, part);
    }
}

#[tokio::test]
#[ignore = "needs openssl: scripts/peers"]
async fn server_that_is_frozen_dead_or_without_tls_has_words_of_its_own() {
    let root = root();
    let mut server = start(&params(&["127.0.0.1"], -1, 90), &root, &[], "");
    let address = local(server.port);
    let probe = probes::certificate(&address).root_certificates(root.as_ref().pem());
    server.freeze();
    let outcome = probe.clone().timeout(SHORT_TIMEOUT).observe().await;
    assert_is(&outcome, Status::Fail, &format!("{address} does not finish the TLS handshake within 450ms"));
    assert_eq!(outcome.data().expect("data")["is_trusted"], json!(null));
    server.thaw();
    assert_eq!(probe.clone().timeout(LONG_TIMEOUT).observe().await.status(), Status::Pass);
    server.stop();
    let outcome = probe.timeout(LONG_TIMEOUT).observe().await;
    assert_is(&outcome, Status::Fail, &format!("{address} refuses connections"));
}

/// A server that shows a certificate proves by the rest of the handshake that it has the key.
#[tokio::test]
#[ignore = "needs openssl: scripts/peers"]
async fn server_that_freezes_behind_its_certificate_fails() {
    let root = root();
    let server = start(&params(&["127.0.0.1"], -1, 90), &root, &[], "-tls1_2");
    assert_is(&observe(&server, &root).await, Status::Pass, "");
    let between = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = between.local_addr().expect("an address").to_string();
    let port = server.port;
    tokio::spawn(async move {
        let (client, _) = between.accept().await.expect("a client");
        let server = TcpStream::connect(local(port)).await.expect("the server");
        let ((mut from_client, mut to_client), (mut from_server, mut to_server)) =
            (client.into_split(), server.into_split());
        // The greeting of the client alone.
        let mut greeting = [0; 4096];
        let length = from_client.read(&mut greeting).await.expect("a greeting");
        to_server.write_all(&greeting[..length]).await.expect("the server");
        let _ = copy(&mut from_server, &mut to_client).await;
    });
    let probe = probes::certificate(&address).root_certificates(root.as_ref().pem()).timeout(SHORT_TIMEOUT);
    let text = format!("{address} does not finish the TLS handshake within 450ms");
    assert_is(&probe.observe().await, Status::Fail, &text);
}

#[test]
fn invalid_settings_are_start_up_errors() {
    let root = root().as_ref().pem();
    let probe = || probes::certificate("shop.internal").root_certificates(&root);
    assert!(faults(probe()).is_empty());
    assert_eq!(faults(probe().server_name("a b")), ["`a b` is not a valid name of a server"]);
    assert!(faults(probe().root_certificates("no PEM"))[0].contains("contains no certificate"));
    let probe = probes::certificate("https://shop.internal/").root_certificates(&root);
    assert!(faults(probe)[0].contains("without scheme, user and path"));
}
