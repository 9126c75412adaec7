//! Arguments, the variable, and the sockets to which they lead.

use std::{ffi::OsStr, os::unix::ffi::OsStrExt, path::Path};

use health_runtime::{Server, UnixSocket, health_endpoint};

use super::{app, probe, run, serve_bytes, start};

#[test]
fn service_answers_its_own_probe() {
    let (_service, address) = start(&mut app(&[]));
    let expected = |path: &str| (0, format!("healthy: http://{address}{path} answers 200 OK"));
    assert_eq!(probe(&address.to_string()), expected("/livez"));
    assert_eq!(probe(&format!("http://{address}/health/live?verbose")), expected("/health/live"));

    let variable = |arguments: &[&str]| run(app(arguments).env("HEALTH_ADDRESS", address.to_string()));
    assert_eq!(variable(&["healthcheck"]), expected("/livez"));
    assert_eq!(variable(&["healthcheck", "/startupz"]), expected("/startupz"));
    let readiness = variable(&["healthcheck", "/readyz"]);
    // The cache fills for the first seconds.
    let failing = (1, format!("unhealthy: http://{address}/readyz answers 503 Service Unavailable"));
    assert!(readiness == failing || readiness == expected("/readyz"), "{readiness:?}");

    // The variable may be the address on which the service listens.
    let wildcard = format!("0.0.0.0:{}", address.port());
    assert_eq!(run(app(&["healthcheck"]).env("HEALTH_ADDRESS", &wildcard)), expected("/livez"));
    let localhost = format!("healthy: http://localhost:{}/livez answers 200 OK", address.port());
    for text in [format!("{}", address.port()), format!(":{}", address.port()), format!("[::]:{}", address.port())] {
        assert_eq!(probe(&text), (0, localhost.clone()), "{text}");
    }
}

#[test]
fn argument_wins_over_the_variable() {
    let good = serve_bytes("HTTP/1.1 200 OK\r\n\r\n");
    let bad = serve_bytes("HTTP/1.1 500 Internal Server Error\r\n\r\n");
    let (code, line) = run(app(&["healthcheck", &good.to_string()]).env("HEALTH_ADDRESS", bad.to_string()));
    assert_eq!((code, line), (0, format!("healthy: http://{good}/livez answers 200 OK")));
    let (code, line) = run(app(&["healthcheck"]).env("HEALTH_ADDRESS", bad.to_string()));
    assert_eq!((code, line), (1, format!("unhealthy: http://{bad}/livez answers 500 Internal Server Error")));
}

#[test]
fn ipv6_is_asked_where_the_service_listens_there_alone() {
    let Ok(listener) = std::net::TcpListener::bind("[::1]:0") else { return };
    let port = listener.local_addr().expect("an address").port();
    std::thread::spawn(move || {
        for stream in listener.incoming() {
            std::io::Write::write_all(&mut stream.expect("a connection"), b"HTTP/1.1 200 OK\r\n\r\n").expect("sent");
        }
    });
    assert_eq!(probe(&format!("[::1]:{port}")), (0, format!("healthy: http://[::1]:{port}/livez answers 200 OK")));
    assert_eq!(probe(&format!("{port}")), (0, format!("healthy: http://localhost:{port}/livez answers 200 OK")));
}

#[test]
fn unix_socket_is_asked() {
    let path = Path::new(env!("CARGO_TARGET_TMPDIR")).join("healthcheck.sock");
    let path = path.to_str().expect("UTF-8");
    let health = health_endpoint! {}.expect("a good endpoint");
    let _server = Server::new().listen_unix(UnixSocket::new(path), &health).start().expect("a free socket");
    assert_eq!(probe(&format!("unix:{path}")), (0, format!("healthy: unix:{path}:/livez answers 200 OK")));
    assert_eq!(probe(&format!("unix://{path}:/readyz")), (0, format!("healthy: unix:{path}:/readyz answers 200 OK")));
    let (code, line) = run(app(&["healthcheck", "/nowhere"]).env("HEALTH_ADDRESS", format!("unix:{path}")));
    assert_eq!(code, 1);
    assert!(line.starts_with(&format!("unhealthy: unix:{path}:/nowhere answers 404 Not Found; name a path")), "{line}");
    let (code, line) = probe("unix:/nowhere/health.sock");
    assert_eq!(code, 1);
    assert!(line.contains("cannot be asked: No such file or directory"), "{line}");
}

#[test]
fn mistakes_are_unhealthy_and_say_the_cure() {
    for (arguments, variable, expected) in [
        (&["healthcheck", "https://localhost:8443/livez"][..], "", "the probe speaks no TLS"),
        (&["healthcheck", "--help"], "", "write for example `localhost:8080`"),
        (&["healthcheck", "localhost:1", "/livez"], "", "2 arguments follow `healthcheck`"),
        (&["healthcheck", "/run/app.sock"], "", "write `unix:/run/app.sock`"),
        (&["healthcheck", ""], "", "`` is not a valid address"),
        (&["healthcheck"], "localhost", "HEALTH_ADDRESS: `localhost` is not a valid address"),
        (&["healthcheck", "/readyz"], "http://root:hunter2@a", "HEALTH_ADDRESS: the address has a user"),
    ] {
        let (code, line) = run(app(arguments).env("HEALTH_ADDRESS", variable));
        assert_eq!(code, 1, "{line}");
        assert!(line.starts_with("unhealthy: ") && line.contains(expected), "{arguments:?}: {line}");
        assert!(!line.contains("hunter2"), "{line}");
    }
    let not_utf8 = OsStr::from_bytes(b"localhost\xff:80");
    for command in [app(&["healthcheck"]).arg(not_utf8), app(&["healthcheck"]).env("HEALTH_ADDRESS", not_utf8)] {
        let (code, line) = run(command);
        assert_eq!(code, 1, "{line}");
        assert!(line.contains("not valid UTF-8"), "{line}");
    }
}

#[test]
fn other_arguments_start_the_service() {
    for arguments in [&["serve"][..], &["--healthcheck"], &["serve", "healthcheck"], &["healthcheck-now"]] {
        let (_service, address) = start(&mut app(arguments));
        assert_eq!(probe(&address.to_string()).0, 0, "{arguments:?}");
    }
}
