use std::{
    future::poll_fn,
    pin::{Pin, pin},
    time::Duration,
};

use http_body_util::BodyExt;
use hyper::{
    HeaderMap, Request, StatusCode,
    body::{Bytes, Incoming},
    client::conn::http1,
    header::{ACCEPT, CONNECTION, HOST, HeaderName, HeaderValue, USER_AGENT},
};
use hyper_util::{client::legacy::connect::HttpConnector, rt::TokioIo};
use tower_service::Service;

use super::{tls::Trust, url::ProbeUrl};
use crate::{
    byte_stream::ByteStream,
    probes::{deadline::Deadline, probe::text_with_sources},
};

/// Most bytes that hyper buffers, and so the longest head of a response.
const MAX_HEAD_BYTES: usize = 64 * 1024;

/// Two tries: a first packet that was lost is sent again after a second.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// Headers of the connection, which users must not set.
const RESERVED_HEADERS: [&str; 6] = ["connection", "content-length", "expect", "te", "transfer-encoding", "upgrade"];

/// A request that a probe sends on each run.
#[derive(Clone, Debug)]
pub(in crate::probes) struct HttpClient {
    url: Result<ProbeUrl, String>,
    headers: HeaderMap,
    faults: Vec<String>,
    pub(in crate::probes) connect_timeout: Duration,
    pub(in crate::probes) trust: Trust,
}

impl HttpClient {
    pub(in crate::probes) fn new(url: &str, accept: &'static str) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("health-runtime/", env!("CARGO_PKG_VERSION"))));
        Self {
            url: ProbeUrl::parse(url),
            headers,
            faults: Vec::new(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            trust: Trust::default(),
        }
    }

    pub(in crate::probes) fn set_header(&mut self, name: &str, value: &str) {
        match (name.parse::<HeaderName>(), value.parse::<HeaderValue>()) {
            (Ok(name), _) if RESERVED_HEADERS.contains(&name.as_str()) => {
                self.faults.push(format!("the header `{name}` belongs to the connection and cannot be set"));
            }
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.headers.insert(name, value);
            }
            (Ok(name), Err(_)) => self.faults.push(format!("the value of the header `{name}` is not valid")),
            (Err(_), _) => self.faults.push(format!("`{}` is not a valid name of a header", name.escape_debug())),
        }
    }

    /// Returns the URL if it is valid.
    pub(in crate::probes) fn url(&self) -> Option<&ProbeUrl> {
        self.url.as_ref().ok()
    }

    /// Returns why no request can ever be sent.
    pub(in crate::probes) fn faults(&self) -> Vec<String> {
        let mut faults = self.faults.clone();
        match &self.url {
            Ok(url) if url.is_secure() => faults.extend(self.trust.connector().err()),
            Ok(_) => {}
            Err(fault) => faults.push(fault.clone()),
        }
        if self.connect_timeout.is_zero() {
            faults.push("its timeout for connecting is zero".to_owned());
        }
        faults
    }

    /// Connects, sends the request, and waits for the head of the response.
    ///
    /// # Errors
    /// The request failed; the text is for a person.
    pub(in crate::probes) async fn get(&self, deadline: Deadline) -> Result<StreamedResponse, String> {
        let url = self.url.as_ref()?;
        let connecting = deadline.for_step(self.connect_timeout);
        let stream = connecting
            .wait(&format!("{url} could not be connected to"), self.connect(url))
            .await?
            .map_err(|error| format!("{url} cannot be connected to: {error}"))?;

        let path = url.uri().path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::get(path).header(HOST, url.authority()).header(CONNECTION, "close");
        if let Some(headers) = request.headers_mut() {
            // After the defaults, which the user's headers replace.
            headers.extend(self.headers.clone());
        }
        let request = request.body(String::new()).map_err(|error| text_with_sources(&error))?;
        let responding = async {
            let (mut sender, connection) =
                http1::Builder::new().max_buf_size(MAX_HEAD_BYTES).handshake(TokioIo::new(stream)).await?;
            let mut connection = ConnectionDriver(Some(Box::pin(async move {
                // Its errors also reach the future that waits for the response or its body.
                let _ = connection.await;
            })));
            let response = connection.drive(sender.send_request(request)).await?;
            let (head, body) = response.into_parts();
            Ok(StreamedResponse { status: head.status, headers: head.headers, body, connection })
        };
        deadline
            .wait(&format!("{url} did not answer"), responding)
            .await?
            .map_err(|error: hyper::Error| format!("{url} does not answer in HTTP: {}", text_with_sources(&error)))
    }

    async fn connect(&self, url: &ProbeUrl) -> Result<ByteStream, String> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        // The connector divides this among the addresses of the host.
        connector.set_connect_timeout(Some(self.connect_timeout));
        // No `poll_ready`: this connector is always ready.
        let stream = connector.call(url.uri().clone()).await.map_err(|error| text_with_sources(&error))?.into_inner();
        if url.is_secure() { self.trust.connector()?.secure(stream, url.host()).await } else { Ok(Box::new(stream)) }
    }
}

/// The head of a response and the connection on which its body arrives. Dropping it closes the connection.
pub(in crate::probes) struct StreamedResponse {
    pub(in crate::probes) status: StatusCode,
    pub(in crate::probes) headers: HeaderMap,
    body: Incoming,
    connection: ConnectionDriver,
}

impl StreamedResponse {
    /// Returns the next chunk of the body; `None` at its end. Nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// The body is broken; the text is for a person.
    pub(in crate::probes) async fn chunk(&mut self) -> Option<Result<Bytes, String>> {
        loop {
            match self.connection.drive(self.body.frame()).await? {
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

/// Polls a connection while its user waits. Without a task of its own, so that dropping it closes the connection.
struct ConnectionDriver(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl ConnectionDriver {
    async fn drive<T>(&mut self, future: impl Future<Output = T>) -> T {
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
}
