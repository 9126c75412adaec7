//! The objects of the Prometheus operator: valid by its schemas, and they scrape what deployment.yaml serves.

use std::process::Command;

use health_tests::{builder, get, serve};
use serde_json::{Value, json};

use super::{array, root, succeed, text, yaml};

fn objects(file: &str) -> Vec<Value> {
    yaml(&format!("kubernetes/{file}"))
}

#[test]
#[ignore = "needs kubernetes_models: scripts/peers"]
fn kubernetes_objects_are_valid_by_their_schemas() {
    let validate = |objects: &[Value]| {
        let mut command = Command::new("node");
        command.arg(root().join("tests/peers/kubernetes.mjs")).arg(json!(objects).to_string());
        command
    };
    let mut all: Vec<_> =
        ["deployment.yaml", "pod-monitor.yaml", "service-monitor.yaml"].into_iter().flat_map(objects).collect();
    // The guide tells how to make an object of the rules.
    for file in ["health.recording.yml", "health.rules.yml"] {
        let [spec]: [Value; 1] = yaml(&format!("prometheus/{file}")).try_into().expect("one document");
        let metadata = json!({ "name": "health" });
        all.push(json!({ "apiVersion": "monitoring.coreos.com/v1", "kind": "PrometheusRule", "metadata": metadata, "spec": spec }));
    }
    let kinds = succeed(&mut validate(&all));
    let expected =
        ["Deployment", "Service", "PodMonitor", "Service", "ServiceMonitor", "PrometheusRule", "PrometheusRule"];
    assert_eq!(kinds.lines().collect::<Vec<_>>(), expected);
    // The schemas can tell.
    let pod_monitor = &objects("pod-monitor.yaml")[0];
    for (field, value) in [("interval", json!("15 seconds")), ("intervall", json!("15s"))] {
        let mut broken = pod_monitor.clone();
        broken["spec"]["podMetricsEndpoints"][0][field] = value;
        assert!(!validate(&[broken]).output().expect("node").status.success(), "{field}");
    }
}

#[tokio::test]
async fn monitors_scrape_the_port_and_the_path_of_the_deployment() {
    let deployment = &objects("deployment.yaml")[0];
    let template = &deployment["spec"]["template"];
    let ports = &template["spec"]["containers"][0]["ports"];
    let is_port = |name: &Value| array(ports).iter().any(|port| port["name"] == *name);
    let app = &template["metadata"]["labels"]["app"];

    let pod_monitor = &objects("pod-monitor.yaml")[0];
    assert_eq!(pod_monitor["spec"]["selector"]["matchLabels"]["app"], *app);
    let endpoint = &pod_monitor["spec"]["podMetricsEndpoints"][0];
    assert!(is_port(&endpoint["port"]));

    let [service, monitor] = &objects("service-monitor.yaml")[..] else { panic!("two documents") };
    assert_eq!(service["spec"]["selector"]["app"], *app);
    assert_eq!(monitor["spec"]["selector"]["matchLabels"], service["metadata"]["labels"]);
    let port = &service["spec"]["ports"][0];
    assert!(is_port(&port["targetPort"]));
    assert_eq!(monitor["spec"]["endpoints"][0]["port"], port["name"]);

    let address = serve(builder([]).build().expect("good").router()).await;
    for scraped in [endpoint, &monitor["spec"]["endpoints"][0]] {
        let answer = get(address, text(&scraped["path"])).await;
        assert!(answer.header("content-type").starts_with("text/plain; version=0.0.4"), "{answer:?}");
        assert_eq!(scraped["relabelings"][0]["targetLabel"], "service");
    }
}
