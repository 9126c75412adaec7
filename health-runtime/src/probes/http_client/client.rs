use std::time::Duration;

use hyper::{
    HeaderMap, Method, Request, Response, StatusCode,
    body::{Bytes, Incoming},
    header::{CONNECTION, HOST, PROXY_AUTHORIZATION},
};

use super::{
    connection::{ConnectionDriver, exchange, open, tunnel},
    headers::RequestHeaders,
    proxy::{ProxyChoice, ProxyServer},
    redirect::{Hop, Redirect},
    tls::{Trust, tls_failure},
    url::ProbeUrl,
};
use crate::{
    byte_stream::ByteStream,
    health_path::{headers_until, note_response_headers},
    probes::{deadline::Deadline, lookup::HostLookup, probe::text_with_sources},
};

/// Two tries: a first packet that was lost is sent again after a second.
const DEFAULT_CONNECT_TIMEOUT: Duration = Duration::from_secs(2);

/// A request that a probe sends on each run.
#[derive(Clone, Debug)]
pub(crate) struct HttpClient {
    url: Result<ProbeUrl, String>,
    pub(crate) method: Result<Method, String>,
    pub(crate) body: String,
    pub(crate) headers: RequestHeaders,
    pub(crate) connect_timeout: Duration,
    pub(crate) redirect_limit: usize,
    pub(crate) proxy: ProxyChoice,
    pub(crate) trust: Trust,
    /// Whether requests to the host of the URL say which services they have passed, and how much time is left.
    pub(crate) has_health_headers: bool,
    lookup: HostLookup,
    /// Apart from the other, so that the user's own host never waits for one that a server names.
    redirect_lookup: HostLookup,
}

impl HttpClient {
    pub(crate) fn new(url: &str, accept: &'static str) -> Self {
        Self {
            url: ProbeUrl::parse(url),
            method: Ok(Method::GET),
            body: String::new(),
            headers: RequestHeaders::new(accept),
            connect_timeout: DEFAULT_CONNECT_TIMEOUT,
            redirect_limit: 0,
            proxy: ProxyChoice::default(),
            trust: Trust::default(),
            has_health_headers: false,
            lookup: HostLookup::default(),
            redirect_lookup: HostLookup::default(),
        }
    }

    /// Returns a client with the same settings for another URL, which shares no name lookup with this one.
    #[cfg(feature = "alerts")]
    pub(crate) fn with_url(&self, url: &str) -> Self {
        let (lookup, redirect_lookup) = Default::default();
        Self { url: ProbeUrl::parse(url), lookup, redirect_lookup, ..self.clone() }
    }

    /// Returns the URL if it is valid.
    pub(crate) fn url(&self) -> Option<&ProbeUrl> {
        self.url.as_ref().ok()
    }

    /// Sends requests to this path and query of the same server.
    pub(in crate::probes) fn set_target(&mut self, target: &str) {
        if let Ok(url) = &self.url {
            self.url = url.with_target(target);
        }
    }

    /// Returns whether the user has set something that may admit this client to more than others.
    pub(in crate::probes) fn has_credentials(&self) -> bool {
        self.headers.has_own() || self.trust.has_client()
    }

    /// Returns why no request can ever be sent, as far as the settings show it.
    pub(crate) fn faults(&self) -> Vec<String> {
        let mut faults = self.headers.faults.clone();
        faults.extend(self.url.as_ref().err().cloned());
        faults.extend(self.method.as_ref().err().cloned());
        faults.extend(self.proxy.fault(self.url()));
        if self.connect_timeout.is_zero() {
            faults.push("its timeout for connecting is zero".to_owned());
        }
        if self.trust.has_client() && self.url().is_some_and(|url| !url.is_secure()) {
            faults.push(
                "its client certificate is never sent, because its URL does not begin with `https://`".to_owned(),
            );
        }
        faults
    }

    /// Returns the same as far as files show it, which blocks.
    pub(crate) fn file_faults(&self) -> Vec<String> {
        let mut faults = self.headers.file_faults();
        let proxy = self.url().and_then(|url| self.proxy.server_for(url).ok().flatten());
        let urls = self.url().into_iter().chain(proxy.as_ref().map(|proxy| &proxy.url));
        if self.trust.is_set() || urls.into_iter().any(ProbeUrl::is_secure) {
            faults.extend(self.trust.faults());
        }
        faults
    }

    /// Sends the request, follows redirects up to the limit, and waits for the head of the last response.
    ///
    /// # Errors
    /// A request failed; the text is for a person.
    pub(crate) async fn send(&self, deadline: Deadline) -> Result<StreamedResponse, String> {
        let mut notes = Vec::new();
        let result = self.follow(deadline, &mut notes).await;
        notes.dedup();
        let remarks = notes.into_iter().fold(String::new(), |remarks, note| remarks + "; " + &note);
        match result {
            Ok(response) => Ok(StreamedResponse { remarks, ..response }),
            Err(failure) => Err(failure + &remarks),
        }
    }

