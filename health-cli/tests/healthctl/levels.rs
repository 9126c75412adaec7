use health_runtime::{EndpointBuilder, Level, Status};

use crate::{
    healthctl,
    services::{check, named, orders, url_of},
    stub::{Reply, Stub},
};

#[tokio::test]
async fn walk_goes_from_five_to_one() {
    let url = url_of(orders()).await;
    let ended = healthctl(&["levels", &url]).await;
    assert_eq!(ended.code, 0, "{ended:?}");
    let begins: Vec<_> = ended.out.lines().filter(|line| line.starts_with("level")).map(|line| &line[..17]).collect();
    assert_eq!(
        begins,
        ["level 5  ✓ pass", "level 4  ✓ pass", "level 3  ✓ pass", "level 2  ! warn  ", "level 1  ! warn  "]
            .map(|begin| &begin[..17])
    );
    assert_eq!(
        healthctl(&["levels", &url, "--strict"]).await.out.lines().filter(|line| line.starts_with("level")).count(),
        4
    );
}

#[tokio::test]
async fn walk_stops_at_the_first_level_that_fails() {
    let checks = [
        check("up", Level::L5, Status::Pass),
        check("net", Level::L4, Status::Fail),
        check("db", Level::L1, Status::Pass),
    ];
    for path in ["/api/health_levels", "/api/depth", "/health/levels"] {
        assert_stops(named("orders", checks.clone()).levels_path(path)).await;
    }
}

async fn assert_stops(endpoint: EndpointBuilder) {
    let url = url_of(endpoint).await;
    let ended = healthctl(&["levels", &url]).await;
    assert_eq!(ended.code, 1, "{ended:?}");
    assert!(ended.out.contains("✗ fail net: it is away") && ended.out.contains("Not asked: 3, 2, 1."), "{ended:?}");
    let all = healthctl(&["levels", &url, "--all", "--json"]).await;
    assert_eq!(all.code, 1);
    let statuses =
        all.out.lines().map(|line| serde_json::from_str::<serde_json::Value>(line).expect("JSON")["status"].clone());
    assert_eq!(
        statuses.collect::<Vec<_>>(),
        ["pass", "fail", "pass", "pass", "fail"],
        "level 1 is the whole service: {all:?}"
    );
}

#[tokio::test]
async fn each_level_has_a_time_limit() {
    let stub = Stub::with(Reply::Silence).await;
    let ended = healthctl(&["levels", &stub.url(""), "--all", "--timeout", "200ms"]).await;
    assert_eq!((ended.code, stub.requests().len()), (1, 5), "{ended:?}");
    let lines: Vec<_> = ended.out.lines().collect();
    assert_eq!(lines.len(), 5, "{ended:?}");
    assert!(lines.iter().all(|line| line.contains("? unknown") && line.contains("within 200 ms")), "{ended:?}");
}
