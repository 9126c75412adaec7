//! `probes::smtp` on a real server, Postfix, which needs root.

use std::{fs, path::Path, process::Command};

use health_runtime::{Status, probes};
use tempfile::TempDir;

use super::{LONG_TIMEOUT, becomes, certificates::write_certificate, local, message, servers::Server, state};

/// Services of Postfix besides the one that talks to clients.
const SERVICES: &str = "\
pickup unix n - n 60 1 pickup
cleanup unix n - n - 0 cleanup
qmgr unix n - n 300 1 qmgr
rewrite unix - - n - - trivial-rewrite
bounce unix - - n - 0 bounce
defer unix - - n - 0 bounce
proxymap unix - - n - - proxymap
tlsmgr unix - - n 1000? 1 tlsmgr
anvil unix - - n - 1 anvil
postlog unix-dgram n - n - 1 postlogd
";

fn start(settings: &str) -> Server {
    let folder = TempDir::new().expect("a folder");
    let path = folder.path().display().to_string();
    for name in ["queue", "data"] {
        fs::create_dir(folder.path().join(name)).expect("a folder");
    }
    write_certificate(folder.path());
    let owner = Command::new("chown").arg("postfix").arg(folder.path().join("data")).status();
    assert!(owner.is_ok_and(|status| status.success()), "the folder of the data changes its owner");
    // Postfix looks through the folder as another user.
    let open = Command::new("chmod").arg("755").arg(folder.path()).status();
    assert!(open.is_ok_and(|status| status.success()), "the folder is readable");
    let settings = format!(
        "compatibility_level = 3.6\nqueue_directory = {path}/queue\ndata_directory = {path}/data\n\
         maillog_file = /dev/stdout\ninet_interfaces = 127.0.0.1\nmyhostname = mail.internal\nalias_maps =\n\
         alias_database =\nsmtpd_peername_lookup = no\nsmtpd_tls_security_level = may\n\
         smtpd_tls_cert_file = {path}/certificate.pem\nsmtpd_tls_key_file = {path}/key.pem\n{settings}"
    );
    fs::write(folder.path().join("main.cf"), settings).expect("settings");
    Server::start_in(folder, |folder: &Path, port| {
        let services = format!("127.0.0.1:{port} inet n - n - - smtpd\n{SERVICES}");
        fs::write(folder.join("master.cf"), services).expect("services");
        let mut command = Command::new("postfix");
        command.arg("-c").arg(folder).arg("start-fg");
        command
    })
}

/// Stops Postfix, whose master is not a child of this process.
fn stop(server: &Server) {
    let _ = Command::new("postfix").arg("-c").arg(server.folder()).arg("stop").output();
}

#[tokio::test]
#[ignore = "needs postfix: scripts/peers"]
async fn mail_server_answers_plainly_and_over_starttls() {
    let server = start("");
    let address = local(server.port);
    let outcome = becomes(probes::smtp(&address).timeout(LONG_TIMEOUT), "accepting").await;
    assert_eq!((outcome.status(), outcome.message()), (Status::Pass, None));

    let authority = fs::read(server.folder().join("authority.pem")).expect("an authority");
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
    stop(&server);
}

#[tokio::test]
#[ignore = "needs postfix: scripts/peers"]
async fn server_that_refuses_this_client_fails() {
    let server = start("smtpd_delay_reject = no\nsmtpd_client_restrictions = reject\n");
    let outcome = becomes(probes::smtp(local(server.port)).timeout(LONG_TIMEOUT), "refusing").await;
    assert_eq!(outcome.status(), Status::Fail);
    assert!(message(&outcome).contains("refuses, at "), "{outcome:?}");
    stop(&server);
}
