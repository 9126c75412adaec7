//! The program as its own probe, for containers without a shell.

mod address;
mod exchange;

use std::{
    env,
    ffi::{OsStr, OsString},
    io::{self, Write},
    process::{self, ExitCode},
    sync::{Arc, OnceLock, mpsc},
    thread,
    time::Duration,
};

use address::EndpointAddress;

/// The argument that turns the program into its own probe.
const SUBCOMMAND: &str = "healthcheck";

/// The address of the endpoint where no argument names one.
const ADDRESS_VARIABLE: &str = "HEALTH_ADDRESS";

/// Time for everything: the lookup of the name, the connection and the answer.
const PROBE_LIMIT: Duration = Duration::from_secs(3);

/// Turns the program into its own probe if its first argument is `healthcheck`: asks the health endpoint of the running service,
/// prints one line and ends the process, with 0 if the endpoint answers 2xx, else with 1. With any other arguments, or
/// none, it does nothing.
///
/// So `HEALTHCHECK CMD ["/app", "healthcheck"]` works in an image that holds nothing but the program. Call it at the top of
/// `main`, before settings are read and before anything else is started:
///
/// ```no_run
/// use std::error::Error;
///
/// use health_runtime::{health_endpoint, healthcheck};
///
/// #[tokio::main]
/// async fn main() -> Result<(), Box<dyn Error>> {
///     healthcheck();
///     let app = axum::Router::new().merge(health_endpoint! {}?);
///     axum::serve(tokio::net::TcpListener::bind("0.0.0.0:8080").await?, app).await?;
///     Ok(())
/// }
/// ```
///
/// The address is the second argument, or else the environment variable `HEALTH_ADDRESS`, or else
/// `http://localhost:8080/livez`:
///
/// | address | meaning |
/// |---|---|
/// | `9090`, `:9090`, `127.0.0.1:9090`, `[::1]:9090`, `localhost:9090` | `/livez` at this port |
/// | `localhost:9090/readyz`, `http://localhost:9090/readyz` | this path, with its query if it has one |
/// | `unix:/run/app/health.sock`, `unix:/run/app/health.sock:/readyz` | the same over a Unix socket |
/// | `/readyz`, as an argument | this path at the address of `HEALTH_ADDRESS` |
///
/// `0.0.0.0` and `[::]` mean the loopback interface, so that the variable may be the address on which the service listens.
///
/// The probe speaks HTTP without TLS, sends no credentials, follows no redirect, reads the status line alone, and takes 3 s at
/// most, whatever the server does. Anything but 2xx is unhealthy. It needs no async runtime. An address that is not valid, and a
/// third argument, are unhealthy as well, and the line says what to write instead.
///
/// The default is liveness because Docker Swarm, ECS and Podman *replace* an unhealthy container: readiness would restart all
/// containers when the database is down. The guide on [containers and systemd](crate::_docs::containers_and_systemd) has the
/// Dockerfile, and says where readiness is right.
///
/// A program with a subcommand `healthcheck` of its own calls [`healthcheck_at`] where it wants to.
pub fn healthcheck() {
    let mut arguments = env::args_os().skip(1);
    if arguments.next().is_some_and(|first| first == SUBCOMMAND) {
        let address = address(&arguments.collect::<Vec<_>>());
        process::exit(i32::from(!is_healthy(address)));
    }
}

/// Probes the endpoint at an address as [`healthcheck`] does, prints one line, and returns the exit code: for a program that
/// parses its arguments by itself, or has the address among its settings. It blocks for 3 s at most.
///
/// ```no_run
/// use std::process::ExitCode;
///
/// use health_runtime::healthcheck_at;
///
/// fn main() -> ExitCode {
///     // After `app --config /etc/app.toml probe` was parsed:
///     healthcheck_at("unix:/run/app/health.sock")
/// }
/// ```
#[must_use = "the exit code tells whether the service is healthy"]
pub fn healthcheck_at(address: &str) -> ExitCode {
    ExitCode::from(u8::from(!is_healthy(EndpointAddress::parse(address))))
}

/// Returns the address that these arguments name, or the variable.
fn address(arguments: &[OsString]) -> Result<EndpointAddress, String> {
    let of_variable = || match env::var_os(ADDRESS_VARIABLE).filter(|value| !value.is_empty()) {
        Some(value) => {
            EndpointAddress::parse(utf8(&value)?).map_err(|problem| format!("{ADDRESS_VARIABLE}: {problem}"))
        }
        None => Ok(EndpointAddress::default()),
    };
    match arguments {
        [] => of_variable(),
        [path] if utf8(path)?.starts_with('/') => of_variable()?.with_path(utf8(path)?),
        [address] => EndpointAddress::parse(utf8(address)?),
        more => Err(format!("{} arguments follow `{SUBCOMMAND}`; write one address at most", more.len())),
    }
}

fn utf8(text: &OsStr) -> Result<&str, String> {
    text.to_str().ok_or_else(|| "the address is not valid UTF-8; write for example `localhost:8080/livez`".to_owned())
}

/// Prints one line about the endpoint. Returns whether it is healthy.
fn is_healthy(address: Result<EndpointAddress, String>) -> bool {
    let answer = address.and_then(ask);
    let line = match &answer {
        Ok(line) => format!("healthy: {line}\n"),
        Err(line) => format!("unhealthy: {line}\n"),
    };
    // Docker may have closed the pipe, which must not change the exit code.
    let _ = io::stdout().write_all(line.as_bytes());
    answer.is_ok()
}

/// Asks on a thread of its own, because neither a lookup nor a server that drips its answer ends at a time limit.
fn ask(address: EndpointAddress) -> Result<String, String> {
    let (shown, is_connected) = (address.to_string(), Arc::<OnceLock<()>>::default());
    let (sender, answer) = mpsc::channel();
    let connected = Arc::clone(&is_connected);
    let probe = move || _ = sender.send(exchange::ask(&address, PROBE_LIMIT, || _ = connected.set(())));
    let thread = thread::Builder::new().name(SUBCOMMAND.to_owned()).spawn(probe);
    thread.map_err(|error| format!("the probe cannot start a thread: {error}"))?;
    answer.recv_timeout(PROBE_LIMIT).unwrap_or_else(|_| {
        let limit = PROBE_LIMIT.as_secs();
        Err(match is_connected.get() {
            Some(()) => format!("{shown} takes the connection, but does not answer within {limit} s"),
            None => format!("{shown} takes no connection within {limit} s"),
        })
    })
}
