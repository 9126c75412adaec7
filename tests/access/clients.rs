//! Real clients.

use std::{net::SocketAddr, process::Command};

use health_runtime::{
    Levels,
    access::{Access, AccessKey, User, any_of, basic, signed},
};

use crate::{
    credentials::{PASSWORD, SECRET},
    service::start,
};

async fn ship() -> SocketAddr {
    let policy = any_of([basic("ship", [User::new("ädä", PASSWORD)]), signed([AccessKey::new("deploy", SECRET)])]);
    start(Access::new().levels(Levels::ALL, policy)).await.0
}

async fn output(mut command: Command) -> String {
    let output =
        tokio::task::spawn_blocking(move || command.output().expect("it is installed")).await.expect("no panic");
    assert!(output.status.success(), "{output:?}");
    String::from_utf8(output.stdout).expect("text")
}

#[tokio::test]
#[ignore = "needs curl: scripts/peers"]
async fn curl_sends_passwords() {
    let address = ship().await;
    for (user, expected) in
        [(format!("ädä:{PASSWORD}"), "200 "), ("ädä:wrong".to_owned(), "401 Basic realm=\"ship\", charset=\"UTF-8\"")]
    {
        let mut curl = Command::new("curl");
        curl.args(["-s", "-o", "/dev/null", "-w", "%{http_code} %header{www-authenticate}", "--user", &user]);
        curl.arg(format!("http://{address}/health/levels/1"));
        assert!(output(curl).await.starts_with(expected));
    }
}

/// The example of the documentation, word for word but for the address, the key and its secret.
#[tokio::test]
#[ignore = "needs curl and openssl: scripts/peers"]
async fn a_shell_can_sign() {
    let address = ship().await;
    let source = include_str!("../../health-runtime/src/access/policies/signed.rs");
    let example = source
        .lines()
        .skip_while(|line| *line != "/// ```sh")
        .skip(1)
        .take_while(|line| *line != "/// ```")
        .fold(String::new(), |script, line| script + line.trim_start_matches("///").trim_start() + "\n");
    assert!(example.contains("127.0.0.1:8080") && example.contains("0123456789abcdef0123456789abcdef"), "{example}");
    let script =
        example.replace("127.0.0.1:8080", &address.to_string()).replace("0123456789abcdef0123456789abcdef", SECRET);
    let mut shell = Command::new("sh");
    shell.args(["-c", &script]);
    let body = output(shell).await;
    assert!(body.starts_with("{\"level_1\":{\"l1\":"), "{body}");
}
