//! Unusable files: the error names each of them, and quotes none.

use std::{path::PathBuf, time::Duration};

use axum::Router;
use health_runtime::{Problem, Server, Tls, serve_tls};

use super::authority::{Authority, Folder};

/// Returns the faults with the names of their files.
fn faults(tls: Tls) -> Vec<(String, String)> {
    let error = serve_tls("127.0.0.1:0", tls, Router::new()).expect_err("unusable files");
    let faults = error.problems().iter().map(|problem| match problem {
        Problem::UnusableTls { file, source, .. } => {
            let name = PathBuf::from(file).file_name().and_then(|name| name.to_str()).expect("a name").to_owned();
            (name, source.to_string())
        }
        other => panic!("{other:?}"),
    });
    faults.collect()
}

#[tokio::test]
async fn each_fault_has_its_own_message() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (certificate, key) = folder.issued(&authority.server());
    let other = folder.file("other.key", authority.server().key);
    let client = authority.client("Prober", 7);
    let half = folder.file("half.key", &client.key[..client.key.len() / 2]);
    let one_line = folder.file("line.key", client.key.replace('\n', ""));
    let no_base64 = client.key.lines().enumerate().map(|(at, line)| if at == 1 { "s?cret" } else { line });
    let no_base64 = folder.file("base64.key", no_base64.collect::<Vec<_>>().join("\n"));
    let encrypted = "-----BEGIN ENCRYPTED PRIVATE KEY-----\nc2VjcmV0\n-----END ENCRYPTED PRIVATE KEY-----\n";
    let encrypted = folder.file("encrypted.key", encrypted);
    let odd = "-----BEGIN PRIVATE KEY-----\nc2VjcmV0\n-----END PRIVATE KEY-----\n";
    let odd = folder.file("odd.key", odd);
    let garbage = folder.file("garbage.pem", [0xff, 0x00, 0x80]);
    let odd_certificate = "-----BEGIN CERTIFICATE-----\nc2VjcmV0\n-----END CERTIFICATE-----\n";
    let odd_certificate = folder.file("odd.crt", odd_certificate);
    let missing = folder.path().join("missing");
    let pipe = folder.path().join("pipe");
    let is_made = std::process::Command::new("mkfifo").arg(&pipe).status().is_ok_and(|status| status.success());
    assert!(is_made, "a pipe");
    let no_list = folder.file("list.pem", authority.pem());

    let good = || Tls::new(&certificate, &key);
    let with_key = |key: &PathBuf| Tls::new(&certificate, key);
    for (tls, file, part) in [
        (Tls::new(&missing, &key), "missing", "No such file"),
        (with_key(&missing), "missing", "No such file"),
        // Opening it would block the start.
        (with_key(&pipe), "pipe", "it is not a regular file"),
        (good().with_required_clients(&pipe), "pipe", "it is not a regular file"),
        (good().with_optional_clients(&certificate).with_revoked_clients(&pipe), "pipe", "it is not a regular file"),
        (with_key(&other), "other.key", "does not belong to the certificate in `"),
        (with_key(&certificate), "tls.crt", "it contains no private key"),
        (Tls::new(&key, &key), "tls.key", "it contains no certificate"),
        (with_key(&half), "half.key", "half-written"),
        (with_key(&one_line), "line.key", ""),
        (with_key(&no_base64), "base64.key", "not valid base64"),
        (with_key(&encrypted), "encrypted.key", "is encrypted"),
        (with_key(&odd), "odd.key", "unsupported type"),
        (with_key(&garbage), "garbage.pem", "it contains no private key"),
        (Tls::new(&odd_certificate, &key), "odd.crt", "cannot be read"),
        (Tls::new(&garbage, &key), "garbage.pem", "it contains no certificate"),
        (good().with_optional_clients(&missing), "missing", "No such file"),
        (good().with_required_clients(&key), "tls.key", "it contains no certificate"),
        (good().with_required_clients(&odd_certificate), "odd.crt", "cannot be a root"),
        (good().with_required_clients(&certificate).with_revoked_clients(&no_list), "list.pem", "no revocation list"),
        (good().with_revoked_clients(folder.file("l", authority.revoking(&[]))), "l", "clients are not asked for one"),
        (good().with_reload_interval(Duration::ZERO), "tls.crt", "reload interval is zero"),
    ] {
        let faults = faults(tls);
        let [(name, fault)] = faults.as_slice() else { panic!("{part}: {faults:?}") };
        assert_eq!(name, file, "{fault}");
        assert!(fault.contains(part), "{name}: {fault}");
    }
}

/// One error lists the address as well, and no part of a key.
#[tokio::test]
async fn error_lists_all_problems_and_no_key() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let taken = std::net::TcpListener::bind("127.0.0.1:0").expect("a free port");
    let key = authority.server().key;
    let secret = key.lines().nth(1).expect("a line of the key").to_owned();
    // Like a key from a variable that lost its line breaks.
    let line = folder.file("line.key", key.replace('\n', ""));
    let half = folder.file("half.key", &key[..key.len() - 40]);
    let address = taken.local_addr().expect("an address");
    let tls = Tls::new(&half, &line).with_required_clients(&line);
    let error = Server::new()
        .listen_tls(address, tls.clone(), Router::new())
        .listen_tls("127.0.0.1:0", Tls::new(&line, &half), Router::new())
        .start()
        .expect_err("every part fails");
    assert_eq!(error.problems().len(), 6, "{error}");
    let bytes = format!("{:?}", &secret.as_bytes()[..8]);
    for text in [error.to_string(), format!("{error:?}"), format!("{:?}", error.problems()), format!("{tls:?}")] {
        assert!(!text.contains(&secret[..8]) && !text.contains(bytes.trim_matches(['[', ']'])), "{text}");
    }
}

/// An authority's list grows with each certificate that it revokes.
#[tokio::test]
async fn large_revocation_list_is_read() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (certificate, key) = folder.issued(&authority.server());
    let list = authority.revoking(&(0..40_000).collect::<Vec<_>>());
    assert!(list.len() > 1 << 20, "{}", list.len());
    let tls = Tls::new(&certificate, &key)
        .with_required_clients(folder.file("roots.pem", authority.pem()))
        .with_revoked_clients(folder.file("list.pem", list));
    serve_tls("127.0.0.1:0", tls, Router::new()).expect("a server").stop().await;
}
