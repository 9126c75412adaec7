//! The examples of the repository, as their readers start them.

use health_tests::{Example, start_and_read};
use tokio::task::spawn_blocking;

use crate::{Ended, healthctl};

/// Starts an example, and returns what it prints up to a line with this text.
async fn start(
    name: &'static str,
    variables: &'static [(&'static str, &'static str)],
    last: &'static str,
) -> (Example, String) {
    spawn_blocking(move || start_and_read(name, variables, last)).await.expect("no panic")
}

/// Returns the first address that an example prints.
fn address(printed: &str, scheme: &str) -> String {
    let address =
        printed.split(scheme).nth(1).and_then(|rest| rest.split(['/', ' ', '\n']).next()).expect("an address");
    format!("{scheme}{address}")
}

#[tokio::test]
async fn quickstart_is_walked_through_its_own_path_of_levels() {
    let (_service, printed) = start("quickstart", &[("PORT", "0")], "/readyz").await;
    let url = address(&printed, "http://");
    let levels = healthctl(&["levels", &url, "--all", "--json"]).await;
    assert_eq!(levels.out.lines().filter(|line| line.contains(r#""shape":"native""#)).count(), 5, "{levels:?}");
    let check = healthctl(&["check", &url, "--json"]).await;
    assert_eq!(check.json()["checks"].as_array().map(Vec::len), Some(8), "{check:?}");
    let map = healthctl(&["map", &url]).await;
    assert!(map.out.contains("─ are_supporting_microservices_healthy"), "{map:?}");
}

#[tokio::test]
async fn graceful_and_spring_boot_admin_are_ready() {
    let (_service, printed) = start("graceful", &[], "/readyz").await;
    let url = printed.lines().find(|line| line.ends_with("/readyz")).expect("the address").to_owned();
    for arguments in [&["check", &url][..], &["wait", url.trim_end_matches("/readyz")]] {
        let ended = healthctl(arguments).await;
        assert_eq!(ended.code, 0, "{arguments:?}: {ended:?}");
    }
    let (_service, printed) = start("spring_boot_admin", &[("ADMIN_URL", "http://127.0.0.1:9")], "/health").await;
    let url = address(&printed, "http://");
    for format in ["json", "actuator"] {
        let ended = healthctl(&["check", &format!("{url}/health?format={format}"), "--json"]).await;
        assert_eq!((ended.code, ended.json()["checks"][0]["name"].as_str()), (0, Some("orders")), "{ended:?}");
    }
}

#[tokio::test]
async fn services_of_containers_units_and_agents_are_explained_and_waited_for() {
    let here = &[("HEALTH_ADDRESS", "127.0.0.1:0"), ("PORT", "0"), ("STARTUP_MS", "300")];
    for (name, last, state, is_well) in [
        // Its cache fills for some seconds.
        ("container", "/health", "ready", true),
        ("systemd_unit", "/health", "startup", true),
        // The database of its shop is down.
        ("agents", "mcpServers", "answering", false),
    ] {
        let (_service, printed) = start(name, here, last).await;
        let url = address(&printed, "http://");
        let waited = healthctl(&["wait", &url, "--for", state, "--interval", "100ms"]).await;
        assert_eq!(waited.code, 0, "{name}: {waited:?}");
        let explained = healthctl(&["explain", &url, "--json"]).await;
        let causes = explained.json()["root_causes"].as_array().map(Vec::len);
        assert_eq!((explained.code == 0, causes), (is_well, Some(usize::from(!is_well))), "{name}: {explained:?}");
    }
}

/// Asks until the service has decided: a hash takes longer than its time limit while a debug build shares the processors.
async fn decided(arguments: &[&str]) -> Ended {
    for _ in 0..20 {
        let ended = healthctl(arguments).await;
        if !ended.out.contains("the access decision is not possible now") {
            return ended;
        }
    }
    panic!("the service never decides about {arguments:?}");
}

#[tokio::test]
async fn secured_admits_every_credential_that_it_prints() {
    let (_service, printed) = start("secured", &[], "Ctrl-C").await;
    let (open, admin) = (address(&printed, "http://"), address(&printed, "https://"));
    let folder = printed.split("--cacert ").nth(1).and_then(|rest| rest.split("/ca.pem").next()).expect("the folder");
    let file = |name: &str| format!("{folder}/{name}");
    let [root, password, key, signing_key, token] = ["ca.pem", "password", "key", "signing_key", "jwt"].map(file);
    let [certificate, client_key] = ["client.crt", "client.key"].map(file);
    let public = healthctl(&["check", &open, "--level", "5"]).await;
    assert_eq!(public.code, 0, "{public:?}");
    let trusted = ["--root-file", &root, "--json"];
    for (options, has_details) in [
        (&["--basic", "ada", "--secret-file", &password][..], true),
        (&["--signed", "deploy-2026", "--secret-file", &signing_key], true),
        (&["--bearer", "--secret-file", &token], true),
        (&["--client-certificate", &certificate, "--client-key", &client_key], true),
        (&["--access-key", "prometheus-2026", "--secret-file", &key], false),
    ] {
        let ended = decided(&[&["check", &admin, "--level", "3"], &trusted[..], options].concat()).await;
        let partner = &ended.json()["checks"][0];
        assert_eq!((ended.code, partner["name"].as_str()), (0, Some("partner")), "{options:?}: {ended:?}");
        assert_eq!(partner.get("message").is_some(), has_details, "{options:?}: {ended:?}");
        assert!(!ended.out.contains("abc123"), "{ended:?}");
    }
    let nobody = decided(&[&["check", &admin, "--level", "3"], &trusted[..]].concat()).await;
    assert!(nobody.code == 1 && nobody.out.contains("asks for credentials (401)"), "{nobody:?}");
}
