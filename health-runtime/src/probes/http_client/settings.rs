/// Gives a probe with a field `client` the settings of requests, and of redirects.
macro_rules! http_settings {
    ($probe:ident) => {
        $crate::probes::http_client::request_settings! { $probe }

        impl $probe {
            /// Follows up to this number of redirects. Default: 0, because the health of another location is not that of the
            /// service; the message names the location.
            ///
            /// Headers of yours and the client certificate go only to the scheme, host and port of the probe's URL, and so does
            /// the body. A redirect from `https://` to `http://`, or to a URL with credentials, is not followed.
            pub fn follow_redirects(mut self, limit: usize) -> Self {
                self.client.redirect_limit = limit;
                self
            }
        }
    };
}

/// Gives a type with a field `client` the settings of requests.
macro_rules! request_settings {
    ($probe:ident) => {
        impl $probe {
            /// Sends this header with the request, in place of any other of that name. Its value, a text or a
            /// [`Secret`](crate::Secret), is never shown. An invalid name or value, or a header that belongs to the connection, is a
            /// start-up error.
            ///
            /// ```
            /// # fn token() -> &'static str { "t" }
            /// let probe = health_runtime::probes::http("http://vault.internal:8200/v1/sys/health")
            ///     .header("x-vault-token", token());
            /// ```
            pub fn header(mut self, name: impl AsRef<str>, value: impl Into<$crate::Secret<String>>) -> Self {
                self.client.headers.set(name.as_ref(), value.into().expose());
                self
            }

            /// Sends this header with the content of a file, without the white space around it. The file is read on each
            /// run, so that a secret that is renewed needs no restart. A file that is not usable is a start-up error: one that cannot be
            /// read within 3 s, that is not a regular file, or has no valid value. Later, its previous content stays in use, and
            /// the message says so, and the same goes for a file that takes longer than 500 ms to read.
            pub fn header_file(mut self, name: impl AsRef<str>, path: impl Into<std::path::PathBuf>) -> Self {
                self.client.headers.set_file(name.as_ref(), path.into(), str::to_owned);
                self
            }

            /// Sends `Authorization: Bearer` with the token in a file, such as that of a Kubernetes service account. The file is
            /// read on each run, see [`header_file`](Self::header_file).
            ///
            /// ```
            /// let probe = health_runtime::probes::http("https://kubernetes.default.svc/readyz")
            ///     .bearer_file("/var/run/secrets/kubernetes.io/serviceaccount/token");
            /// ```
            pub fn bearer_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
                self.client.headers.set_file("authorization", path.into(), |token| format!("Bearer {token}"));
                self
            }

            /// Sends `Authorization: Basic` with this user and password, which is never shown. A colon in the name of the user is
            /// a start-up error.
            pub fn basic_auth(mut self, user: impl AsRef<str>, password: impl Into<$crate::Secret<String>>) -> Self {
                self.client.headers.set_basic(user.as_ref(), password.into().expose());
                self
            }

            /// Sends `Authorization: Basic` with this user and the password in a file, without the white space around it. The
            /// file is read on each run, see [`header_file`](Self::header_file).
            pub fn basic_auth_file(mut self, user: impl AsRef<str>, path: impl Into<std::path::PathBuf>) -> Self {
                self.client.headers.set_basic_file(user.as_ref(), path.into());
                self
            }

            /// Sets the longest time for connecting: name lookup, proxy, TCP and TLS together. Default: 2 s, within
            /// [`timeout`](Self::timeout). Zero is a start-up error.
            pub fn connect_timeout(mut self, timeout: std::time::Duration) -> Self {
                self.client.connect_timeout = timeout;
                self
            }

            /// Sends requests through this proxy, `http://proxy:3128` or `https://proxy:3128`: those to `https://` in a tunnel
            /// (`CONNECT`), others in the absolute form. Credentials in its URL are sent to it alone, and never shown. Default:
            /// none. An invalid URL is a start-up error.
            pub fn proxy(mut self, url: impl AsRef<str>) -> Self {
                self.client.proxy = $crate::probes::http_client::ProxyChoice::fixed(url.as_ref());
                self
            }

            /// Reads the proxy from the environment, now: `HTTP_PROXY` for `http://`, `HTTPS_PROXY` for `https://`, else
            /// `ALL_PROXY`, with the exceptions in `NO_PROXY`; in capital or small letters, by the rules of curl. In a program
            /// of CGI (`REQUEST_METHOD` is set), where a client chooses `HTTP_PROXY`, all are ignored. An invalid value of the
            /// variable that this probe's URL goes by is a start-up error.
            pub fn proxy_from_environment(mut self) -> Self {
                self.client.proxy = $crate::probes::http_client::ProxyChoice::environment();
                self
            }

            /// Trusts the certificate authorities in this PEM text, besides those that this host trusts. May be
            /// called more than once. A text without a valid certificate is a start-up error.
            ///
            /// The host's own authorities are read once in the life of the process: those of the operating system, or of the
            /// file that `SSL_CERT_FILE` names. So a company's authority that is installed on the host needs no call
            /// of this, and nothing that expires is built into the program. A host that trusts no authority, such as an
            /// empty container, is a start-up error unless this adds one.
            #[cfg(feature = "probe-https")]
            pub fn root_certificates(mut self, pem: impl AsRef<[u8]>) -> Self {
                self.client.trust.add(pem.as_ref());
                self
            }

            /// Trusts the certificate authorities in this file in PEM, besides those that this host trusts. The file is read
            /// on each run, see [`header_file`](Self::header_file). May be called more than once.
            ///
            /// ```no_run
            /// let probe = health_runtime::probes::http("https://kubernetes.default.svc/readyz")
            ///     .root_certificates_file("/var/run/secrets/kubernetes.io/serviceaccount/ca.crt");
            /// ```
            #[cfg(feature = "probe-https")]
            pub fn root_certificates_file(mut self, path: impl Into<std::path::PathBuf>) -> Self {
                self.client.trust.add_file(path.into());
                self
            }

            /// Presents this certificate to a server that asks for one. Both files are PEM: the certificate first, then those of
            /// the authorities between it and the root; and a key without a passphrase. They are read on each run, see
            /// [`header_file`](Self::header_file). A key for another certificate, and a URL without `https://`, are start-up
            /// errors.
            #[cfg(feature = "probe-https")]
            pub fn client_certificate(
                mut self,
                certificate: impl Into<std::path::PathBuf>,
                key: impl Into<std::path::PathBuf>,
            ) -> Self {
                self.client.trust.set_client(certificate.into(), key.into());
                self
            }
        }
    };
}

pub(in crate::probes) use http_settings;
pub(crate) use request_settings;
