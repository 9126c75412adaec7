//! Circles of services: none waits for itself, and no check runs twice.

use std::time::Duration;

use tokio::time::Instant;

use crate::graph::Graph;

/// Less than any time limit, and much more than a healthy report takes.
const SOON: Duration = Duration::from_secs(2);

/// Asks the first service once, and asserts that every service has run its check of the next one once at most.
async fn assert_loop_is_quick(graph: Graph, first: &str) {
    let start = Instant::now();
    let answer = graph[first].report().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
    let runs = graph.runs();
    assert!(runs.iter().all(|runs| *runs <= 1), "{runs:?}");
}

#[tokio::test]
async fn service_that_asks_itself_does_not_wait() {
    assert_loop_is_quick(Graph::start([("a", &["a"])]).await, "a").await;
}

#[tokio::test]
async fn loop_of_two_does_not_wait() {
    let graph = Graph::start([("a", &["b"]), ("b", &["a"])]).await;
    assert_loop_is_quick(graph, "a").await;
}

#[tokio::test]
async fn loop_of_five_does_not_wait() {
    let edges: [(_, &[_]); 5] = [("a", &["b"]), ("b", &["c"]), ("c", &["d"]), ("d", &["e"]), ("e", &["a"])];
    assert_loop_is_quick(Graph::start(edges).await, "a").await;
}

/// Each run of one service reaches the other while that one's own run is on its way.
#[tokio::test]
async fn services_that_are_asked_at_once_do_not_wait_for_each_other() {
    for _ in 0..10 {
        let graph = Graph::start([("a", &["b"]), ("b", &["a"])]).await;
        let start = Instant::now();
        let (a, b) = tokio::join!(graph["a"].report(), graph["b"].report());
        assert_eq!((a.status, b.status), (200, 200), "{a:?} {b:?}");
        assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
        let runs = graph.runs();
        assert!(runs.iter().all(|runs| *runs <= 2), "{runs:?}");
    }
}

#[tokio::test]
async fn dense_graph_passes_and_runs_each_check_once() {
    let all: &[_] = &["a", "b", "c", "d"];
    let graph = Graph::start([("a", all), ("b", all), ("c", all), ("d", all)]).await;
    let start = Instant::now();
    let answer = graph["a"].report().await;
    assert_eq!(answer.status, 200, "{answer:?}");
    assert!(start.elapsed() < SOON, "{:?}", start.elapsed());
}
