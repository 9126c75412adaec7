//! On sockets: a gRPC server, and one port with HTTP.

use std::{net::SocketAddr, time::Duration};

use health_runtime::{Check, GrpcHealth, Level};
use health_tests::{endpoint, get, serve};
use tokio::{
    task::JoinHandle,
    time::{sleep, timeout},
};
use tonic::{
    Code,
    service::Routes,
    transport::{Channel, Server, server::TcpIncoming},
};
use tonic_health::pb::{
    health_check_response::ServingStatus::{NotServing, Serving},
    health_client::HealthClient,
};

use super::{Switch, asking, list, next};

/// A server with a socket, which ends when `shutdown` does.
pub(super) fn start(
    routes: Routes,
    shutdown: impl Future<Output = ()> + Send + 'static,
) -> (SocketAddr, JoinHandle<()>) {
    let incoming = TcpIncoming::bind("127.0.0.1:0".parse().expect("an address")).expect("a free port");
    let address = incoming.local_addr().expect("an address");
    let server = Server::builder().add_routes(routes).serve_with_incoming_shutdown(incoming, shutdown);
    (address, tokio::spawn(async { server.await.expect("a server") }))
}

pub(super) async fn connect(address: SocketAddr) -> Channel {
    let channel = Channel::from_shared(format!("http://{address}")).expect("an address");
    channel.connect().await.expect("a connection")
}

#[tokio::test]
async fn server_stops_although_clients_watch() {
    let endpoint = endpoint([Check::new("good", Level::L5, || async { true }).readiness()]);
    let draining = endpoint.monitor().clone();
    let shutdown = async move {
        while !draining.is_draining() {
            sleep(Duration::from_millis(5)).await;
        }
    };
    let (address, server) = start(Routes::new(GrpcHealth::new(&endpoint)), shutdown);
    let channel = connect(address).await;
    let mut watches = Vec::new();
    for service in ["", "readiness", "liveness", "good", "nobody"] {
        let mut watch = HealthClient::new(channel.clone()).watch(asking(service)).await.expect("a stream").into_inner();
        next(&mut watch).await;
        watches.push(watch);
    }
    endpoint.monitor().drain();
    timeout(Duration::from_secs(10), server).await.expect("it ends").expect("without a panic");
    for mut watch in watches.drain(..2) {
        assert_eq!(next(&mut watch).await, NotServing);
        assert_eq!(watch.message().await.expect_err("the end").code(), Code::Unavailable);
    }
    for mut watch in watches {
        assert_eq!(watch.message().await.expect_err("the end").code(), Code::Unavailable);
    }
}

#[tokio::test]
async fn grpc_and_http_share_a_port() {
    let switch = Switch::default();
    let endpoint = endpoint([switch.check("db", Level::L1).max_age(Duration::ZERO).readiness()]);
    let health = GrpcHealth::new(&endpoint);
    let app = endpoint.router().route_service("/grpc.health.v1.Health/{*method}", health);
    let address = serve(app).await;
    let channel = connect(address).await;
    let mut client = HealthClient::new(channel.clone());
    let mut watch = client.watch(asking("db")).await.expect("a stream").into_inner();
    assert_eq!(next(&mut watch).await, Serving);
    assert_eq!(client.check(asking("")).await.expect("an answer").into_inner().status(), Serving);
    assert_eq!(list(channel).await.expect("a list")["level/1"], Serving);
    assert_eq!(get(address, "/readyz").await.body, "ok");

    // A change found by a request over HTTP reaches a watch over gRPC.
    switch.turn(false);
    assert_eq!(get(address, "/readyz").await.status, 503);
    assert_eq!(timeout(Duration::from_secs(5), next(&mut watch)).await.expect("soon"), NotServing);
    let refused = client.check(asking("nobody")).await.expect_err("no such service");
    assert_eq!(refused.code(), Code::NotFound);
}
