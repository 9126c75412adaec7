//! HTTP/1.1, each request on a connection of its own.

use std::time::Duration;

use http_body_util::{BodyExt as _, Full};
use hyper::{
    Request, Response,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{HeaderMap, HeaderName},
};
use hyper_util::rt::TokioIo;
use tokio::{task::JoinHandle, time::Instant};

use super::{
    Client, Deadline,
    connect::{exchange_failure, root},
};
use crate::{failure::Failure, target::Target, text::printable};

/// Longest body that is read: a report of some thousand checks.
const MAX_BODY_BYTES: usize = 1024 * 1024;

/// The service's share of the time that is left, so that it reports its slow checks before this program gives up.
const SERVICE_SHARE: f64 = 0.9;

/// The kinds of requests.
#[derive(Clone, Debug)]
pub(crate) enum Method {
    Get,
    /// With a body of JSON.
    Post(String),
}

/// A response with its whole body.
#[derive(Debug)]
pub(crate) struct HttpAnswer {
    pub(crate) code: u16,
    headers: HeaderMap,
    pub(crate) body: Vec<u8>,
    pub(crate) elapsed: Duration,
}

/// A response whose body goes on.
pub(crate) struct Streaming {
    pub(crate) code: u16,
    headers: HeaderMap,
    body: Incoming,
    _connection: Connection,
}

/// The task of a connection, which ends with its owner.
struct Connection(JoinHandle<()>);

impl Drop for Connection {
    fn drop(&mut self) {
        self.0.abort();
    }
}

impl HttpAnswer {
    pub(crate) fn header(&self, name: &str) -> String {
        printable(&header(&self.headers, name))
    }
}

impl Streaming {
    pub(crate) fn header(&self, name: &str) -> String {
        printable(&header(&self.headers, name))
    }

    /// Returns the next bytes; `None` at the end, however it comes.
    pub(crate) async fn next(&mut self) -> Option<Bytes> {
        loop {
            // Trailers are skipped.
            if let Ok(bytes) = self.body.frame().await?.ok()?.into_data() {
                return Some(bytes);
            }
        }
    }
}

/// Returns all values of a header in one text.
fn header(headers: &HeaderMap, name: &str) -> String {
    let values = headers.get_all(name).iter().map(|value| String::from_utf8_lossy(value.as_bytes()).into_owned());
    values.collect::<Vec<_>>().join(", ")
}

impl Client {
    /// Sends a request, and reads the whole response.
    ///
    /// # Errors
    /// There is no response in time, or its body is too long.
    pub(crate) async fn send(
        &self,
        method: &Method,
        target: &Target,
        headers: &[(&'static str, &str)],
        deadline: Deadline,
    ) -> Result<HttpAnswer, Failure> {
        let begin = Instant::now();
        let Streaming { code, headers, mut body, _connection } = self.open(method, target, headers, deadline).await?;
        let read = async {
            let mut bytes = Vec::new();
            while let Some(frame) = body.frame().await {
                let Ok(data) = frame?.into_data() else { continue };
                if bytes.len() + data.len() > MAX_BODY_BYTES {
                    return Ok(None);
                }
                bytes.extend_from_slice(&data);
            }
            Ok(Some(bytes))
        };
        let read = deadline.wait(&format!("{target} answers {code}, but its body does not end"), read).await?;
        let body = read.map_err(|error: hyper::Error| {
            let cause = printable(&root(&error).to_string());
            Failure::unreachable(format!("{target} answers {code}, but its body breaks off: {cause}"))
        })?;
        let body = body.ok_or_else(|| {
            Failure::not_a_report(format!(
                "{target} answers {code} with a body of more than 1 MiB, which is not read; ask for a part of it, by \
                 `--level`, `--group`, `--tag` or `--check`"
            ))
        })?;
        Ok(HttpAnswer { code, headers, body, elapsed: begin.elapsed() })
    }

    /// Sends a request, and returns the head of the response.
    ///
    /// # Errors
    /// There is no response in time.
    pub(crate) async fn open(
        &self,
        method: &Method,
        target: &Target,
        headers: &[(&'static str, &str)],
        deadline: Deadline,
    ) -> Result<Streaming, Failure> {
        let request = self.request(method, target, headers, deadline)?;
        let stream = self.connect(target, deadline).await?;
        let exchange = async {
            let (mut sender, connection) = http1::handshake(TokioIo::new(stream)).await?;
            let connection = Connection(tokio::spawn(async {
                // Its error is that of the request.
                let _ = connection.await;
            }));
            let response: Response<Incoming> = sender.send_request(request).await?;
            Ok((response, connection))
        };
        let exchange = deadline.wait(&format!("{target} does not answer"), exchange).await?;
        let (response, connection) = exchange.map_err(|error: hyper::Error| {
            let advice = if error.is_parse() { "; is it `https://` or `grpc://`?" } else { "" };
            exchange_failure(target, "HTTP", &error, advice)
        })?;
        let (parts, body) = response.into_parts();
        Ok(Streaming { code: parts.status.as_u16(), headers: parts.headers, body, _connection: connection })
    }

    fn request(
        &self,
        method: &Method,
        target: &Target,
        headers: &[(&'static str, &str)],
        deadline: Deadline,
    ) -> Result<Request<Full<Bytes>>, Failure> {
        let (word, body) = match method {
            Method::Get => ("GET", ""),
            Method::Post(body) => ("POST", body.as_str()),
        };
        let mut request = Request::builder()
            .method(word)
            .uri(target.path_and_query())
            .header("host", &target.authority)
            .header("user-agent", concat!("healthctl/", env!("CARGO_PKG_VERSION")));
        if matches!(method, Method::Post(_)) {
            request = request.header("content-type", "application/json");
        } else {
            let budget = deadline.left().mul_f64(SERVICE_SHARE).as_millis().max(1);
            request = request.header("health-budget", budget.to_string());
        }
        for (name, value) in headers {
            request = request.header(*name, *value);
        }
        for (name, value) in self.credentials.headers(word, target)? {
            request = request.header(HeaderName::from_static(name), value);
        }
        let body = Full::new(Bytes::from(body.to_owned()));
        // The path is valid, so it is a header: of the credentials, which are not quoted.
        request
            .body(body)
            .map_err(|_| Failure::usage("the name of the credentials has characters that no header can hold"))
    }
}
