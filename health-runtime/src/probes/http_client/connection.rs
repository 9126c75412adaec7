//! Connections: to a host, through a proxy, and one request on each.

use std::{
    future::poll_fn,
    io,
    net::SocketAddr,
    pin::{Pin, pin},
    task::{Context, Poll},
    time::Duration,
    vec,
};

use http_body_util::BodyExt;
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{HOST, PROXY_AUTHORIZATION},
    upgrade,
};
use hyper_util::{
    client::legacy::connect::{HttpConnector, dns::Name},
    rt::TokioIo,
};
use tower_service::Service;

use super::{proxy::ProxyServer, url::ProbeUrl};
use crate::{
    byte_stream::ByteStream,
    probes::{lookup::HostLookup, probe::text_with_sources},
};

/// Most bytes that hyper buffers, and so the longest head of a response.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Opens a TCP connection to the host of a URL.
///
/// # Errors
/// The name does not resolve, or no address accepts the connection.
pub(super) async fn open(url: &ProbeUrl, lookup: &HostLookup, timeout: Duration) -> Result<ByteStream, String> {
    let mut connector = HttpConnector::new_with_resolver(Resolver(lookup.clone()));
    connector.enforce_http(false);
    connector.set_nodelay(true);
    // The connector divides this among the addresses of the host.
    connector.set_connect_timeout(Some(timeout));
    // No `poll_ready`: this connector is always ready.
    let stream = connector.call(url.uri().clone()).await.map_err(|error| {
        let text = text_with_sources(&error);
        match text.strip_prefix("dns error: ") {
            Some(cause) => format!("the name `{}` does not resolve: {cause}", url.host()),
            None => text,
        }
    })?;
    Ok(Box::new(stream.into_inner()))
}

/// The lookup of a probe, in place of hyper's own, which takes one more thread on each run.
#[derive(Clone)]
struct Resolver(HostLookup);

impl Service<Name> for Resolver {
    type Response = vec::IntoIter<SocketAddr>;
    type Error = io::Error;
    type Future = Pin<Box<dyn Future<Output = io::Result<Self::Response>> + Send>>;

    fn poll_ready(&mut self, _: &mut Context<'_>) -> Poll<io::Result<()>> {
        Poll::Ready(Ok(()))
    }

    fn call(&mut self, name: Name) -> Self::Future {
        let lookup = self.0.clone();
        Box::pin(async move { lookup.addresses(name.as_str()).await.map(Vec::into_iter) })
    }
}

/// Asks a proxy for a connection to the host of a URL.
///
/// # Errors
/// The proxy refuses it, or is not a proxy.
pub(super) async fn tunnel(stream: ByteStream, proxy: &ProxyServer, target: &ProbeUrl) -> Result<ByteStream, String> {
    let authority = target.authority_with_port();
    let mut request = Request::connect(&authority).header(HOST, &authority);
    if let Some(authorization) = &proxy.authorization {
        request = request.header(PROXY_AUTHORIZATION, authorization);
    }
    let request = request.body(String::new()).map_err(|error| text_with_sources(&error))?;
    let (response, mut connection) = exchange(stream, request)
        .await
        .map_err(|error| format!("the proxy does not answer in HTTP: {}", text_with_sources(&error)))?;
    if !response.status().is_success() {
        return Err(format!("the proxy answered {}", response.status()));
    }
    let stream = connection.drive(upgrade::on(response)).await.map_err(|error| text_with_sources(&error))?;
    Ok(Box::new(TokioIo::new(stream)))
}

/// Sends a request, and waits for the head of its response.
pub(super) async fn exchange(
    stream: ByteStream,
    request: Request<String>,
) -> Result<(Response<Incoming>, ConnectionDriver), hyper::Error> {
    let (mut sender, connection) =
        http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).handshake(TokioIo::new(stream)).await?;
    let mut connection = ConnectionDriver(Some(Box::pin(async move {
        // Its errors also reach the future that waits for the response or its body.
        let _ = connection.with_upgrades().await;
    })));
    let response = connection.drive(sender.send_request(request)).await?;
    Ok((response, connection))
}

/// Polls a connection while its user waits. Without a task of its own, so that dropping it closes the connection.
pub(super) struct ConnectionDriver(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl ConnectionDriver {
    pub(super) async fn drive<T>(&mut self, future: impl Future<Output = T>) -> T {
        let mut future = pin!(future);
        poll_fn(|context| {
            if let Some(connection) = &mut self.0
                && connection.as_mut().poll(context).is_ready()
            {
                self.0 = None;
            }
            future.as_mut().poll(context)
        })
        .await
    }

    /// Returns the next chunk of a body; `None` at its end. Nothing is lost if the future is dropped.
    pub(super) async fn chunk(&mut self, body: &mut Incoming) -> Option<Result<Bytes, String>> {
        loop {
            match self.drive(body.frame()).await? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(text_with_sources(&error))),
            }
        }
    }
}
