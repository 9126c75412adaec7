//! A small service in its own folder, which is built with plain `cargo build` and prints its build info.

use std::{
    collections::HashMap,
    env,
    ffi::{OsStr, OsString},
    fs,
    path::{Path, PathBuf},
    process::{self, Command, Output},
    sync::atomic::{AtomicU32, Ordering},
    time::{Duration, SystemTime},
};

/// Variables about the repository of this test, or about the user who runs it.
const OURS: [&str; 15] = [
    "APP_ENV",
    "BUILD_SOURCEVERSION",
    "CI_COMMIT_SHA",
    "CIRCLE_SHA1",
    "COMMIT_SHA",
    "GIT_COMMIT",
    "GIT_DIR",
    "GIT_INDEX_FILE",
    "GIT_REVISION",
    "GIT_WORK_TREE",
    "GITHUB_SHA",
    "CARGO_TARGET_DIR",
    "CARGO_BUILD_TARGET",
    "SOURCE_COMMIT",
    "SOURCE_DATE_EPOCH",
];

const MAIN: &str = r#"//! Prints its build info.

#![deny(warnings, missing_docs, unused)]
#![forbid(dead_code, unsafe_code)]

use health_runtime::BuildInfo;

#[derive(BuildInfo)]
#[build_info(repo = "abc/api")]
struct App;

fn main() {
    let info = App::BUILD_INFO;
    println!("name={}", info.name());
    println!("version={}", info.version());
    println!("repo={}", info.repo().unwrap_or("-"));
    println!("revision={}", info.revision().unwrap_or("-"));
    println!("short={}", info.revision_short().unwrap_or("-"));
    println!("dirty={}", info.dirty().map_or("-".to_owned(), |dirty| dirty.to_string()));
    println!("language={}", info.language().unwrap_or("-"));
    println!("profile={}", info.profile().unwrap_or("-"));
    let date = info.build_date().map(|date| date.duration_since(std::time::UNIX_EPOCH).unwrap().as_secs());
    println!("date={}", date.unwrap_or(0));
}
"#;

/// A folder outside of any repository, which is removed when dropped.
pub(crate) struct Folder(PathBuf);

impl Folder {
    pub(crate) fn new() -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("health-situation-{}-{}", process::id(), COUNT.fetch_add(1, Ordering::Relaxed));
        let folder = env::temp_dir().join(name);
        fs::create_dir(&folder).unwrap();
        Self(fs::canonicalize(folder).unwrap())
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Folder {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// A package, with the variables of its builds.
#[derive(Clone)]
pub(crate) struct Project {
    name: String,
    folder: PathBuf,
    variables: Vec<(OsString, OsString)>,
}

/// The result of one `cargo build`, and the service's output.
#[derive(Debug)]
pub(crate) struct Built {
    /// Whether the service was compiled, rather than up to date.
    pub(crate) compiled: bool,
    said: HashMap<String, String>,
}

impl Built {
    pub(crate) fn get(&self, key: &str) -> &str {
        &self.said[key]
    }
}

impl Project {
    /// Makes a new package. All packages share one target folder, so that their dependencies are compiled once. Each needs
    /// its own name there, because cargo would take two of one name for the same.
    pub(crate) fn create(folder: &Path, name: &str) -> Self {
        let checkout = Path::new(env!("CARGO_MANIFEST_DIR")).parent().unwrap();
        let runtime = checkout.join("health-runtime");
        let manifest = format!(
            "[package]\nname = \"{name}\"\nversion = \"3.0.3\"\nedition = \"2024\"\n\n[workspace]\n\n[dependencies]\n\
             health-runtime = {{ path = '{}', default-features = false }}\n\n[profile.dev]\ndebug = false\n",
            runtime.display()
        );
        fs::create_dir_all(folder.join("src")).unwrap();
        fs::write(folder.join("Cargo.toml"), manifest).unwrap();
        fs::write(folder.join("src/main.rs"), MAIN).unwrap();
        fs::write(folder.join("README.md"), "Text that must not be in the program.\n").unwrap();
        // The same dependencies as here, without the network.
        fs::copy(checkout.join("Cargo.lock"), folder.join("Cargo.lock")).unwrap();
        let project = Self::at(folder, name);
        let output = project.cargo(&["update", "--workspace"]);
        assert!(output.status.success(), "{}", stderr(&output));
        project
    }

    /// Opens the package of that name in the folder.
    pub(crate) fn at(folder: &Path, name: &str) -> Self {
        Self { name: name.to_owned(), folder: folder.to_owned(), variables: Vec::new() }
    }

    pub(crate) fn with(&self, variable: &str, value: impl AsRef<OsStr>) -> Self {
        let mut project = self.clone();
        project.variables.push((variable.into(), value.as_ref().to_owned()));
        project
    }

    pub(crate) fn path(&self, file: &str) -> PathBuf {
        self.folder.join(file)
    }

    pub(crate) fn write(&self, file: &str, contents: &str) {
        fs::create_dir_all(self.path(file).parent().unwrap()).unwrap();
        fs::write(self.path(file), contents).unwrap();
    }

    pub(crate) fn append(&self, file: &str, contents: &str) {
        let before = fs::read_to_string(self.path(file)).unwrap();
        self.write(file, &(before + contents));
    }

    /// Sets the modification time of a file to now.
    pub(crate) fn touch(&self, file: &str) {
        let later = SystemTime::now() + Duration::from_millis(10);
        fs::File::options().append(true).open(self.path(file)).unwrap().set_modified(later).unwrap();
    }

    pub(crate) fn build(&self) -> Built {
        let output = self.cargo(&["build"]);
        let messages = stderr(&output);
        assert!(output.status.success(), "{} does not build:\n{messages}", self.name);
        let said = Command::new(self.program()).output().unwrap();
        let said = String::from_utf8(said.stdout).unwrap();
        let said = said.lines().filter_map(|line| line.split_once('=')).map(|(key, value)| (key.into(), value.into()));
        Built { compiled: messages.contains(&format!("Compiling {} ", self.name)), said: said.collect() }
    }

    /// Returns the compiler's output for a package that does not build.
    pub(crate) fn fail(&self) -> String {
        let output = self.cargo(&["build"]);
        assert!(!output.status.success(), "{} builds", self.name);
        stderr(&output)
    }

    pub(crate) fn program(&self) -> PathBuf {
        target().join("debug").join(format!("{}{}", self.name, env::consts::EXE_SUFFIX))
    }

    fn cargo(&self, arguments: &[&str]) -> Output {
        let mut command = Command::new(env!("CARGO"));
        command.args(arguments).arg("--offline").current_dir(&self.folder);
        isolate(&mut command);
        command.env("CARGO_TARGET_DIR", target()).env("CARGO_TERM_COLOR", "never");
        command.envs(self.variables.iter().map(|(variable, value)| (variable, value)));
        command.output().unwrap()
    }
}

/// Removes the user's settings and the environment of the test run.
pub(crate) fn isolate(command: &mut Command) {
    for variable in OURS {
        command.env_remove(variable);
    }
    command.env("GIT_CONFIG_GLOBAL", "/dev/null").env("GIT_CONFIG_NOSYSTEM", "1");
}

fn target() -> PathBuf {
    Path::new(env!("CARGO_TARGET_TMPDIR")).join("build-info")
}

fn stderr(output: &Output) -> String {
    String::from_utf8_lossy(&output.stderr).into_owned()
}
