//! Servers that repeat one response: the floor below every health endpoint.

use std::{
    convert::Infallible,
    future::ready,
    io::{Error, Result},
    net::SocketAddr,
    sync::mpsc,
    thread,
};

use axum::{
    Router,
    body::{Body, Bytes},
    http::{HeaderValue, Request, Response, header::CONTENT_TYPE},
    routing::get,
};
use http_body_util::Full;
use hyper::{body::Incoming, server::conn::http1, service::service_fn};
use hyper_util::rt::TokioIo;
use tokio::{net::TcpListener, runtime::Builder};

use super::ours;
use crate::workload::Workload;

/// Response of the service's own route.
pub(super) const HELLO: &str = "hello";

/// Routes with static bytes: a request looks up and parses nothing.
pub(super) async fn router(workload: &Workload) -> Result<Router> {
    let router = Router::new().route("/", get(|| async { HELLO }));
    if workload.path == "/" {
        return Ok(router);
    }
    let (content_type, body) = ours::first_response(workload).await?;
    let content_type = HeaderValue::from_static(content_type.leak());
    let body = Bytes::from_static(body.leak());
    let answer = move || ready(([(CONTENT_TYPE, content_type.clone())], Body::from(body.clone())));
    Ok(router.route(workload.path, get(answer)))
}

/// Serves the same bytes by hyper alone, on a thread of its own.
pub(super) async fn hyper(workload: &Workload) -> Result<SocketAddr> {
    let (content_type, body) = ours::first_response(workload).await?;
    let content_type = HeaderValue::from_static(content_type.leak());
    let body = Bytes::from_static(body.leak());
    let (sender, receiver) = mpsc::channel();
    thread::spawn(move || {
        let runtime = Builder::new_current_thread().enable_all().build()?;
        runtime.block_on(async {
            let listener = TcpListener::bind("127.0.0.1:0").await?;
            let _ = sender.send(listener.local_addr());
            loop {
                let (stream, _) = listener.accept().await?;
                stream.set_nodelay(true)?;
                let (content_type, body) = (content_type.clone(), body.clone());
                let service = service_fn(move |_: Request<Incoming>| {
                    let mut response = Response::new(Full::new(body.clone()));
                    response.headers_mut().insert(CONTENT_TYPE, content_type.clone());
                    ready(Ok::<_, Infallible>(response))
                });
                tokio::spawn(http1::Builder::new().serve_connection(TokioIo::new(stream), service));
            }
            #[allow(unreachable_code, reason = "names the type of the errors above")]
            Ok::<(), Error>(())
        })
    });
    receiver.recv().map_err(Error::other)?
}
