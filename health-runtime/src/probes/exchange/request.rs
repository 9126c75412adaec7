//! The request itself.

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

use super::{stream::Stream, target::Target, tls::Trust};
use crate::probes::{
    Probe,
    patience::{Patience, chain},
};

/// The most that hyper buffers at once: the head of an answer is no longer than this.
const MOST_BUFFERED: usize = 64 * 1024;

/// Two tries: a first packet that was lost is sent again after a second.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// They belong to the connection, which is not the caller's.
const RESERVED_HEADERS: [&str; 6] = ["connection", "content-length", "expect", "te", "transfer-encoding", "upgrade"];

/// The kind of the probes that ask over HTTP, `Q` being what is asked: [`Health`](crate::probes::Health) or
/// [`Bandwidth`](crate::probes::Bandwidth).
#[derive(Clone, Debug)]
pub struct Http<Q> {
    target: Result<Target, String>,
    headers: HeaderMap,
    faults: Vec<String>,
    connect_timeout: Duration,
    pub(super) trust: Trust,
    pub(in crate::probes) question: Q,
}

impl<Q> Probe<Http<Q>> {
    /// Sends this header with the request, instead of any other of that name. Its value is never shown. A
    /// name or value that HTTP does not allow, or a header that belongs to the connection, is a start-up error.
    ///
    /// ```
    /// # fn token() -> &'static str { "t" }
    /// let probe = health_runtime::probes::http("http://billing.internal/readyz")
    ///     .with_header("authorization", format!("Bearer {}", token()));
    /// ```
    pub fn with_header(mut self, name: impl AsRef<str>, value: impl AsRef<str>) -> Self {
        let name = name.as_ref();
        match (name.parse::<HeaderName>(), value.as_ref().parse::<HeaderValue>()) {
            (Ok(name), _) if RESERVED_HEADERS.contains(&name.as_str()) => {
                self.kind.faults.push(format!("the header `{name}` belongs to the connection and cannot be set"));
            }
            (Ok(name), Ok(mut value)) => {
                value.set_sensitive(true);
                self.kind.headers.insert(name, value);
            }
            (Ok(name), Err(_)) => self.kind.faults.push(format!("the value of the header `{name}` is not a legal one")),
            (Err(_), _) => self.kind.faults.push(format!("`{}` is not the name of a header", name.escape_debug())),
        }
        self
    }

    /// Sets how long connecting may take: finding the address, TCP and TLS together. Default: 2 s, within
    /// [`with_timeout`](Probe::with_timeout). Zero is a start-up error.
    pub fn with_connect_timeout(mut self, timeout: Duration) -> Self {
        self.kind.connect_timeout = timeout;
        self
    }
}

impl<Q> Http<Q> {
    pub(in crate::probes) fn new(url: &str, accept: &'static str, question: Q) -> Self {
        let mut headers = HeaderMap::new();
        headers.insert(ACCEPT, HeaderValue::from_static(accept));
        headers.insert(USER_AGENT, HeaderValue::from_static(concat!("health-runtime/", env!("CARGO_PKG_VERSION"))));
        Self {
            target: Target::parse(url),
            headers,
            faults: Vec::new(),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            trust: Trust::default(),
            question,
        }
    }

    /// The URL, if it can be asked.
    pub(in crate::probes) fn target(&self) -> Option<&Target> {
        self.target.as_ref().ok()
    }

    /// Why it can never ask.
    pub(in crate::probes) fn faults(&self) -> Vec<String> {
        let mut faults = self.faults.clone();
        match &self.target {
            Ok(target) if target.is_secure() => faults.extend(self.trust.connector().err()),
            Ok(_) => {}
            Err(fault) => faults.push(fault.clone()),
        }
        if self.connect_timeout.is_zero() {
            faults.push("its timeout for connecting is zero".to_owned());
        }
        faults
    }

    /// Connects, asks, and waits for the head of the answer.
    ///
    /// # Errors
    /// What went wrong, in words for a person.
    pub(in crate::probes) async fn get(&self, patience: Patience) -> Result<Answer, String> {
        if let Some(fault) = self.faults().into_iter().next() {
            return Err(fault);
        }
        let target = self.target.as_ref()?;
        let connecting = patience.at_most(self.connect_timeout);
        let stream = connecting
            .wait(&format!("{target} could not be connected to"), self.connect(target))
            .await?
            .map_err(|error| format!("{target} cannot be connected to: {error}"))?;

        let path = target.uri().path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::get(path).header(HOST, target.authority()).header(CONNECTION, "close");
        if let Some(headers) = request.headers_mut() {
            // After the defaults, so that a header of the user's replaces them.
            headers.extend(self.headers.clone());
        }
        let request = request.body(String::new()).map_err(|error| chain(&error))?;
        let answering = async {
            let (mut sender, connection) =
                http1::Builder::new().max_buf_size(MOST_BUFFERED).handshake(TokioIo::new(stream)).await?;
            let mut connection = Driver(Some(Box::pin(async move {
                // Its errors reach whoever waits for the answer or its body.
                let _ = connection.await;
            })));
            let response = connection.drive(sender.send_request(request)).await?;
            let (head, body) = response.into_parts();
            Ok(Answer { status: head.status, headers: head.headers, body, connection })
        };
        patience
            .wait(&format!("{target} did not answer"), answering)
            .await?
            .map_err(|error: hyper::Error| format!("{target} does not answer in HTTP: {}", chain(&error)))
    }

    async fn connect(&self, target: &Target) -> Result<Stream, String> {
        let mut connector = HttpConnector::new();
        connector.enforce_http(false);
        connector.set_nodelay(true);
        // It divides this among the addresses of the host.
        connector.set_connect_timeout(Some(self.connect_timeout));
        // Called without being asked whether it is ready: it always is.
        let stream = connector.call(target.uri().clone()).await.map_err(|error| chain(&error))?.into_inner();
        if target.is_secure() {
            self.trust.connector()?.secure(stream, target.host()).await
        } else {
            Ok(Box::new(stream))
        }
    }
}

/// The head of an answer and the connection on which its body comes. Dropping it closes the connection.
pub(in crate::probes) struct Answer {
    pub(in crate::probes) status: StatusCode,
    pub(in crate::probes) headers: HeaderMap,
    body: Incoming,
    connection: Driver,
}

impl Answer {
    /// The next piece of the body; `None` at its end. Nothing is lost when the future is dropped.
    ///
    /// # Errors
    /// The body is broken, in words for a person.
    pub(in crate::probes) async fn chunk(&mut self) -> Option<Result<Bytes, String>> {
        loop {
            match self.connection.drive(self.body.frame()).await? {
                Ok(frame) => {
                    if let Ok(data) = frame.into_data() {
                        return Some(Ok(data));
                    }
                }
                Err(error) => return Some(Err(chain(&error))),
            }
        }
    }
}

/// Moves a connection on while its user waits. It is no task of its own: what is dropped is closed.
struct Driver(Option<Pin<Box<dyn Future<Output = ()> + Send>>>);

impl Driver {
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
