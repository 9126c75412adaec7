//! A program that is its own probe: the example `container` with the argument `healthcheck`.
#![cfg(unix)]
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

mod addresses;
mod answers;
#[cfg(target_os = "linux")]
mod container;

use std::{
    io::{BufRead, BufReader, Read, Write},
    net::{SocketAddr, TcpListener, TcpStream},
    process::{Command, Stdio},
    sync::OnceLock,
    thread,
};

use health_tests::{Example, example};

/// Returns the command that runs the example with these arguments, without a variable.
fn app(arguments: &[&str]) -> Command {
    static PROGRAM: OnceLock<std::ffi::OsString> = OnceLock::new();
    let program = PROGRAM.get_or_init(|| example("container").get_program().to_owned());
    let mut command = Command::new(program);
    command.args(arguments).env_remove("HEALTH_ADDRESS").stdout(Stdio::piped()).stderr(Stdio::piped());
    command
}

/// Runs the probe. Returns its exit code and its line.
fn run(command: &mut Command) -> (i32, String) {
    let output = command.output().expect("the program runs");
    assert!(output.stderr.is_empty(), "{}", String::from_utf8_lossy(&output.stderr));
    let text = String::from_utf8(output.stdout).expect("text");
    let line = text.strip_suffix('\n').expect("a line");
    assert!(!line.contains('\n'), "{line}");
    (output.status.code().expect("no signal"), line.to_owned())
}

/// Probes an address. Returns the exit code and the line.
fn probe(address: &str) -> (i32, String) {
    run(&mut app(&["healthcheck", address]))
}

/// Starts the service, and returns the address that it prints.
fn start(command: &mut Command) -> (Example, SocketAddr) {
    let mut service = Example(command.env("HEALTH_ADDRESS", "127.0.0.1:0").spawn().expect("the service starts"));
    let mut line = String::new();
    let stdout = service.0.stdout.as_mut().expect("a pipe");
    BufReader::new(stdout).read_line(&mut line).expect("a line");
    let address = line.trim().trim_start_matches("http://").trim_end_matches("/health");
    (service, address.parse().unwrap_or_else(|_| panic!("no address: {line:?}")))
}

/// Serves each connection by a function, which gets it once the request has come.
fn serve_raw(serve: impl Fn(TcpStream) + Send + 'static) -> SocketAddr {
    let listener = TcpListener::bind("127.0.0.1:0").expect("a free port");
    let address = listener.local_addr().expect("an address");
    thread::spawn(move || {
        for stream in listener.incoming() {
            let mut stream = stream.expect("a connection");
            let _ = stream.read(&mut [0; 1024]);
            serve(stream);
        }
    });
    address
}

/// Answers each request with these bytes.
fn serve_bytes(bytes: impl Into<Vec<u8>>) -> SocketAddr {
    let bytes = bytes.into();
    serve_raw(move |mut stream| _ = stream.write_all(&bytes))
}
