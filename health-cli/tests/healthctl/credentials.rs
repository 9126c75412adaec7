use std::fs;

use health_runtime::{
    Level,
    access::{Access, AccessKey, User, access_key, any_of, basic, public, signed},
};

use crate::{
    command, healthctl,
    services::{orders, url_of},
    with_secret,
};

const SECRET: &str = "hunter2-hunter2-hunter2";

async fn secured() -> String {
    let key = || AccessKey::new("ci", SECRET);
    let people = basic("orders", [User::new("ada", SECRET)]);
    let deep = any_of([people, access_key([key()]), signed([key()])]);
    let access = Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, deep);
    url_of(orders().access(access)).await
}

#[tokio::test]
async fn every_kind_of_credentials_is_admitted() {
    let url = secured().await;
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("secret");
    fs::write(&file, format!("{SECRET}\n")).expect("a file");
    let file = file.to_str().expect("a path");
    for scheme in [&["--basic", "ada"], &["--access-key", "ci"], &["--signed", "ci"]] {
        let arguments = [&["check", &url, "--level", "1"], &scheme[..]].concat();
        let by_environment = with_secret(SECRET, &arguments).await;
        assert_eq!(by_environment.code, 0, "{scheme:?}: {by_environment:?}");
        let by_file = healthctl(&[&arguments[..], &["--secret-file", file]].concat()).await;
        assert_eq!(by_file.code, 0, "{scheme:?}: {by_file:?}");
        let mut program = command(&[&arguments[..], &["--secret-file", "-"]].concat());
        program.stdin(fs::File::open(file).expect("the file"));
        assert_eq!(program.output().await.expect("the program").status.code(), Some(0), "{scheme:?}");
    }
}

#[tokio::test]
async fn missing_and_wrong_credentials_are_explained_and_never_shown() {
    let url = secured().await;
    let missing = healthctl(&["check", &url, "--level", "1"]).await;
    assert_eq!(missing.code, 1, "{missing:?}");
    for part in ["asks for credentials (401)", "`--basic USER`", "`--access-key ID`", "`--signed ID`", "--secret-file"]
    {
        assert!(missing.err.contains(part), "{part}: {missing:?}");
    }
    for scheme in [&["--basic", "ada"], &["--access-key", "ci"], &["--signed", "ci"]] {
        let wrong =
            with_secret("canary-canary-canary", &[&["check", &url, "--level", "1"], &scheme[..]].concat()).await;
        assert_eq!(wrong.code, 1, "{wrong:?}");
        assert!(wrong.err.contains("refuses these credentials") && !wrong.err.contains("canary"), "{wrong:?}");
    }
    let partly = healthctl(&["check", &url]).await;
    assert!(partly.code == 0 && partly.out.contains("network") && !partly.out.contains("db"), "{partly:?}");
}

#[tokio::test]
async fn token_travels_as_a_bearer() {
    let stub = crate::stub::Stub::with(crate::stub::response("200 OK", "text/plain", "ok")).await;
    let ended = with_secret(SECRET, &["check", &stub.url("/health"), "--bearer"]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let requests = stub.requests();
    assert!(requests[0].contains(&format!("authorization: Bearer {SECRET}\r\n")), "{requests:?}");
    let without = with_secret(SECRET, &["check", &stub.url("/health")]).await;
    assert_eq!(without.code, 0);
    assert!(!stub.requests()[1].contains("hunter2"), "a secret is sent only where an option asks for it");
}
