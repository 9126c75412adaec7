use health_runtime::{Level, Server, Status, UnixSocket};
use serde_json::json;

use crate::{
    healthctl,
    services::{check, failing_orders, named, orders, start, url_of},
    stub::{Stub, response},
};

#[tokio::test]
async fn whole_report_is_a_table_with_failures_first() {
    let url = url_of(failing_orders()).await;
    let ended = healthctl(&["check", &url]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    let lines: Vec<_> = ended.out.lines().collect();
    assert!(lines[0].starts_with(&format!("orders 1.4.2  ✗ fail  2 fail, 1 pass  {url}/health  ")), "{ended:?}");
    assert!(lines[1].starts_with("LEVEL  CHECK   STATUS  SINCE  TOOK"), "{ended:?}");
    assert!(lines[2].starts_with("1      db      ✗ fail  now") && lines[2].ends_with("it is away"), "{ended:?}");
    assert!(lines[3].starts_with("1      report  ✗ fail") && lines[3].contains("blocked by db"), "{ended:?}");
    assert!(lines[4].starts_with("5      alive   ✓ pass"), "{ended:?}");
    assert_eq!(lines[5..], ["Root causes: db"]);
    assert!(!ended.out.contains('\u{1b}'), "no terminal, no colours: {ended:?}");
    let coloured = healthctl(&["check", &url, "--color", "always"]).await.out;
    assert!(coloured.contains("\u{1b}[1m\u{1b}[31m✗ fail") || coloured.contains("✗ fail\u{1b}[0m"), "{coloured:?}");
}

#[tokio::test]
async fn warning_passes_unless_strict() {
    let url = url_of(orders()).await;
    assert_eq!(healthctl(&["check", &url]).await.code, 0);
    let strict = healthctl(&["check", &url, "--strict"]).await;
    assert_eq!(strict.code, 1, "{strict:?}");
    assert!(strict.out.contains("! warn") && strict.out.contains("it is slow"), "{strict:?}");
}

#[tokio::test]
async fn part_of_a_service_is_selected_by_level_group_check_and_tag() {
    let url = url_of(orders()).await;
    for (options, names) in [
        (&["--level", "5"][..], &["alive"][..]),
        (&["--level", "1"], &["alive", "network", "cache", "db"]),
        (&["--group", "ready"], &["db"]),
        (&["--group", "readiness"], &["db"]),
        (&["--group", "live"], &["alive"]),
        (&["--check", "cache"], &["cache"]),
        (&["--tag", "store"], &["cache", "db"]),
        (&["--level", "2", "--tag", "store"], &["cache"]),
    ] {
        let ended = healthctl(&[&["check", &url, "--json"], options].concat()).await;
        let report = ended.json();
        let checks: Vec<_> = report["checks"].as_array().expect("checks").iter().map(|check| &check["name"]).collect();
        assert_eq!(checks, names, "{options:?}");
        assert_eq!((ended.code, &report["shape"]), (0, &json!("native")), "{options:?}");
    }
}

#[tokio::test]
async fn levels_are_found_where_the_overview_links() {
    let address = start(orders().levels_path("/api/health_levels")).await;
    for url in [format!("http://{address}"), format!("http://{address}/api/health_levels")] {
        let ended = healthctl(&["check", &url, "--level", "5", "--json"]).await;
        assert_eq!((ended.code, &ended.json()["checks"][0]["name"]), (0, &json!("alive")), "{ended:?}");
    }
    let url = format!("http://{address}");
    let ended = healthctl(&["check", &url, "--tag", "store", "--json"]).await;
    assert_eq!(ended.json()["checks"].as_array().map(Vec::len), Some(2), "{ended:?}");
    let everything = healthctl(&["check", &url, "--json"]).await;
    assert_eq!(everything.json()["checks"].as_array().map(Vec::len), Some(4), "{everything:?}");
}

#[tokio::test]
async fn base_path_is_that_of_the_url() {
    let address = start(orders().base_path("/ops/health")).await;
    let url = format!("http://{address}/ops/health/");
    assert_eq!(healthctl(&["check", &url, "--level", "5"]).await.code, 0);
    let missing = healthctl(&["check", &format!("http://{address}/wrong")]).await;
    assert_eq!(missing.code, 1);
    assert!(missing.err.contains("/wrong answers 404"), "{missing:?}");
    let nowhere = healthctl(&["check", &format!("http://{address}")]).await;
    assert!(nowhere.err.contains("nor is there a report at /actuator/health, /q/health, /healthz"), "{nowhere:?}");
    let unknown = healthctl(&["check", &url, "--check", "bd"]).await;
    assert_eq!(unknown.code, 1, "{unknown:?}");
    assert!(unknown.err.contains("/ops/health/checks/bd answers 404"), "{unknown:?}");
}

#[tokio::test]
async fn muted_check_counts_for_nothing() {
    let endpoint = named("orders", [check("db", Level::L1, Status::Fail), check("up", Level::L5, Status::Pass)]);
    let endpoint = endpoint.muted("db").build().expect("a good endpoint");
    let url = format!("http://{}", health_tests::serve(endpoint.router()).await);
    let ended = healthctl(&["check", &url]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    assert!(ended.out.contains("1 pass, 1 muted") && ended.out.contains("✗ fail, muted"), "{ended:?}");
}

#[tokio::test]
async fn disabled_check_counts_for_nothing_and_settings_are_named() {
    let endpoint = named("orders", [check("db", Level::L1, Status::Fail), check("up", Level::L5, Status::Pass)]);
    let settings: health_runtime::Overrides = "db.enabled=false, up.timeout=3s".parse().expect("a list");
    let url = url_of(endpoint.overrides(settings)).await;
    let ended = healthctl(&["check", &url]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let lines: Vec<_> = ended.out.lines().collect();
    assert!(lines[0].contains("✓ pass  1 pass, 1 disabled  "), "{ended:?}");
    assert!(lines[2].contains("up     ✓ pass") && lines[2].ends_with("overridden: timeout"), "{ended:?}");
    assert!(
        lines[3].contains("db     – disabled") && lines[3].ends_with("disabled by `overrides`; overridden: enabled"),
        "{ended:?}"
    );
    let plugin = healthctl(&["check", &url, "--nagios"]).await;
    assert!(plugin.out.starts_with("HEALTH OK - orders 1.4.2: 1 pass, 1 disabled |"), "{plugin:?}");
    assert!(plugin.out.contains(" pass=1;;;0"), "{plugin:?}");
    let report = healthctl(&["check", &url, "--json"]).await.json();
    let up = report["checks"].as_array().expect("checks").iter().find(|check| check["name"] == "up");
    assert_eq!(up.expect("the check")["overridden"], json!(["timeout"]));
}

#[tokio::test]
async fn drill_is_shown_with_its_reason() {
    let drill = json!({ "behavior": "fail", "until": "2999-11-22T12:00:00Z", "reason": "pager?", "by": "ada" });
    let checks = json!({
        "db": { "status": "fail", "message": "it fails in a drill", "drill": drill },
        "cache": { "status": "warn", "drill": {} },
        "up": { "status": "pass" },
    });
    let body = json!({ "status": "fail", "checks": checks });
    let stub = Stub::with(response("503 X", "application/json", body.to_string())).await;
    let seconds = std::time::UNIX_EPOCH.elapsed().expect("a time after 1970").as_secs();
    // 2999-11-22T12:00:00Z.
    let shown = format!("drill by ada, {} d left (pager?)", (32_500_267_200 - seconds) / 86_400);
    let ended = healthctl(&["check", &stub.url("/health")]).await;
    assert!(ended.out.contains(&format!("✗ fail               {shown}: it fails in a drill\n")), "{ended:?}");
    assert!(ended.out.contains("! warn               drill\n"), "{ended:?}");
    let plugin = healthctl(&["check", &stub.url("/health"), "--nagios"]).await;
    assert!(
        plugin.out.contains(&format!("db fail ({shown}: it fails in a drill); cache warn (drill) |")),
        "{plugin:?}"
    );
    let explained = healthctl(&["explain", &stub.url("/health")]).await;
    assert!(explained.out.contains(shown.replacen(' ', "    ", 1).as_str()), "{explained:?}");
    let report = healthctl(&["check", &stub.url("/health"), "--json"]).await.json();
    assert_eq!(report["checks"][1]["drill"], drill);
}

#[tokio::test]
async fn drill_of_a_service_is_read_in_every_format() {
    let endpoint = named("orders", [check("db", Level::L1, Status::Pass), check("up", Level::L5, Status::Pass)]);
    let endpoint = endpoint.build().expect("a good endpoint");
    let monitor = endpoint.monitor().clone();
    let url = format!("http://{}", health_tests::serve(endpoint.router()).await);
    monitor
        .drill("db", health_runtime::Forced::fail("not really"), std::time::Duration::from_secs(299))
        .expect("a drill");
    for format in ["json", "text", "health%2Bjson", "actuator", "microprofile"] {
        let levels = format!("{url}/health/levels?view=native&format={format}");
        let report = healthctl(&["check", &levels, "--json"]).await.json();
        let checks = report["checks"].as_array().expect("checks");
        let [db, up] = ["db", "up"].map(|name| checks.iter().find(|check| check["name"] == name).expect("the check"));
        assert_eq!((&db["status"], &db["message"]), (&json!("fail"), &json!("not really")), "{format}: {report}");
        assert!(db.get("drill").is_some() && up.get("drill").is_none(), "{format}: {report}");
    }
    let table = healthctl(&["check", &url]).await.out;
    assert!(table.contains("drill by ") && table.contains(" min left: not really"), "{table}");
}

#[cfg(unix)]
#[tokio::test]
async fn unix_sockets_are_asked() {
    let folder = tempfile::tempdir().expect("a folder");
    let socket = folder.path().join("orders.sock");
    let endpoint = orders().base_path("/status").build().expect("a good endpoint");
    let _server = Server::new().listen_unix(UnixSocket::new(&socket), &endpoint).start().expect("a server");
    let url = format!("unix:{}:/status", socket.display());
    let ended = healthctl(&["check", &url, "--json"]).await;
    assert_eq!((ended.code, &ended.json()["url"]), (0, &json!(url)), "{ended:?}");
}

#[tokio::test]
async fn every_format_of_an_endpoint_is_read() {
    let url = url_of(failing_orders()).await;
    for (format, shape) in [
        ("json", "native"),
        ("text", "text"),
        ("health%2Bjson", "health+json"),
        ("actuator", "actuator"),
        ("microprofile", "microprofile"),
    ] {
        let ended = healthctl(&["check", &format!("{url}/health/levels?view=native&format={format}"), "--json"]).await;
        let report = ended.json();
        assert_eq!((ended.code, &report["shape"], &report["status"]), (1, &json!(shape), &json!("fail")), "{ended:?}");
        let checks = report["checks"].as_array().expect("checks");
        let db = checks.iter().find(|check| check["name"] == "db").unwrap_or_else(|| panic!("{format}: {report}"));
        assert_eq!((&db["status"], &db["message"]), (&json!("fail"), &json!("it is away")), "{format}: {report}");
    }
}
