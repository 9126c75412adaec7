//! Files that change under a server.

use std::{fs, net::SocketAddr, os::unix::fs::symlink, path::Path, time::Duration};

use health_runtime::Tls;
use health_tests::Log;
use rcgen::KeyPair;
use tokio::time::{sleep, timeout};
use tokio_rustls::rustls::pki_types::{CertificateDer, pem::PemObject};

use super::{
    authority::{Authority, Folder, Issued},
    client::Client,
    serve,
};

const RELOAD_INTERVAL: Duration = Duration::from_millis(10);

fn tls(certificate: impl AsRef<Path>, key: impl AsRef<Path>) -> Tls {
    Tls::new(certificate.as_ref(), key.as_ref()).with_reload_interval(RELOAD_INTERVAL)
}

/// Waits until the server presents this certificate.
async fn shows(client: &Client, address: SocketAddr, issued: &Issued) {
    let expected = CertificateDer::from_pem_slice(issued.certificate.as_bytes()).expect("a certificate");
    let shown = async {
        while client.server_certificate(address).await.expect("a connection") != *expected {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), shown).await.expect("the certificate is shown in time");
}

#[tokio::test]
async fn renewed_certificate_is_used_and_open_connections_stay() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (first, second) = (authority.server(), authority.server());
    let (certificate, key) = folder.issued(&first);
    let server = serve(tls(certificate, key));
    let (client, address) = (Client::trusting(&authority), server.local_addrs()[0]);
    shows(&client, address, &first).await;
    let open = client.connect(address).await.expect("a connection");
    folder.issued(&second);
    shows(&client, address, &second).await;
    let request = super::client::request("/livez");
    assert_eq!(health_tests::exchange(open, &request).await.body, "ok");
    server.stop().await;
}

/// Like Kubernetes: the files are links into a folder, which is itself a link that is replaced.
#[tokio::test]
async fn replaced_symbolic_link_is_followed() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let at = |name: &str| folder.path().join(name);
    let (first, second) = (authority.server(), authority.server());
    for (name, issued) in [("..2026_1", &first), ("..2026_2", &second)] {
        fs::create_dir(at(name)).expect("a folder");
        fs::write(at(name).join("tls.crt"), &issued.certificate).expect("a file");
        fs::write(at(name).join("tls.key"), &issued.key).expect("a file");
    }
    symlink("..2026_1", at("..data")).expect("a link");
    symlink("..data/tls.crt", at("tls.crt")).expect("a link");
    symlink("..data/tls.key", at("tls.key")).expect("a link");
    let server = serve(tls(at("tls.crt"), at("tls.key")));
    let (client, address) = (Client::trusting(&authority), server.local_addrs()[0]);
    shows(&client, address, &first).await;
    symlink("..2026_2", at("..data_tmp")).expect("a link");
    fs::rename(at("..data_tmp"), at("..data")).expect("it is exchanged");
    shows(&client, address, &second).await;
    server.stop().await;
}

/// Returns the warnings about this folder's files.
fn warnings_about(log: &Log, folder: &Folder) -> Vec<String> {
    let folder = folder.path().to_str().expect("text");
    log.text().lines().filter(|line| line.contains("WARN") && line.contains(folder)).map(str::to_owned).collect()
}

/// The only test here that reads the log, which belongs to the whole process.
#[tokio::test]
async fn unusable_files_are_ignored_and_logged_once() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).expect("the first");
    let (authority, folder) = (Authority::new(), Folder::new());
    let (first, second) = (authority.server(), authority.server());
    // One file for both, because it is replaced in one step.
    let both = |certificate: &Issued, key: &Issued| [&*certificate.certificate, &*key.key].concat();
    let pem = folder.file("tls.pem", both(&first, &first));
    let server = serve(tls(&pem, &pem));
    let (client, address) = (Client::trusting(&authority), server.local_addrs()[0]);
    let wait_for_warnings = async |count: usize| {
        let logged = async {
            while warnings_about(&log, &folder).len() < count {
                sleep(Duration::from_millis(5)).await;
            }
        };
        timeout(Duration::from_secs(20), logged).await.expect("it is logged in time");
        sleep(20 * RELOAD_INTERVAL).await;
        let warnings = warnings_about(&log, &folder);
        assert_eq!(warnings.len(), count, "{warnings:?}");
        shows(&client, address, &first).await;
        warnings
    };

    // The certificate is new, but the key is not.
    folder.file("tls.pem", both(&second, &first));
    let warnings = wait_for_warnings(1).await;
    assert!(warnings[0].contains("tls.pem` cannot be used for TLS: its key does not belong to"), "{warnings:?}");
    assert!(warnings[0].contains("the previous ones stay in use"), "{warnings:?}");
    // Half-written, then gone: each time, both certificate and key are missing.
    let whole = both(&second, &second);
    folder.file("tls.pem", &whole[..whole.len() - 60]);
    assert!(wait_for_warnings(3).await[1..].iter().all(|line| line.contains("half-written")));
    fs::remove_file(&pem).expect("a file");
    assert!(wait_for_warnings(5).await[3..].iter().all(|line| line.contains("No such file")));
    // The previous files are back: no log.
    folder.file("tls.pem", both(&first, &first));
    wait_for_warnings(5).await;
    // The whole new file.
    folder.file("tls.pem", whole);
    shows(&client, address, &second).await;

    // An expired certificate is used, with a warning.
    let mut params = rcgen::CertificateParams::new(vec!["localhost".to_owned()]).expect("good parameters");
    params.not_after = rcgen::date_time_ymd(2021, 1, 1);
    let own = KeyPair::generate().expect("a key");
    let expired = Issued { certificate: params.self_signed(&own).expect("signed").pem(), key: own.serialize_pem() };
    folder.file("tls.pem", both(&expired, &expired));
    let logged = async {
        while !warnings_about(&log, &folder).iter().any(|line| line.contains("is expired or not valid yet")) {
            sleep(Duration::from_millis(5)).await;
        }
    };
    timeout(Duration::from_secs(20), logged).await.expect("it is logged in time");
    let all = warnings_about(&log, &folder).join("\n");
    for key in [&first.key, &second.key, &expired.key] {
        let line = key.lines().nth(1).expect("a line");
        assert!(!all.contains(&line[..16]));
    }
    server.stop().await;
}
