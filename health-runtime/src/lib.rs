#![doc = include_str!("../docs/overview.md")]
#![cfg_attr(docsrs, feature(doc_cfg))]

// Expansions say `::health_runtime`, also inside this crate's own tests and examples.
extern crate self as health_runtime;

mod build_info;
#[cfg(any(feature = "server", feature = "probe-http"))]
mod byte_stream;
mod check_runtime;
mod details;
mod disclosure;
mod error;
#[cfg(feature = "grpc")]
mod grpc;
mod http;
mod log;
mod mask;
mod maybe_ready;
#[macro_use]
mod model;
mod monitor;
mod registry;
mod render;
mod rendering;
mod run_result;
mod runner;
#[cfg(any(feature = "haproxy-agent", feature = "server"))]
mod server;
mod state;
mod suggest;
mod sync;
mod text;
mod time;
mod validation;

pub mod access;
pub mod probes;
#[cfg(feature = "testing")]
pub mod testing;

// The examples of the guides need every feature.
#[cfg(all(doc, any(not(doctest), feature = "full")))]
pub mod _docs;

#[doc(hidden)]
pub mod __private;

pub use build_info::{BuildInfo, BuildMetadata};
pub use details::Details;
pub use disclosure::{Public, Secret};
pub use error::{Error, Problem, UnknownCheck};
#[cfg(feature = "grpc")]
pub use grpc::GrpcHealth;
/// Gives a type what was built, from what, when and how, as the constant [`BuildInfo::BUILD_INFO`].
///
/// ```
/// use health_runtime::BuildInfo;
///
/// #[derive(BuildInfo)]
/// #[build_info(repo = "abc/api")]
/// struct App;
///
/// let info = App::BUILD_INFO;
/// assert_eq!(info.repo(), Some("abc/api"));
/// println!("{} {} from {:?}", info.name(), info.version(), info.revision_short());
/// ```
///
/// There is no build script to write, and nothing to pass to the build.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `repo = "…"` | `package.repository`, if there is one | where the source lives, a name or a URL |
/// | `name = "…"` | the package's name | what the service is called |
/// | `crate = path` | `::health_runtime` | for a renamed or re-exported runtime |
///
/// # Where the values come from
///
/// The rule is that a wrong value is worse than none. What is not known is `None`; what could go stale without
/// cargo noticing is left out.
///
/// - **revision**: `HEAD` of the git repository around the crate, if it records the crate's `Cargo.toml`. A crate
///   that is ignored, or new and not committed yet, has none; `GIT_REVISION` can then state one. Nor has a branch
///   without a commit.
///   - In a package, the revision that `cargo package` wrote into it, never that of a repository around it. Another
///     source that cargo unpacked or vendored has none.
///   - Without a repository, the variable `GIT_REVISION`, else those of the usual CI systems (`GITHUB_SHA`,
///     `CI_COMMIT_SHA`, …), if it holds 7 to 64 hexadecimal digits.
/// - **dirty**: whether a file that `HEAD` records has other content in the working tree, or is gone. What is staged
///   makes no difference, nor do files that are not recorded. It needs the `git` program, and at most 4,096 recorded
///   files and 16 MiB. A clean tree is known as such only if it has no symbolic links and no submodules, and every
///   recorded file is there; a tree that differs only in what is gone is not known either.
/// - **build date**: `SOURCE_DATE_EPOCH` if it is set, else the time at which the crate was compiled. A value that is
///   no number of seconds is a compile error.
/// - **language**: the version of `rustc`.
/// - **profile**: `debug` with debug assertions, else `release`. Custom profiles have no name that code can see.
///
/// The endpoint adds what only the process knows: `environment` from the variable `APP_ENV`, else from a public host name in
/// the request; `deployed_at` from the variable `DEPLOYED_AT` in RFC 3339, absent without it; `started_at` and the uptime.
///
/// # When the crate is compiled again
///
/// The values are right after a commit, an amendment, a switch of branches, `git gc`, in worktrees, submodules and
/// shallow clones, with or without a `git` program: cargo watches the files that they were read from. A build
/// in which nothing changed compiles nothing.
///
/// While the tree is clean, any change of a recorded file compiles the crate once more, so that `dirty` can
/// turn; while it is dirty, one file that differs is watched. Checked with the most files there can be, this costs
/// the compilation about half a second.
///
/// # Limits
///
/// - Cargo goes by modification times: a file that is put back together with an old time is not noticed.
/// - Two clones that are built into one target folder are one crate to cargo, so that the second may show what the
///   first was.
/// - Without a `git` program, or where git refuses a repository because somebody else owns it, nobody can tell whether
///   a crate in a folder of a repository belongs to it; it is taken to.
/// - Where git keeps no log of `HEAD` (`core.logAllRefUpdates = false`), a branch that is packed has no revision.
/// - Until the first commit or until something is staged, each build compiles the crate. That works on Linux; elsewhere
///   a first commit is noticed only if something was staged when the crate was compiled.
#[doc(inline)]
pub use health_macros::BuildInfo;
// The examples that declare checks are crates of their own, because all checks of one program are one set.
/// Declares a function as a health check.
///
/// ```standalone_crate
/// use health_runtime::{Registry, health_check};
///
/// # struct Pool;
/// # impl Pool { async fn ping(&self) -> Result<(), std::io::Error> { Ok(()) } }
/// /// Can the database be reached?
/// #[health_check(level = 1, timeout = "2s", readiness)]
/// async fn database(pool: &Pool) -> Result<(), std::io::Error> {
///     pool.ping().await
/// }
///
/// # fn main() -> Result<(), health_runtime::Error> {
/// // `health_endpoint!` does this for you.
/// let registry = Registry::builder().declared().state(Pool).build()?;
/// let database = registry.checks().next().expect("one check is declared");
/// assert_eq!(database.name(), "database");
/// assert_eq!(database.description(), Some("Can the database be reached?"));
/// # Ok(())
/// # }
/// ```
///
/// That is all there is to write: the check is found wherever it stands in the program, and nothing lists it.
/// (One exception: a crate that is never named in the code is not linked. `crates: [my_checks]` of
/// [`health_endpoint!`] names it.)
///
/// # Keys
///
#[doc = include_str!("../docs/health_check_keys.md")]
///
/// Durations are numbers with units, as in `"500ms"`, `"1m 30s"` or `"1d"`. The
/// flags may be written `liveness = true` or `= false`, too. The function's doc comment is the check's description.
///
/// # The function
///
/// It stays as it is, to be called and tested like any other.
///
/// - An `async fn` runs as a task of its own. A plain `fn` may block: it runs on the blocking pool, at most one of
///   it alive.
/// - Parameters are `&T` or `Option<&T>`, where `T` is `Send + Sync + 'static`, and are looked up by their type in the
///   state that was handed to the endpoint. A `&T` that is not there is a start-up error; an `Option<&T>` is `None`.
///   There is one value of each type: two pools need a type of their own each. An `Arc<T>` in the state serves `&T`, too,
///   unless there is a `T`. State that has no size is handed over in something that has: `&Arc<dyn Trait>`, `&String`.
/// - It returns what [`IntoOutcome`] is implemented for: `()`, `bool`, [`Status`], [`Outcome`], [`Details`], or a
///   `Result` of these with an error that is `Display`.
/// - It is a free function (not a method), and not generic.
///
/// Mistakes are compile errors, all of them in one build.
///
/// ```standalone_crate
/// use health_runtime::{Details, health_check};
/// # #[derive(Clone)] struct Partner;
/// # impl Partner { fn call(&self) -> Result<u32, std::io::Error> { Ok(7) } }
///
/// #[derive(serde::Serialize)]
/// struct Facts {
///     waiting: u32,
/// }
///
/// /// A partner that we can live without for a while.
/// #[health_check(
///     level = 3,
///     name = "partner",
///     critical = false,
///     depends_on("network"),
///     max_age = "10s",
///     degraded_after = "300ms",
///     tags("external")
/// )]
/// fn ask_the_partner(partner: &Partner) -> Result<Details<Facts>, std::io::Error> {
///     Ok(Details::pass(Facts { waiting: partner.call()? }))
/// }
///
/// #[health_check(level = 5, liveness)]
/// async fn network(partner: Option<&Partner>) -> bool {
///     partner.is_none_or(|partner| partner.call().is_ok())
/// }
///
/// # assert!(ask_the_partner(&Partner).is_ok());
/// # let _ = network(None);
/// ```
pub use health_macros::health_check;
/// Makes a `Vec<Check>` of checks and of probes of any kind.
///
/// ```
/// use health_runtime::{Check, Endpoint, Level, checks, probes};
///
/// let mut checks = checks![probes::logging(), probes::runtime_lag().readiness()];
/// checks.push(Check::new("queue", Level::L2, || async { true }));
/// let endpoint = Endpoint::builder().checks(checks).build()?;
/// # let _ = endpoint;
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[macro_export]
macro_rules! checks {
    ($($check:expr),* $(,)?) => {
        $crate::__private::Vec::<$crate::Check>::from([
            $($crate::__private::Into::<$crate::Check>::into($check)),*
        ])
    };
}
/// Builds the health endpoint: an expression of the type `Result<Endpoint, Error>`.
///
/// `Router::merge` takes an [`Endpoint`] as it is. Draining, gRPC, servers and places start from the same value.
///
/// ```standalone_crate
/// use health_runtime::{health_check, health_endpoint};
///
/// struct Queue {
///     is_open: bool,
/// }
///
/// #[health_check(level = 2, readiness)]
/// async fn queue(queue: &Queue) -> bool {
///     queue.is_open
/// }
///
/// # fn main() -> Result<(), health_runtime::Error> {
/// let app: axum::Router = axum::Router::new().merge(health_endpoint! { state: [Queue { is_open: true }] }?);
/// # let _ = app;
/// # Ok(())
/// # }
/// ```
///
/// # Keys
///
/// All are optional, and stand in any order; values are evaluated in the order in which they are written. Each is the
/// method of the same name on [`EndpointBuilder`], so that all of it can be written by hand.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `crates: [my_checks]` | none | links crates that hold nothing but checks; one that is only listed in `Cargo.toml` is left out of the program |
/// | `build_info: App` | none | a type that is [`BuildInfo`]: what is running |
/// | `base_path: "/health"` | `"/health"` | the path of the overview, under which the rest stands |
/// | `levels_path: "…"` | `"{base}/levels"` | the path of the level reports; with `("…", View::Values)` what they look like, too, see [`LevelsPath`] |
/// | `state: [a, b]` | none | the values that checks borrow, one of each type |
/// | `details: public` or `hidden` | what `access` says, and `hidden` without it | whether callers see messages and data; or any expression that is a [`ShowDetails`] |
/// | `checks: [a, b]` | none | checks that were built by hand, such as [`probes`]; or any expression that is a list of them: a `Vec`, an array, an iterator |
/// | `access: Access::new()…` | everybody, no details | who may have which levels run, and who sees details: an [`Access`](access::Access), or any expression that is one |
/// | <code>configure: \|builder\| …</code> | none | a function of the [`EndpointBuilder`], for what has no key |
/// | `crate: path` | `::health_runtime` | where the runtime is, if it is renamed or re-exported |
///
/// ```standalone_crate
/// use health_runtime::{Check, Level, StatusCodes, View, health_endpoint};
///
/// # fn main() -> Result<(), health_runtime::Error> {
/// let endpoint = health_endpoint! {
///     base_path: "/status",
///     levels_path: ("/status_levels", View::Values),
///     state: ["orders".to_owned()],
///     details: public,
///     checks: [Check::new("always", Level::L5, || async { true })],
///     configure: |builder| builder.status_codes(StatusCodes::new().warn(429)),
/// }?;
/// # let _ = endpoint;
/// # Ok(())
/// # }
/// ```
pub use health_macros::health_endpoint;
#[cfg(feature = "haproxy-agent")]
pub use http::HaproxyAgent;
pub use http::{Endpoint, EndpointBuilder, EnvoyHeaders, LevelsPath, ResponseBody, StatusCodes, View};
pub use model::{
    Cause, Check, CheckResult, CheckSpec, Group, IntoOutcome, Level, Levels, Mute, Outcome, ParseLevelError, Report,
    ReportEntry, Status, StatusChange, Work, WorkFuture,
};
pub use monitor::{Lagged, Monitor, Selection, Subscription};
pub use registry::{Registry, RegistryBuilder};
#[cfg(feature = "xml")]
pub use render::XML_SCHEMA;
pub use render::{ReportFormat, ShowDetails};
#[cfg(all(feature = "server", unix))]
pub use server::UnixSocket;
#[cfg(feature = "haproxy-agent")]
pub use server::serve_agent;
#[cfg(feature = "server")]
pub use server::{Server, serve_isolated};
#[cfg(any(feature = "server", feature = "haproxy-agent"))]
pub use server::{ServerHandle, TcpAddress};
#[cfg(feature = "server-tls")]
pub use server::{Tls, serve_tls};
