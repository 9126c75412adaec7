//! `probes::http`: secrets as values, and in files that are read again.

use std::{fs, time::Duration};

use base64::{Engine as _, engine::general_purpose::STANDARD};
use health_runtime::{Secret, Status, probes};

use super::{
    fault, faults,
    server::{Server, answer, header},
};

const CANARY: &str = "canary-Zx81-secret";

#[tokio::test]
async fn secret_values_are_sent_and_never_shown() {
    let (server, mut requests) = Server::recording(answer("401 Unauthorized", "")).await;
    let token = CANARY.to_owned();
    let probe = probes::http(server.url("/"))
        .basic_auth("ada", Secret::new(token.clone()))
        .header("x-by-reference", &token)
        .header("x-secret", Secret::new(token.clone()))
        .header("x-text", CANARY);
    let outcome = probe.observe().await;
    assert_eq!(outcome.status(), Status::Fail);
    let request = requests.recv().await.expect("a request");
    for name in ["x-by-reference", "x-secret", "x-text"] {
        assert_eq!(header(&request, name), Some(CANARY));
    }
    // The encoding of `ada:canary-Zx81-secret`.
    assert_eq!(header(&request, "authorization"), Some("Basic YWRhOmNhbmFyeS1aeDgxLXNlY3JldA=="));
    let shown = format!("{probe:?} {outcome:?}");
    assert!(!shown.contains(CANARY) && !shown.contains("YWRhO"), "{shown}");
}

#[tokio::test]
async fn token_in_a_file_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    fs::write(&path, "first\n").expect("a file");
    let (server, mut requests) = Server::recording(answer("200 OK", "")).await;
    let probe = probes::http(server.url("/")).header("authorization", "replaced").bearer_file(&path);
    let mut observe = async || {
        let outcome = probe.observe().await;
        let request = requests.recv().await.expect("a request");
        let token = header(&request, "authorization").unwrap_or_default().to_owned();
        (outcome.status(), token, outcome.message().unwrap_or_default().to_owned())
    };
    assert_eq!(observe().await.1, "Bearer first");
    // As Kubernetes does it: another file takes its place, with the same length.
    fs::write(folder.path().join("next"), "other\n").expect("a file");
    fs::rename(folder.path().join("next"), &path).expect("a move");
    assert_eq!(observe().await.1, "Bearer other");

    // Unusable contents leave the previous ones in use, and the message says so.
    for (content, fault) in
        [(Some(" \n"), "is empty"), (Some("se\ncret"), "is not a valid value"), (None, "No such file")]
    {
        match content {
            Some(content) => fs::write(&path, content).expect("a file"),
            None => fs::remove_file(&path).expect("no file"),
        }
        let (status, token, message) = observe().await;
        assert_eq!((status, token.as_str()), (Status::Pass, "Bearer other"));
        assert!(message.contains(fault) && message.ends_with("so the previous content is in use"), "{message}");
        assert!(message.contains("answered 200 OK; `") && !message.contains("cret"), "{message}");
    }
    fs::write(&path, "third").expect("a file");
    let (_, token, message) = observe().await;
    assert_eq!((token.as_str(), message.ends_with("answered 200 OK")), ("Bearer third", true), "{message}");
}

#[tokio::test]
async fn failure_names_the_unusable_file_as_well() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    fs::write(&path, "token").expect("a file");
    let (silent, _closings) = Server::stalling("").await;
    let probe = probes::http(silent.url("/")).header_file("x-token", &path).timeout(Duration::from_millis(500));
    assert!(probe.observe().await.message().is_some_and(|text| text.ends_with("did not answer within 450ms")));
    fs::remove_file(&path).expect("no file");
    let outcome = probe.observe().await;
    let message = outcome.message().unwrap_or_default();
    assert!(message.contains("did not answer within 450ms; `") && message.contains("No such file"), "{message}");
}

