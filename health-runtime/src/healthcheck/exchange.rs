//! One request and the status line of its answer, on blocking sockets.

#[cfg(unix)]
use std::os::unix::net::UnixStream;
use std::{
    io::{self, ErrorKind, Read, Write},
    net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpStream, ToSocketAddrs},
    time::Duration,
};

use http::StatusCode;

use super::address::{EndpointAddress, SocketKind, TLS_PROBLEM};

/// Maximum length of a status line. Reason phrases are short.
const MAX_STATUS_LINE_BYTES: usize = 1024;

/// First bytes of an alert and of a handshake of TLS.
const TLS_RECORDS: [u8; 2] = [0x15, 0x16];

/// Asks for the path of an address. Returns a sentence about the answer, as an error where it is not 2xx.
///
/// The caller gives up at the limit. Each step ends at twice that time at the latest, so that the thread ends as well.
pub(super) fn ask(address: &EndpointAddress, limit: Duration, connected: impl FnOnce()) -> Result<String, String> {
    let failed = |error: io::Error| {
        let cure = match error.kind() {
            ErrorKind::ConnectionRefused | ErrorKind::NotFound => {
                "; if the service listens elsewhere, set HEALTH_ADDRESS or write the address as an argument"
            }
            _ => "",
        };
        format!("{address} cannot be asked: {error}{cure}")
    };
    let line = match &address.socket {
        SocketKind::Tcp { host, port } => {
            let stream = connect(host, *port, limit).map_err(failed)?;
            connected();
            stream.set_read_timeout(Some(2 * limit)).map_err(failed)?;
            status_line(stream, address)
        }
        #[cfg(unix)]
        SocketKind::Unix(path) => {
            let stream = UnixStream::connect(path).map_err(failed)?;
            connected();
            stream.set_read_timeout(Some(2 * limit)).map_err(failed)?;
            status_line(stream, address)
        }
        #[cfg(not(unix))]
        SocketKind::Unix(_) => return Err("this system has no Unix sockets; write `localhost:8080`".to_owned()),
    };
    judge(address, &line.map_err(failed)?)
}

/// Connects to the first address of a host that accepts.
fn connect(host: &str, port: u16, limit: Duration) -> io::Result<TcpStream> {
    let addresses: Vec<SocketAddr> = if host.eq_ignore_ascii_case("localhost") {
        // Without a lookup: an empty image has no list of hosts.
        vec![(Ipv4Addr::LOCALHOST, port).into(), (Ipv6Addr::LOCALHOST, port).into()]
    } else {
        (host, port).to_socket_addrs()?.collect()
    };
    let limit = limit / u32::try_from(addresses.len().max(1)).unwrap_or(u32::MAX);
    let mut failed = None;
    for address in addresses {
        match TcpStream::connect_timeout(&address, limit) {
            Ok(stream) => return Ok(stream),
            // The first address is the more likely one.
            Err(error) => failed = failed.or(Some(error)),
        }
    }
    Err(failed.unwrap_or_else(|| io::Error::new(ErrorKind::NotFound, "the name has no address")))
}

/// Sends the request. Returns the answer up to the end of its first line, to its end, or to the maximum length.
fn status_line(mut stream: impl Read + Write, address: &EndpointAddress) -> io::Result<Vec<u8>> {
    let (path, host, version) = (&address.path, address.host(), env!("CARGO_PKG_VERSION"));
    let request = format!(
        "GET {path} HTTP/1.1\r\nHost: {host}\r\nUser-Agent: health-runtime/{version}\r\nAccept: */*\r\nConnection: close\r\n\r\n"
    );
    // A server that refuses may close before it has read everything.
    let sent = stream.write_all(request.as_bytes());
    let mut line = Vec::new();
    let mut received = [0; 256];
    while !line.contains(&b'\n') && line.len() < MAX_STATUS_LINE_BYTES {
        match stream.read(&mut received) {
            Ok(0) => break,
            Ok(length) => line.extend_from_slice(&received[..length]),
            Err(error) if error.kind() == ErrorKind::Interrupted => {}
            Err(_) if !line.is_empty() => break,
            Err(error) => return sent.and(Err(error)),
        }
    }
    Ok(line)
}

/// Returns a sentence about an answer, as an error where it is not 2xx. Nothing of its text is repeated.
fn judge(address: &EndpointAddress, line: &[u8]) -> Result<String, String> {
    let Some(code) = status_code(line) else {
        return Err(match line.first() {
            None => format!("{address} closes the connection without an answer"),
            Some(first) if TLS_RECORDS.contains(first) => format!("{address} answers in TLS: {TLS_PROBLEM}"),
            Some(_) => format!("{address} does not answer in HTTP/1.1; is it the address of the endpoint?"),
        });
    };
    let answer = format!("{address} answers {code}");
    let cure = match code.as_u16() {
        200..=299 => return Ok(answer),
        300..=399 => "; the probe follows no redirect: name the path to which it leads",
        401 | 403 => {
            "; the probe has no credentials: name a group without a policy, such as `/livez`, or an address of its own"
        }
        404 => "; name a path of the endpoint, such as `/health/live`",
        _ => "",
    };
    Err(answer + cure)
}

/// Returns the status code of a line such as `HTTP/1.1 200 OK`.
fn status_code(line: &[u8]) -> Option<StatusCode> {
    let code = line.strip_prefix(b"HTTP/1.").and_then(|rest| rest.split_first_chunk::<2>())?.1.split_at_checked(3)?;
    let is_complete = matches!(code.1.first(), Some(b' ' | b'\r' | b'\n'));
    StatusCode::from_bytes(code.0).ok().filter(|_| is_complete && line.contains(&b'\n'))
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::any, prop_assert, prop_assert_eq, proptest};

    use super::*;

    proptest! {
        #[test]
        fn answer_of_any_bytes_is_judged_by_its_code_alone(bytes in vec(any::<u8>(), 0..64), code in 100_u16..1000) {
            let address = EndpointAddress::default();
            let answer = [format!("HTTP/1.1 {code} ").as_bytes(), &bytes, b"\n"].concat();
            for judgement in [judge(&address, &bytes), judge(&address, &answer)] {
                let sentence = judgement.unwrap_or_else(|problem| problem);
                prop_assert!(!sentence.contains(char::is_control), "{sentence}");
            }
            prop_assert_eq!(judge(&address, &answer).is_ok(), (200..300).contains(&code));
        }
    }

    #[test]
    fn status_line_is_read_strictly() {
        let codes = [
            ("HTTP/1.1 200 OK\r\n", Some(200)),
            ("HTTP/1.0 503 Service Unavailable\r\nA: b", Some(503)),
            ("HTTP/1.1 204\r\n", Some(204)),
            ("HTTP/1.1 200\n", Some(200)),
            ("HTTP/1.1 200 OK", None),
            ("HTTP/1.1 2000 OK\r\n", None),
            ("HTTP/1.1 20", None),
            ("HTTP/1.1 2x0 OK\r\n", None),
            ("HTTP/2 200\r\n", None),
            ("200 OK\r\n", None),
            ("", None),
        ];
        for (line, code) in codes {
            assert_eq!(status_code(line.as_bytes()).map(|code| code.as_u16()), code, "{line:?}");
        }
    }
}
