//! The proxy of a request.

use std::{env, fmt};

use hyper::header::HeaderValue;
use hyper_util::client::proxy::matcher::Matcher;

use super::url::ProbeUrl;

/// The choice of a proxy by the target of a request.
#[derive(Clone, Default)]
pub(crate) struct ProxyChoice {
    http: Option<NamedProxy>,
    https: Option<NamedProxy>,
    /// Hosts that are reached without a proxy, in the grammar of `NO_PROXY`.
    exceptions: String,
}

/// A URL, and the name of its setting for messages.
#[derive(Clone)]
struct NamedProxy {
    name: &'static str,
    url: String,
}

/// A proxy, with the credentials for it.
pub(super) struct ProxyServer {
    pub(super) url: ProbeUrl,
    pub(super) authorization: Option<HeaderValue>,
}

impl ProxyChoice {
    /// Sends every request through one proxy.
    pub(crate) fn fixed(url: &str) -> Self {
        let proxy = Some(NamedProxy { name: "the proxy", url: url.to_owned() });
        Self { http: proxy.clone(), https: proxy, exceptions: String::new() }
    }

    /// Reads the variables of the environment.
    pub(crate) fn environment() -> Self {
        // A client of a CGI program sets `HTTP_PROXY` by the header `Proxy`.
        if env::var_os("REQUEST_METHOD").is_some() {
            return Self::default();
        }
        let first = |names: &[&'static str]| {
            let mut set = names.iter().filter_map(|name| Some(NamedProxy { name, url: env::var(name).ok()? }));
            set.find(|proxy| !proxy.url.is_empty())
        };
        Self {
            http: first(&["HTTP_PROXY", "http_proxy", "ALL_PROXY", "all_proxy"]),
            https: first(&["HTTPS_PROXY", "https_proxy", "ALL_PROXY", "all_proxy"]),
            exceptions: first(&["NO_PROXY", "no_proxy"]).map(|list| list.url).unwrap_or_default(),
        }
    }

    /// Returns the proxy for this target.
    ///
    /// # Errors
    /// The address of the proxy is not valid. The text does not quote it: it may hold a password.
    pub(super) fn server_for(&self, target: &ProbeUrl) -> Result<Option<ProxyServer>, String> {
        let Some(NamedProxy { name, url }) = (if target.is_secure() { &self.https } else { &self.http }) else {
            return Ok(None);
        };
        // Any proxy shows whether the target is an exception.
        let any = Matcher::builder().all("http://proxy").no(self.exceptions.clone()).build();
        if any.intercept(target.uri()).is_none() {
            return Ok(None);
        }
        let proxy = Matcher::builder().all(url.clone()).build().intercept(target.uri());
        let server = proxy.and_then(|proxy| {
            let url = ProbeUrl::parse(&proxy.uri().to_string()).ok()?;
            Some(ProxyServer { url, authorization: proxy.basic_auth().cloned() })
        });
        let fault = || format!("{name} is not a valid address; write `http://proxy:3128` or `https://proxy:3128`");
        server.map(Some).ok_or_else(fault)
    }

    /// Returns why requests can never be sent to this target, or to any if it is not known.
    pub(super) fn fault(&self, target: Option<&ProbeUrl>) -> Option<String> {
        let any = ProbeUrl::parse("http://target/").ok();
        target.or(any.as_ref()).and_then(|target| self.server_for(target).err())
    }
}

/// Without the URLs, which may hold passwords.
impl fmt::Debug for ProxyChoice {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let name = |proxy: &Option<NamedProxy>| proxy.as_ref().map(|proxy| proxy.name);
        f.debug_struct("ProxyChoice")
            .field("http", &name(&self.http))
            .field("https", &name(&self.https))
            .finish_non_exhaustive()
    }
}