    async fn follow(&self, deadline: Deadline, notes: &mut Vec<String>) -> Result<StreamedResponse, String> {
        let url = self.url.as_ref()?;
        let headers = self.headers.own(deadline, notes).await?;
        let mut hop = Hop { url: url.clone(), method: self.method.clone()?, sends_body: true };
        let mut followed = 0;
        loop {
            let proxy = self.proxy.server_for(&hop.url)?;
            let mut subject = hop.url.to_string();
            if followed > 0 {
                subject = format!("{url} led to {subject}, which");
            }
            if let Some(proxy) = &proxy {
                subject = format!("{subject} (through the proxy {})", proxy.url);
            }
            // Credentials are for the user's own host alone.
            let own = hop.url.has_origin_of(url).then_some(&headers);
            let lookup = if followed == 0 { &self.lookup } else { &self.redirect_lookup };
            let target = Target { hop: &hop, proxy: proxy.as_ref(), own, lookup, subject };
            let (response, connection) = self.request(&target, deadline, notes).await?;
            let (head, body) = response.into_parts();
            if self.has_health_headers && target.own.is_some() {
                note_response_headers(&head.headers);
            }
            let mut summary = format!("{} answered {}", target.subject, describe(head.status));
            if let Some(redirect) = Redirect::of(head.status, &head.headers) {
                match self.next(url, &hop, followed, &redirect) {
                    Ok(next) => {
                        (hop, followed) = (next, followed + 1);
                        continue;
                    }
                    Err(reason) => {
                        summary = format!("{summary}, {}, which is not followed{reason}", redirect.describe());
                    }
                }
            }
            let (status, headers) = (head.status, head.headers);
            return Ok(StreamedResponse { status, headers, summary, remarks: String::new(), body, connection });
        }
    }

    /// Returns the request to which a redirect leads.
    ///
    /// # Errors
    /// It must not be followed; the text is empty, or the reason.
    fn next(&self, url: &ProbeUrl, hop: &Hop, followed: usize, redirect: &Redirect<'_>) -> Result<Hop, String> {
        if followed == self.redirect_limit {
            let reason = format!(", because {followed} were followed before it");
            return Err(if followed == 0 { String::new() } else { reason });
        }
        let next = redirect.follow(hop).map_err(|reason| format!(", because {reason}"))?;
        let sends_body = next.sends_body && !self.body.is_empty();
        if sends_body && !next.url.has_origin_of(url) {
            return Err(", because the body is not for another host".to_owned());
        }
        Ok(next)
    }

    /// Sends one request, and waits for the head of its response.
    async fn request(
        &self,
        target: &Target<'_>,
        deadline: Deadline,
        notes: &mut Vec<String>,
    ) -> Result<(Response<Incoming>, ConnectionDriver), String> {
        let Target { hop, proxy, own, subject, .. } = target;
        let connecting = deadline.for_step(self.connect_timeout);
        let stream = connecting
            .wait(&format!("{subject} could not be connected to"), self.connect(target, connecting, notes))
            .await?
            .map_err(|error| format!("{subject} cannot be connected to: {error}"))?;

        let uri = hop.url.uri();
        let path = uri.path_and_query().map_or("/", |path| path.as_str());
        let mut request = Request::builder()
            .method(hop.method.clone())
            .uri(path)
            .header(HOST, hop.url.authority())
            .header(CONNECTION, "close");
        if let Some(proxy) = proxy.filter(|_| !hop.url.is_secure()) {
            // The absolute form (RFC 9112, section 3.2.2); a tunnel hides the proxy.
            request = request.uri(uri.clone());
            if let Some(authorization) = &proxy.authorization {
                request = request.header(PROXY_AUTHORIZATION, authorization);
            }
        }
        if let Some(headers) = request.headers_mut() {
            headers.extend(self.headers.defaults().clone());
            if self.has_health_headers && own.is_some() {
                headers.extend(headers_until(deadline.end));
            }
            // After the defaults, which the user's headers replace.
            headers.extend(own.cloned().unwrap_or_default());
        }
        let body = if hop.sends_body { self.body.clone() } else { String::new() };
        let request = request.body(body).map_err(|error| text_with_sources(&error))?;
        deadline.wait(&format!("{subject} did not answer"), exchange(stream, request)).await?.map_err(|error| {
            tls_failure(&error).map_or_else(
                || format!("{subject} does not answer in HTTP: {}", text_with_sources(&error)),
                |failure| format!("{subject} does not answer: {failure}"),
            )
        })
    }

