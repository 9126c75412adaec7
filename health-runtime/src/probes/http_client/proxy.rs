//! The proxy of a request.

use std::{env, sync::Arc};

use hyper::{Uri, header::HeaderValue};
use hyper_util::client::proxy::matcher::Matcher;

use super::url::ProbeUrl;

/// Variables that name a proxy, as curl reads them.
const VARIABLES: [&str; 6] = ["ALL_PROXY", "all_proxy", "HTTPS_PROXY", "https_proxy", "HTTP_PROXY", "http_proxy"];

/// The choice of a proxy by the target of a request. Its `Debug` shows no credentials.
#[derive(Clone, Debug, Default)]
pub(in crate::probes) struct ProxyChoice {
    matcher: Option<Arc<Matcher>>,
    pub(super) faults: Vec<String>,
}

/// A proxy, with the credentials for it.
pub(super) struct ProxyServer {
    pub(super) url: ProbeUrl,
    pub(super) authorization: Option<HeaderValue>,
}

impl ProxyChoice {
    /// Sends every request through one proxy.
    pub(in crate::probes) fn fixed(url: &str) -> Self {
        Self::checked(Matcher::builder().all(url.to_owned()).build(), [("the proxy", url.to_owned())])
    }

    /// Reads the variables of the environment.
    pub(in crate::probes) fn environment() -> Self {
        let variables = VARIABLES.into_iter().filter_map(|name| Some((name, env::var(name).ok()?)));
        Self::checked(Matcher::from_env(), variables.filter(|(_, value)| !value.is_empty()))
    }

    fn checked<'a>(matcher: Matcher, urls: impl IntoIterator<Item = (&'a str, String)>) -> Self {
        let faults = urls.into_iter().filter_map(|(name, url)| {
            // Not quoted, because it may hold a password.
            let target = Uri::from_static("http://target/");
            let proxy = Matcher::builder().all(url).build().intercept(&target);
            let is_valid = proxy.is_some_and(|proxy| ProbeUrl::parse(&proxy.uri().to_string()).is_ok());
            (!is_valid)
                .then(|| format!("{name} is not a valid address; write `http://proxy:3128` or `https://proxy:3128`"))
        });
        Self { faults: faults.collect(), matcher: Some(Arc::new(matcher)) }
    }

    /// Returns the proxy for this target.
    ///
    /// # Errors
    /// The address of the proxy is not valid.
    pub(super) fn server_for(&self, target: &ProbeUrl) -> Result<Option<ProxyServer>, String> {
        let Some(proxy) = self.matcher.as_ref().and_then(|matcher| matcher.intercept(target.uri())) else {
            return Ok(None);
        };
        let url = ProbeUrl::parse(&proxy.uri().to_string()).map_err(|fault| format!("the proxy: {fault}"))?;
        Ok(Some(ProxyServer { url, authorization: proxy.basic_auth().cloned() }))
    }
}
