//! The files of examples/deploy: they are readable, and the paths that they request exist.

use std::{fs, path::Path};

use health_runtime::serve_isolated;
use health_tests::{builder, get};
use serde_json::Value;

fn file(path: &str) -> String {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../examples/deploy");
    fs::read_to_string(folder.join(path)).expect("a file")
}

fn documents(text: &str) -> Vec<Value> {
    use serde::Deserialize;
    yaml_serde::Deserializer::from_str(text).map(|document| Value::deserialize(document).expect("YAML")).collect()
}

fn seconds(value: &Value) -> u64 {
    value.as_u64().expect("a number")
}

#[tokio::test(flavor = "multi_thread")]
async fn kubernetes_probes_hit_existing_routes_and_wait_long_enough() {
    let documents = documents(&file("kubernetes/deployment.yaml"));
    let [deployment, service] = &documents[..] else { panic!("two documents") };
    let template = &deployment["spec"]["template"];
    assert_eq!(deployment["spec"]["selector"]["matchLabels"], template["metadata"]["labels"]);
    assert_eq!(service["spec"]["selector"], template["metadata"]["labels"]);
    let pod = &template["spec"];
    let container = &pod["containers"][0];
    let ports: Vec<_> = container["ports"].as_array().expect("ports").iter().map(|port| &port["name"]).collect();
    assert!(ports.contains(&&service["spec"]["ports"][0]["targetPort"]));

    let endpoint = builder([]).build().expect("a good endpoint");
    let health = serve_isolated("127.0.0.1:0", endpoint.router()).expect("a server");
    for (probe, path) in [("startupProbe", "/startupz"), ("livenessProbe", "/livez"), ("readinessProbe", "/readyz")] {
        let probe = &container[probe];
        assert_eq!(probe["httpGet"]["path"], path);
        assert!(ports.contains(&&probe["httpGet"]["port"]), "{path}");
        // A group has 900 ms.
        assert!(seconds(&probe["timeoutSeconds"]) >= 1, "{path}");
        assert_eq!(get(health.local_addrs()[0], path).await.body, "ok", "{path}");
    }
    // As the README counts.
    let readiness = &container["readinessProbe"];
    let noticed = seconds(&readiness["periodSeconds"]) * seconds(&readiness["failureThreshold"])
        + seconds(&readiness["timeoutSeconds"]);
    let (delay, longest_request) = (noticed + 5, 30);
    assert_eq!(delay, 16);
    assert!(seconds(&pod["terminationGracePeriodSeconds"]) > delay + longest_request);
    health.stop().await;
}

#[tokio::test]
async fn envoy_and_consul_probe_existing_routes() {
    let endpoint = builder([]).build().expect("a good endpoint");
    let address = health_tests::serve(endpoint.router()).await;
    let envoy = documents(&file("envoy/cluster.yaml"));
    let check = &envoy[0]["static_resources"]["clusters"][0]["health_checks"][0];
    for needed in ["timeout", "interval", "unhealthy_threshold", "healthy_threshold"] {
        assert!(!check[needed].is_null(), "Envoy refuses a health check without `{needed}`");
    }
    let path = check["http_health_check"]["path"].as_str().expect("a path");
    assert_eq!(get(address, path).await.body, "ok");

    let consul: Value = serde_json::from_str(&file("consul/orders.json")).expect("JSON");
    for check in consul["service"]["checks"].as_array().expect("checks") {
        let url = check["http"].as_str().expect("a URL");
        let (_, path) = url.split_once(":8080").expect("the service's port");
        let answer = get(address, path).await;
        assert_eq!((answer.status, answer.header("content-type")), (200, "text/plain; charset=utf-8"), "{url}");
    }
}