    async fn connect(
        &self,
        target: &Target<'_>,
        deadline: Deadline,
        notes: &mut Vec<String>,
    ) -> Result<ByteStream, String> {
        let url = &target.hop.url;
        let is_proxy_secure = target.proxy.is_some_and(|proxy| proxy.url.is_secure());
        let needs_tls = url.is_secure() || is_proxy_secure;
        let connectors = if needs_tls { Some(self.trust.connectors(deadline, notes).await?) } else { None };
        let mut stream = match target.proxy {
            None => open(url, target.lookup, self.connect_timeout).await?,
            Some(proxy) => {
                let failure = |error| format!("the proxy cannot be connected to: {error}");
                let mut stream = open(&proxy.url, target.lookup, self.connect_timeout).await.map_err(failure)?;
                if let Some(connectors) = connectors.as_ref().filter(|_| is_proxy_secure) {
                    stream = connectors.secure(stream, proxy.url.host(), false).await.map_err(failure)?;
                }
                stream
            }
        };
        if let Some(connectors) = connectors.filter(|_| url.is_secure()) {
            if let Some(proxy) = target.proxy {
                stream = tunnel(stream, proxy, url).await?;
            }
            stream = connectors.secure(stream, url.host(), target.own.is_some()).await?;
        }
        Ok(stream)
    }
}

/// A request on its way.
struct Target<'a> {
    hop: &'a Hop,
    proxy: Option<&'a ProxyServer>,
    /// The user's headers, if the request is for the user's own host.
    own: Option<&'a HeaderMap>,
    lookup: &'a HostLookup,
    /// The URL in the words of a message.
    subject: String,
}

/// The head of a response and the connection on which its body arrives. Dropping it closes the connection.
pub(crate) struct StreamedResponse {
    pub(crate) status: StatusCode,
    pub(crate) headers: HeaderMap,
    /// URL and status code, for a person.
    pub(crate) summary: String,
    /// The end of a message: unusable files.
    pub(crate) remarks: String,
    body: Incoming,
    connection: ConnectionDriver,
}

impl StreamedResponse {
    /// Returns the next chunk of the body; `None` at its end. Nothing is lost if the future is dropped.
    ///
    /// # Errors
    /// The body is broken; the text is for a person.
    pub(crate) async fn chunk(&mut self) -> Option<Result<Bytes, String>> {
        self.connection.chunk(&mut self.body).await
    }

    /// Reads the body; `None` if it is longer than this limit, and the rest is not read.
    ///
    /// # Errors
    /// The body is broken; the text is for a person.
    pub(in crate::probes) async fn body(&mut self, limit: usize) -> Result<Option<Vec<u8>>, String> {
        let mut body = Vec::new();
        while let Some(chunk) = self.chunk().await {
            let chunk = chunk?;
            if body.len() + chunk.len() > limit {
                return Ok(None);
            }
            body.extend_from_slice(&chunk);
        }
        Ok(Some(body))
    }
}

fn describe(code: StatusCode) -> String {
    match code.canonical_reason() {
        Some(reason) => format!("{} {reason}", code.as_u16()),
        None => code.as_u16().to_string(),
    }
}

#[cfg(test)]
mod tests {
    use std::{
        net::SocketAddr,
        sync::{Arc, Mutex, mpsc},
    };

    use tokio::{
        io::{AsyncReadExt as _, AsyncWriteExt as _},
        net::TcpListener,
    };

    use super::*;
    use crate::sync::lock;

    #[tokio::test]
    async fn runs_share_a_lookup_that_hangs() {
        let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
        let port = listener.local_addr().expect("an address").port();
        tokio::spawn(async move {
            let (mut stream, _) = listener.accept().await.expect("a connection");
            let _ = stream.read(&mut [0; 1024]).await;
            let _ = stream.write_all(b"HTTP/1.1 204 No Content\r\n\r\n").await;
        });
        let client = HttpClient::new(&format!("http://host.invalid:{port}/"), "*/*");
        let (release, released) = mpsc::channel::<()>();
        let released = Arc::new(Mutex::new(Some(released)));
        let hang = move || {
            let released = lock(&released).take().expect("the only lookup");
            let _ = released.recv();
            Ok(vec![SocketAddr::from(([127, 0, 0, 1], 0))])
        };
        let run = || Deadline::within(Duration::from_millis(50));
        assert!(run().wait("late", client.lookup.run("host.invalid", hang)).await.is_err());
        let late = client.clone().send(run()).await.err().expect("no answer");
        assert!(late.contains("could not be connected to within 45ms"), "{late}");
        drop(release);
        let answer = client.send(Deadline::within(Duration::from_secs(5))).await;
        assert_eq!(answer.map(|answer| answer.status), Ok(StatusCode::NO_CONTENT));
    }
}
