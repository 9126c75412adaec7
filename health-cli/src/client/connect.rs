use std::{error::Error, io};

use hyper::Uri;
use hyper_util::client::legacy::connect::HttpConnector;
use tokio::io::{AsyncRead, AsyncWrite};
use tokio_rustls::{
    TlsConnector,
    rustls::{CertificateError, Error as TlsError, pki_types::ServerName},
};
use tower_service::Service as _;

use super::Deadline;
use crate::{
    failure::{Failure, FailureKind},
    target::{Door, Target},
    text::printable,
};

/// A connection of any kind.
pub(super) trait Stream: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Stream for T {}

pub(super) async fn connect(
    target: &Target,
    tls: Option<&TlsConnector>,
    deadline: Deadline,
) -> Result<Box<dyn Stream>, Failure> {
    match &target.door {
        #[cfg(unix)]
        Door::Unix(path) => {
            let connecting = tokio::net::UnixStream::connect(path);
            let stream = deadline.wait(&format!("{target} accepts no connection"), connecting).await?;
            let stream = stream.map_err(|error| {
                let advice = match error.kind() {
                    io::ErrorKind::NotFound => "; is the service running, and is this the path of its socket?",
                    io::ErrorKind::PermissionDenied => "; this user may not write to the socket",
                    _ => "",
                };
                Failure::unreachable(format!("cannot connect to {target}: {error}{advice}"))
            })?;
            Ok(Box::new(stream))
        }
        #[cfg(not(unix))]
        Door::Unix(_) => Err(Failure::usage(format!("{target} is a Unix socket, which this system does not have"))),
        Door::Tcp { host, .. } => {
            let stream = tcp(target, deadline).await?;
            let Some(tls) = tls else { return Ok(Box::new(stream)) };
            let name = ServerName::try_from(host.clone())
                .map_err(|_| Failure::usage(format!("`{host}` is not a valid name for a certificate")))?;
            let handshake = tls.connect(name, stream);
            let stream = deadline.wait(&format!("{target} does not finish the TLS handshake"), handshake).await?;
            Ok(Box::new(stream.map_err(|error| tls_failure(target, &error))?))
        }
    }
}

/// Connects to the first address that answers.
async fn tcp(target: &Target, deadline: Deadline) -> Result<tokio::net::TcpStream, Failure> {
    let Door::Tcp { host, port, .. } = &target.door else { return Err(Failure::usage("an address without a host")) };
    let host = if host.contains(':') { format!("[{host}]") } else { host.clone() };
    let uri: Uri = format!("http://{host}:{port}/")
        .parse()
        .map_err(|error| Failure::usage(format!("the host of {target} is not valid: {error}")))?;
    let mut connector = HttpConnector::new();
    connector.set_nodelay(true);
    let stream = deadline.wait(&format!("{target} accepts no connection"), connector.call(uri)).await?;
    let stream = stream.map_err(|error| {
        let cause = root(&error);
        let kind = cause.downcast_ref::<io::Error>().map(io::Error::kind);
        let advice = match kind {
            Some(io::ErrorKind::ConnectionRefused) => "; is the service running, and is this its port?",
            _ if error.to_string().contains("dns") => "; is the name of the host right?",
            _ => "",
        };
        Failure::unreachable(format!("cannot connect to {target}: {}{advice}", printable(&cause.to_string())))
    })?;
    Ok(stream.into_inner())
}

/// Returns the innermost cause of an error.
pub(super) fn root<'a>(error: &'a (dyn Error + 'static)) -> &'a (dyn Error + 'static) {
    let mut cause = error;
    while let Some(source) = cause.source() {
        cause = source;
    }
    cause
}

/// Returns the failure of an exchange that ended with this error. A server of TLS 1.3 refuses a client after the handshake.
pub(super) fn exchange_failure(
    target: &Target,
    protocol: &str,
    error: &(dyn Error + 'static),
    advice: &str,
) -> Failure {
    let cause = root(error);
    let io = cause.downcast_ref::<io::Error>();
    if let Some(io) = io.filter(|io| io.get_ref().and_then(|inner| inner.downcast_ref::<TlsError>()).is_some()) {
        return tls_failure(target, io);
    }
    let cause = printable(&cause.to_string());
    Failure::unreachable(format!("{target} does not answer with valid {protocol}: {cause}{advice}"))
}

fn tls_failure(target: &Target, error: &io::Error) -> Failure {
    let tls = error.get_ref().and_then(|error| error.downcast_ref::<TlsError>());
    let (cause, advice) = match tls {
        Some(TlsError::InvalidCertificate(fault)) => match fault {
            CertificateError::UnknownIssuer => (
                "its certificate is not issued by an authority that this host trusts".to_owned(),
                "name the authority's file by `--root-file FILE`",
            ),
            CertificateError::NotValidForName | CertificateError::NotValidForNameContext { .. } => (
                "its certificate is for another name".to_owned(),
                "write the name that is in the certificate into the URL",
            ),
            CertificateError::Expired | CertificateError::ExpiredContext { .. } => {
                ("its certificate has expired".to_owned(), "renew it, or set the clock of this host")
            }
            fault => (format!("its certificate is not valid: {fault}"), ""),
        },
        Some(TlsError::InvalidMessage(_)) => ("it does not speak TLS".to_owned(), "is it `http://` or `grpc://`?"),
        Some(TlsError::AlertReceived(alert)) => (
            format!("it ended the handshake with the alert {alert:?}"),
            "if it asks for a client certificate, name one by `--client-certificate` and `--client-key`",
        ),
        _ => (error.to_string(), ""),
    };
    let advice = if advice.is_empty() { String::new() } else { format!("; {advice}") };
    Failure::new(FailureKind::Tls, format!("{target} cannot be trusted: {}{advice}", printable(&cause)))
}
