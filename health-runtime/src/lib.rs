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
/// Derives the build information of a type: version, revision, build date and compiler, as the constant
/// [`BuildInfo::BUILD_INFO`].
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
/// It takes no build script, and no argument to the build.
///
/// | key | default | meaning |
/// |---|---|---|
/// | `repo = "…"` | `package.repository`, if there is one | location of the source, a name or a URL |
/// | `name = "…"` | the package's name | name of the service |
/// | `crate = path` | `::health_runtime` | path of the runtime, if it is renamed or re-exported |
///
/// # Where the values come from
///
/// A wrong value is worse than none. An unknown value is `None`, and so is a value that could go stale without cargo noticing.
///
/// - **revision**: `HEAD` of the git repository around the crate, if it records the crate's `Cargo.toml`. A crate
///   that is ignored, or not committed yet, has no revision, nor has a branch without a commit; `GIT_REVISION` can then
///   state one.
///   - In a package, the revision that `cargo package` wrote into it, never that of a repository around it. Another
///     source that cargo unpacked or vendored has no revision.
///   - Without a repository, the variable `GIT_REVISION`, else those of the usual CI systems (`GITHUB_SHA`,
///     `CI_COMMIT_SHA`, …), if it holds 7 to 64 hexadecimal digits.
/// - **dirty**: `true` if a file that `HEAD` records has other content in the working tree, or is gone. The index and
///   unrecorded files make no difference. It needs the `git` program, and at most 4,096 recorded files and 16 MiB. The value
///   is unknown for a tree without a changed file that lacks a recorded file, or has symbolic links or submodules.
/// - **build date**: `SOURCE_DATE_EPOCH` if it is set, else the time at which the crate was compiled. A value that is
///   not a valid number of seconds is a compile error.
/// - **language**: the version of `rustc`.
/// - **profile**: `debug` with debug assertions, else `release`. Custom profiles have no name that code can see.
///
/// The endpoint adds values of the process: `environment` from the variable `APP_ENV`, else from a public host name in
/// the request; `deployed_at` from the variable `DEPLOYED_AT` in RFC 3339, absent without it; `started_at` and the uptime.
///
/// # When the crate is compiled again
///
/// The values are right after a commit, an amendment, a switch of branches and `git gc`, in worktrees, submodules and
/// shallow clones, with or without a `git` program: cargo watches the files behind them. A build without a change compiles
/// nothing.
///
/// While the tree is clean, any change of a recorded file compiles the crate once more, so that `dirty` can
/// turn; while it is dirty, one changed file is watched. With the maximum number of files, this costs the compilation about
/// half a second.
///
/// # Limits
///
/// - Cargo compares modification times: it does not notice a file that is restored together with an old time.
/// - Two clones with one target folder are one crate to cargo, so the second may show the values of the first.
/// - Without a `git` program, or if git refuses a repository because of its owner, a crate in a folder of a repository counts
///   as part of it.
/// - Without a log of `HEAD` (`core.logAllRefUpdates = false`), a packed branch has no revision.
/// - Before the first commit and with an empty index, each build compiles the crate. This works on Linux; elsewhere, a first
///   commit is noticed only if the index had a file when the crate was compiled.
#[doc(inline)]
pub use health_macros::BuildInfo;
// Examples that declare checks are standalone crates, because all checks of one program form one set.
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
/// The check is found wherever it stands in the program; no list names it. One exception: the linker leaves out a crate that
/// the code never names. `crates: [my_checks]` of [`health_endpoint!`] names it.
///
/// # Keys
///
#[doc = include_str!("../docs/health_check_keys.md")]
///
/// Durations are numbers with units, as in `"500ms"`, `"1m 30s"` or `"1d"`. A flag such as `liveness` also takes `= true` or
/// `= false`. The function's doc comment is the description of the check. Each key is the method of the same name on
/// [`Check`], which documents it in full.
///
/// # The function
///
/// The function stays callable and testable like any other.
///
/// - An `async fn` runs as a separate task. A plain `fn` may block: it runs on the blocking pool, with at most one run alive.
/// - Parameters are `&T` or `Option<&T>`, where `T` is `Send + Sync + 'static`. Each is looked up by its type in the state of
///   the endpoint. A missing `&T` is a start-up error; a missing `Option<&T>` is `None`. The state has one value of each type,
///   so two pools need two types. An `Arc<T>` serves `&T` as well, unless there is a `T`. An unsized type needs a sized owner:
///   `&Arc<dyn Trait>`, `&String`.
/// - The return type implements [`IntoOutcome`]: `()`, `bool`, [`Status`], [`Outcome`], [`Details`], or a `Result` of these
///   with an error that is `Display`.
/// - The function is neither a method nor generic.
///
/// Mistakes are compile errors; one build shows all of them.
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
/// Makes a `Vec<Check>` from checks and probes of any kind.
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
/// `Router::merge` takes an [`Endpoint`] as it is. Draining, gRPC and servers start from the same value.
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
/// All keys are optional, in any order; values are evaluated in written order. Each key is the method of the same name on
/// [`EndpointBuilder`].
///
/// | key | default | meaning |
/// |---|---|---|
/// | `crates: [my_checks]` | none | links crates that contain nothing but checks; the linker leaves out a crate that is only listed in `Cargo.toml` |
/// | `build_info: App` | none | a type that derives [`BuildInfo`] |
/// | `base_path: "/health"` | `"/health"` | the path of the overview, and the prefix of the other paths |
/// | `levels_path: "…"` | `"{base}/levels"` | the path of the level reports; `("…", View::Values)` also sets their shape, see [`LevelsPath`] |
/// | `state: [a, b]` | none | the values that checks borrow, one of each type |
/// | `details: public` or `hidden` | decided by `access`; `hidden` without it | whether callers see messages and data; or an expression of the type [`ShowDetails`] |
/// | `checks: [a, b]` | none | checks built by hand, such as [`probes`]; or an expression that yields a list of them: a `Vec`, an array, an iterator |
/// | `access: Access::new()…` | everybody, no details | the rules for levels and details: an expression of the type [`Access`](access::Access) |
/// | <code>configure: \|builder\| …</code> | none | a function of the [`EndpointBuilder`], for settings without a key |
/// | `crate: path` | `::health_runtime` | path of the runtime, if it is renamed or re-exported |
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
