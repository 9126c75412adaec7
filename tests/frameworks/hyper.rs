//! The recipe for a plain hyper server.

use std::{convert::Infallible, error::Error, net::SocketAddr};

use health_runtime::{Endpoint, ResponseBody, access::PeerAddress};
use http_body_util::Either;
use hyper::{Request, Response, StatusCode, body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::{TokioIo, TokioTimer};
use tokio::net::TcpListener;

async fn serve(listener: TcpListener, health: Endpoint) -> Result<(), Box<dyn Error + Send + Sync>> {
    loop {
        let (stream, peer) = listener.accept().await?;
        let health = health.clone();
        let service = service_fn(move |request| answer(health.clone(), peer, request));
        let connection = http1::Builder::new().timer(TokioTimer::new()).serve_connection(TokioIo::new(stream), service);
        tokio::spawn(connection);
    }
}

async fn answer(
    health: Endpoint,
    peer: SocketAddr,
    mut request: Request<Incoming>,
) -> Result<Response<Either<ResponseBody, String>>, Infallible> {
    if health.serves(request.uri().path()) {
        request.extensions_mut().insert(PeerAddress(peer));
        return Ok(health.respond(request).await.map(Either::Left));
    }
    let (status, text) = match request.uri().path() {
        "/" => (StatusCode::OK, "the service itself\n"),
        _ => (StatusCode::NOT_FOUND, "the service has nothing here\n"),
    };
    let mut response = Response::new(Either::Right(text.to_owned()));
    *response.status_mut() = status;
    Ok(response)
}

#[tokio::test]
async fn hyper_serves_the_endpoint() {
    let health = super::health();
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address");
    tokio::spawn(serve(listener, health.clone()));
    super::assert_serves_like_axum(address, &health).await;
}
