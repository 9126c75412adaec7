//! Answers of a server that is ill, slow, or not an endpoint.

use std::{
    io::Write,
    net::TcpListener,
    thread,
    time::{Duration, SystemTime},
};

use super::{app, probe, serve_bytes, serve_raw};

/// The limit of the probe, and the time to start a process on a busy machine.
const LATEST: Duration = Duration::from_secs(3 + 12);

#[test]
fn status_line_alone_decides() {
    for (answer, code, expected) in [
        ("HTTP/1.1 200 OK\r\nContent-Length: 5\r\n\r\nfail!", 0, "answers 200 OK"),
        ("HTTP/1.0 200 OK\r\n\r\n", 0, "answers 200 OK"),
        ("HTTP/1.1 204 No Content\r\n\r\n", 0, "answers 204 No Content"),
        ("HTTP/1.1 299 \u{1b}[31mred\r\n\r\n", 0, "answers 299 <unknown status code>"),
        (
            "HTTP/1.1 308 Moved\r\nLocation: /x\r\n\r\n",
            1,
            "answers 308 Permanent Redirect; the probe follows no redirect",
        ),
        ("HTTP/1.1 401 Unauthorized\r\n\r\n", 1, "answers 401 Unauthorized; the probe has no credentials"),
        ("HTTP/1.1 403 Forbidden\r\n\r\n", 1, "answers 403 Forbidden; the probe has no credentials"),
        ("HTTP/1.1 429 Too Many Requests\r\n\r\n", 1, "answers 429 Too Many Requests"),
        ("HTTP/1.1 503 Service Unavailable\r\n\r\n", 1, "answers 503 Service Unavailable"),
        ("HTTP/1.1 100 Continue\r\n\r\n", 1, "answers 100 Continue"),
        ("HTTP/1.1 200 OK", 1, "does not answer in HTTP/1.1"),
        ("SSH-2.0-OpenSSH_9.2\r\n", 1, "does not answer in HTTP/1.1"),
        ("\u{15}\u{3}\u{1}\0\u{2}\u{2}\n", 1, "answers in TLS: the probe speaks no TLS"),
        ("", 1, "closes the connection without an answer"),
    ] {
        let address = serve_bytes(answer);
        let (exit, line) = probe(&address.to_string());
        assert_eq!(exit, code, "{line}");
        let verdict = if code == 0 { "healthy" } else { "unhealthy" };
        assert!(line.starts_with(&format!("{verdict}: http://{address}/livez {expected}")), "{answer:?}: {line:?}");
        assert!(!line.contains(char::is_control), "{line:?}");
    }
}

/// Asserts that the probe gives up in time.
fn assert_gives_up(address: &str, expected: &str) {
    let began = SystemTime::now();
    let (code, line) = probe(address);
    let took = began.elapsed().expect("the clock goes on");
    assert_eq!(code, 1, "{line}");
    assert!(line.contains(expected), "{line}");
    assert!(took < LATEST, "{took:?}");
}

#[test]
fn slow_server_costs_three_seconds() {
    let silent = serve_raw(|stream| {
        thread::sleep(Duration::from_mins(1));
        drop(stream);
    });
    // Each byte in time, and all of them together far too late.
    let dripping = serve_raw(|mut stream| {
        for byte in b"HTTP/1.1 200 Fine" {
            let _ = stream.write_all(&[*byte]);
            thread::sleep(Duration::from_millis(500));
        }
    });
    // It never accepts, and the kernel completes the handshake.
    let busy = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let busy = busy.local_addr().map(|address| (address, busy)).expect("an address");
    thread::scope(|scope| {
        for address in [silent, dripping, busy.0] {
            let expected = "takes the connection, but does not answer within 3 s";
            scope.spawn(move || assert_gives_up(&address.to_string(), expected));
        }
    });
}

#[test]
fn endless_first_line_is_not_read_to_its_end() {
    let endless = serve_raw(|mut stream| while stream.write_all(&[b'x'; 4096]).is_ok() {});
    assert_gives_up(&endless.to_string(), "does not answer in HTTP/1.1");
}

#[test]
fn closed_port_is_unhealthy_at_once() {
    let free = TcpListener::bind("127.0.0.1:0").and_then(|listener| listener.local_addr()).expect("a free port");
    let (code, line) = probe(&free.to_string());
    assert_eq!(code, 1);
    assert!(line.contains("Connection refused") && line.contains("set HEALTH_ADDRESS"), "{line}");
}

/// Docker ends the command by closing its pipes.
#[test]
fn closed_output_does_not_change_the_exit_code() {
    let address = serve_bytes("HTTP/1.1 200 OK\r\n\r\n");
    for (target, code) in [(address.to_string(), 0), ("--help".to_owned(), 1)] {
        let mut probe = app(&["healthcheck", &target]);
        let (reader, writer) = std::io::pipe().expect("a pipe");
        drop(reader);
        let status = probe.stdout(writer).status().expect("the program runs");
        assert_eq!(status.code(), Some(code), "{target}");
    }
}
