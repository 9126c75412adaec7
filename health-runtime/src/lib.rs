//! Declarative health checks.

// Expansions say `::health_runtime`, also inside this crate's own tests and examples.
extern crate self as health_runtime;

mod build_info;
mod details;
mod error;
mod http;
mod mask;
mod model;
mod monitor;
mod registry;
mod render;
mod runner;
mod state;
mod validation;

pub mod probes;

#[doc(hidden)]
pub mod __private;

pub use build_info::{BuildInfo, BuildMetadata};
pub use details::Details;
pub use error::{Error, Problem};
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
/// - Where git keeps no log of `HEAD` (`core.logAllRefUpdates = false`), only changes that touch the index or a
///   file of the branch are noticed.
/// - A first commit is noticed only if something was staged when the crate was compiled.
#[doc(inline)]
pub use health_macros::BuildInfo;
pub use health_macros::{health_check, health_endpoint};
pub use http::{Endpoint, EndpointBuilder, LevelsPath, ShowDetails, StatusCodes, View};
pub use model::{
    Cause, Check, CheckResult, CheckSpec, Group, IntoOutcome, InvalidLevel, Level, Location, Outcome, Report,
    ReportEntry, Status, Work, WorkFuture,
};
pub use monitor::{Monitor, Selection};
pub use registry::{Registry, RegistryBuilder};
pub use state::State;
