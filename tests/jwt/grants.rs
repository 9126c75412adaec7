//! The grants of an accepted token.

use health_runtime::{
    Level, Levels,
    access::{Access, jwt, public},
};
use serde_json::{Value, json};

use super::{Service, claims_but, hs256, signed};

/// The levels and the details that the bearer of these claims sees of the whole ship.
async fn seen(service: &Service, claims: Value) -> (u16, Vec<u8>, Vec<u8>) {
    let answer = service.with_token("/health/levels", &signed(&claims_but(claims))).await;
    let (mut levels, mut details) = (Vec::new(), Vec::new());
    for level in 1..=5 {
        let body = answer.json();
        if let Some(report) = body.get(format!("level_{level}")) {
            levels.push(level);
            if report.to_string().contains("a detail") {
                details.push(level);
            }
        }
    }
    (answer.status, levels, details)
}

#[tokio::test]
async fn claims_and_scopes_grant_levels() {
    let tokens = hs256()
        .scope("health:deep", Levels::ALL)
        .scope("health:shallow", Level::L5)
        .scope("health:middle", Level::L2..=Level::L4);
    let service = Service::with(Access::new().levels(Levels::ALL, jwt(tokens))).await;
    let all = vec![1, 2, 3, 4, 5];
    for (changes, levels, details) in [
        (json!({}), all.clone(), vec![1, 5]),
        (json!({ "health_levels": [5, 1] }), vec![1, 5], vec![1, 5]),
        (json!({ "health_levels": [3] }), vec![3], vec![]),
        (json!({ "health_details": [5] }), all.clone(), vec![5]),
        (json!({ "health_details": [] }), all.clone(), vec![]),
        // Details need the grant of their level, too.
        (json!({ "health_levels": [5], "health_details": [1, 5] }), vec![5], vec![5]),
        (json!({ "health_levels": null, "scope": "openid health:deep" }), all.clone(), vec![1, 5]),
        (json!({ "health_levels": null, "scp": ["health:middle", "health:shallow"] }), vec![2, 3, 4, 5], vec![5]),
        (json!({ "health_levels": [1], "scope": "health:shallow" }), vec![1, 5], vec![1, 5]),
    ] {
        assert_eq!(seen(&service, changes.clone()).await, (200, levels, details), "{changes}");
    }
}

#[tokio::test]
async fn a_token_that_grants_nothing_is_known_and_refused() {
    let service = Service::behind(hs256().scope("health:deep", Levels::ALL)).await;
    for changes in [
        json!({ "health_levels": null }),
        json!({ "health_levels": [] }),
        json!({ "health_levels": null, "scope": "openid" }),
        json!({ "health_levels": [2, 3, 4, 5] }),
    ] {
        let answer = service.with_token("/health/levels/1", &signed(&claims_but(changes.clone()))).await;
        assert_eq!(answer.status, 403, "{changes}");
        assert_eq!(answer.header("www-authenticate"), r#"Bearer realm="health", error="insufficient_scope""#);
    }
    assert_eq!(service.runs.load(std::sync::atomic::Ordering::Relaxed), 0);
}

#[tokio::test]
async fn token_without_levels_has_the_default_levels() {
    let service =
        Service::with(Access::new().levels(Levels::ALL, jwt(hs256().levels_by_default(Level::L4..=Level::L5)))).await;
    assert_eq!(seen(&service, json!({ "health_levels": null })).await, (200, vec![4, 5], vec![5]));
    assert_eq!(seen(&service, json!({ "health_levels": [1] })).await, (200, vec![1], vec![1]));
}

#[tokio::test]
async fn levels_may_stand_in_another_claim() {
    let service = Service::behind(hs256().levels_claim("https://example.com/levels")).await;
    assert_eq!(service.with_token("/health/levels/1", &signed(&claims_but(json!({})))).await.status, 403);
    let token = signed(&claims_but(json!({ "https://example.com/levels": [1, 5] })));
    assert_eq!(service.with_token("/health/levels/1", &token).await.status, 200);
}

#[tokio::test]
async fn public_routes_stay_public() {
    let access = Access::new().levels(Level::L4..=Level::L5, public()).levels(Level::L1..=Level::L3, jwt(hs256()));
    let service = Service::with(access).await;
    assert_eq!(health_tests::get(service.address, "/health/levels/5").await.status, 200);
    assert_eq!(health_tests::get(service.address, "/readyz").await.status, 200);
    let everything = health_tests::get(service.address, "/health/levels").await.json();
    assert_eq!(everything.get("level_1"), None);
    assert!(everything.get("level_5").is_some());
}