#[tokio::test]
async fn unusable_files_are_start_up_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let write = |name: &str, content: &[u8]| {
        let path = folder.path().join(name);
        fs::write(&path, content).expect("a file");
        path
    };
    let probe = probes::http("http://a/")
        .header_file("x-empty", write("empty", b""))
        .header_file("x-binary", write("binary", b"\xff"))
        .header_file("x-lines", write("lines", format!("{CANARY}\n{CANARY}").as_bytes()))
        .header_file("x-large", write("large", &vec![b'a'; (1 << 20) + 1]))
        .header_file("x-folder", folder.path())
        .bearer_file("/nowhere/token");
    let faults = faults(probe.clone());
    assert_eq!(faults.len(), 6, "{faults:#?}");
    for ((_, fault), part) in faults.iter().zip([
        "the file of the header `x-empty`, is empty",
        "the file of the header `x-binary`, is not text",
        "the file of the header `x-lines`, is not a valid value of a header",
        "the file of the header `x-large`, cannot be read: it is larger than 1 MiB",
        "the file of the header `x-folder`, cannot be read: Is a directory",
        "`/nowhere/token`, the file of the header `authorization`, cannot be read: No such file",
    ]) {
        assert!(fault.contains(part) && !fault.contains(CANARY), "{fault}");
    }
    // A probe in a function has no start.
    let outcome = probe.observe().await;
    assert!(outcome.message().is_some_and(|text| text.contains("is empty")), "{outcome:?}");
}

/// Opening a pipe without a writer would block the start.
#[test]
#[cfg(unix)]
fn pipes_are_start_up_errors() {
    let folder = tempfile::tempdir().expect("a folder");
    let pipe = folder.path().join("pipe");
    assert!(std::process::Command::new("mkfifo").arg(&pipe).status().expect("mkfifo").success());
    let probe = probes::http("https://a/")
        .header_file("x-token", &pipe)
        .basic_auth_file("user", &pipe)
        .root_certificates_file(&pipe)
        .client_certificate(&pipe, &pipe);
    let faults = faults(probe);
    assert_eq!(faults.len(), 5, "{faults:#?}");
    assert!(faults.iter().all(|(_, fault)| fault.ends_with(": it is not a regular file")), "{faults:#?}");
}

#[tokio::test]
async fn password_is_read_again() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("password");
    fs::write(&path, format!("{CANARY}\n")).expect("a file");
    let (server, mut requests) = Server::recording(answer("200 OK", "")).await;
    let probe = probes::http(server.url("/")).basic_auth("former", "other").basic_auth_file("monitoring", &path);
    assert!(fault(probe.clone().basic_auth_file("a:b", &path)).contains("contains a colon"));
    for password in [CANARY, "Pässword: with a colon"] {
        fs::write(&path, format!("{password}\n")).expect("a file");
        let outcome = probe.observe().await;
        assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
        let request = requests.recv().await.expect("a request");
        let expected = format!("Basic {}", STANDARD.encode(format!("monitoring:{password}")));
        assert_eq!(header(&request, "authorization"), Some(&*expected));
    }
    fs::remove_file(&path).expect("no file");
    let outcome = probe.observe().await;
    let message = outcome.message().unwrap_or_default();
    assert_eq!(outcome.status(), Status::Pass, "{message}");
    assert!(message.contains("the file of the header `authorization`, cannot be read"), "{message}");
    assert!(!format!("{probe:?} {message}").contains("anary"), "{message}");
}

/// Opening a pipe without a writer blocks, as a file on a disk that hangs does.
#[tokio::test(flavor = "multi_thread")]
#[cfg(target_os = "linux")]
async fn file_that_hangs_delays_no_run_beyond_its_deadline() {
    let folder = tempfile::tempdir().expect("a folder");
    let path = folder.path().join("token");
    fs::write(&path, "token").expect("a file");
    let (server, mut requests) = Server::recording(answer("200 OK", "")).await;
    let probe = probes::http(server.url("/")).bearer_file(&path).timeout(Duration::from_secs(2));
    assert_eq!(probe.observe().await.status(), Status::Pass);
    fs::remove_file(&path).expect("no file");
    assert!(std::process::Command::new("mkfifo").arg(&path).status().expect("mkfifo").success());
    for _ in 0..3 {
        let outcome = probe.observe().await;
        let message = outcome.message().unwrap_or_default();
        assert_eq!(outcome.status(), Status::Pass, "{message}");
        assert!(message.ends_with("could not be read within 500ms, so the previous content is in use"), "{message}");
        assert_eq!(header(&requests.recv().await.expect("a request"), "authorization"), Some("Bearer token"));
    }
    let never_read = probes::http(server.url("/")).bearer_file(&path).timeout(Duration::from_millis(300));
    let outcome = never_read.observe().await;
    assert_eq!(outcome.status(), Status::Fail);
    assert!(outcome.message().is_some_and(|text| text.ends_with("could not be read within 270ms")), "{outcome:?}");
    // A writer ends the blocked reads, so that the runtime can end. To open both ends never blocks.
    drop(fs::File::options().read(true).write(true).open(&path).expect("a pipe"));
}
