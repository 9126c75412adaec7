//! Versions, protocols, and handshakes that do not end.

use std::time::Duration;

use health_runtime::Tls;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::timeout,
};
use tokio_rustls::rustls::{
    ProtocolVersion,
    version::{TLS12, TLS13},
};

use super::{
    authority::{Authority, Folder},
    client::{Client, request},
    serve,
};

#[tokio::test]
async fn tls_1_2_and_1_3_work_with_http_1_1() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (certificate, key) = folder.issued(&authority.server());
    let server = serve(Tls::new(certificate, key));
    let address = server.local_addrs()[0];
    for (version, spoken) in [(&TLS12, ProtocolVersion::TLSv1_2), (&TLS13, ProtocolVersion::TLSv1_3)] {
        let client = Client::new(&authority, None, &[version]);
        let stream = client.connect(address).await.expect("a connection");
        assert_eq!(stream.get_ref().1.protocol_version(), Some(spoken));
        let answer = client.get(address, "/health/levels/5").await;
        assert_eq!((answer.status, answer.json()["status"].as_str()), (200, Some("pass")));
    }
    assert!(Client::trusting(&Authority::new()).connect(address).await.is_err(), "another authority vouches for it");
    server.stop().await;
}

/// Probers with HTTP/1.0, such as HAProxy's, may offer it in the handshake.
#[tokio::test]
async fn http_1_0_can_be_negotiated() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (certificate, key) = folder.issued(&authority.server());
    let server = serve(Tls::new(certificate, key));
    let address = server.local_addrs()[0];
    for (offered, spoken) in [
        (&["http/1.0"][..], Some("http/1.0")),
        (&["http/1.0", "http/1.1"], Some("http/1.1")),
        (&["h2", "http/1.1"], Some("http/1.1")),
        (&["h2"], None),
    ] {
        let stream = Client::trusting(&authority).speaking(offered).connect(address).await;
        let alpn = stream.as_ref().ok().and_then(|stream| stream.get_ref().1.alpn_protocol());
        assert_eq!(alpn, spoken.map(str::as_bytes), "{offered:?}");
        if let (Ok(stream), Some("http/1.0")) = (stream, spoken) {
            assert_eq!(health_tests::exchange(stream, "GET /livez HTTP/1.0\r\n\r\n").await.status, 200);
        }
    }
    server.stop().await;
}

/// A `ClientHello` of TLS 1.1 (RFC 4346, section 7.4.1.2), and the response.
#[tokio::test]
async fn tls_1_1_is_refused() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (certificate, key) = folder.issued(&authority.server());
    let server = serve(Tls::new(certificate, key));
    for minor in [1, 2] {
        let mut hello = vec![3, minor];
        hello.extend([7; 32]); // random
        hello.push(0); // no session
        hello.extend([0, 4, 0xc0, 0x13, 0x00, 0x2f]); // ECDHE-RSA and RSA, AES-128-CBC-SHA
        hello.extend([1, 0]); // no compression
        hello.extend([0, 18]); // the length of the extensions, which rustls wants to see first
        hello.extend([0, 13, 0, 6, 0, 4, 4, 3, 8, 4]); // signatures: ECDSA and RSA-PSS
        hello.extend([0, 10, 0, 4, 0, 2, 0, 23]); // groups: P-256
        let length = u8::try_from(hello.len()).expect("a short one");
        let greeting = [&[22, 3, 1, 0, length + 4, 1, 0, 0, length], hello.as_slice()].concat();
        let mut stream = TcpStream::connect(server.local_addrs()[0]).await.expect("a server");
        stream.write_all(&greeting).await.expect("it is open");
        let mut answer = Vec::new();
        let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.expect("it was closed");
        // A fatal alert: `protocol_version` (RFC 5246, section 7.2).
        assert_eq!(&answer[5..], [2, 70], "{answer:?}");
        assert_eq!(answer[0], 21);
    }
    server.stop().await;
}

#[tokio::test]
async fn plain_http_gets_no_response() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (certificate, key) = folder.issued(&authority.server());
    let server = serve(Tls::new(certificate, key));
    let mut stream = TcpStream::connect(server.local_addrs()[0]).await.expect("a server");
    stream.write_all(request("/livez").as_bytes()).await.expect("it is open");
    let mut answer = Vec::new();
    let _ = timeout(Duration::from_secs(5), stream.read_to_end(&mut answer)).await.expect("it was closed");
    assert!(!answer.starts_with(b"HTTP"));
    server.stop().await;
}

/// More unfinished handshakes than the server holds connections.
#[tokio::test]
async fn unfinished_handshakes_delay_no_request() {
    let (authority, folder) = (Authority::new(), Folder::new());
    let (certificate, key) = folder.issued(&authority.server());
    let server = serve(Tls::new(certificate, key));
    let address = server.local_addrs()[0];
    let client = Client::trusting(&authority);
    let mut stalled = Vec::new();
    for number in 0..300 {
        let mut stream = TcpStream::connect(address).await.expect("it accepts");
        // The beginning of a ClientHello.
        stream.write_all(&[22, 3, 1, 0, 200, 1][..number % 7]).await.expect("it is open");
        stalled.push(stream);
        if number % 50 == 0 {
            timeout(Duration::from_secs(5), client.get(address, "/livez")).await.expect("an answer");
        }
    }
    let answer = timeout(Duration::from_secs(5), client.get(address, "/livez")).await.expect("an answer");
    assert_eq!(answer.body, "ok");
    // They do not delay the shutdown either.
    timeout(Duration::from_secs(5), server.stop()).await.expect("it ended");
}
