//! The invariants of ARCHITECTURE.md, read off the sources.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

#[path = "architecture/sources.rs"]
mod sources;

use sources::{CLI_SOURCES, MACRO_SOURCES, Module, SOURCES, Source};

/// The floors of `health-runtime/src`, the ground floor first: a file imports from its own floor and those below.
const FLOORS: [&[&str]; 7] = [
    &[
        "model",
        "availability",
        "state",
        "build_info",
        "byte_stream",
        "check_runtime",
        "error",
        "file",
        "health_path",
        "healthcheck",
        "host",
        "log",
        "mask",
        "maybe_ready",
        "sync",
        "text",
        "time",
    ],
    &["details", "disclosure", "render", "run_result", "runner"],
    &[
        "const_rules",
        "fleet",
        "library_settings",
        "overrides",
        "probes",
        "registry",
        "rendering",
        "suggest",
        "validation",
    ],
    &["access"],
    &["monitor", "__private"],
    &["alerts", "grpc", "http", "server", "systemd", "testing"],
    &["lib", "_docs"],
];

const PACKAGES: [&str; 3] = ["health-runtime", "health-macros", "health-cli"];

const MAX_LINES_PER_FILE: usize = 400;
const SHORT_FILE_LINES: usize = 30;
const MAX_SHORT_FILES: usize = 10;
const MAX_FILES_PER_FOLDER: usize = 20;

fn floor(module: &[String]) -> usize {
    let room = &module[0];
    FLOORS
        .iter()
        .position(|floor| floor.contains(&room.as_str()))
        .unwrap_or_else(|| panic!("`{room}` stands on no floor: name it in ARCHITECTURE.md and here"))
}

#[test]
fn files_import_from_their_floor_and_below() {
    let mut upward = Vec::new();
    for module in SOURCES.0.keys() {
        for used in SOURCES.used_by(module).into_iter().filter(|used| floor(used) > floor(module)) {
            let (from, to) = (floor(module) + 1, floor(used) + 1);
            upward.push(format!("{} (floor {from}) uses {} (floor {to})", module.join("::"), used.join("::")));
        }
    }
    assert!(upward.is_empty(), "{}", upward.join("\n"));
}

/// A `mod.rs` belongs to no circle: it names the files of its folder, which may use its constants.
#[test]
fn files_do_not_use_each_other_in_a_circle() {
    for sources in [&SOURCES, &MACRO_SOURCES, &CLI_SOURCES] {
        let files = sources.0.keys().filter(|module| !sources.is_folder(module));
        let graph =
            files.map(|module| (module.clone(), sources.used_by(module).into_iter().cloned().collect())).collect();
        assert_no_circle(graph);
    }
}

/// Within each folder, its files and the folders in it: who uses whom, anywhere inside.
#[test]
fn folders_do_not_use_each_other_in_a_circle() {
    for sources in [&SOURCES, &MACRO_SOURCES, &CLI_SOURCES] {
        let mut levels: BTreeMap<Module, Graph> = BTreeMap::new();
        for module in sources.0.keys() {
            for used in sources.used_by(module) {
                let shared = module.iter().zip(used).take_while(|(one, other)| one == other).count();
                if shared < module.len() && shared < used.len() {
                    let graph = levels.entry(module[..shared].to_vec()).or_default();
                    graph.entry(module[..=shared].to_vec()).or_default().insert(used[..=shared].to_vec());
                }
            }
        }
        for graph in levels.into_values() {
            assert_no_circle(graph);
        }
    }
}

/// Users, each with what it uses.
type Graph = BTreeMap<Module, BTreeSet<Module>>;

/// Removes entries that use nothing or that nothing uses, until only circles and the paths between them are left.
fn assert_no_circle(mut graph: Graph) {
    loop {
        let before = graph.len();
        let users: BTreeSet<_> = graph.keys().cloned().collect();
        graph.retain(|user, used| used.iter().any(|used| used != user && users.contains(used)));
        let used: BTreeSet<_> =
            graph.iter().flat_map(|(user, used)| used.iter().filter(move |used| *used != user)).cloned().collect();
        graph.retain(|user, _| used.contains(user));
        if graph.len() == before {
            break;
        }
    }
    let left = &graph;
    let circle = left.iter().flat_map(|(user, used)| {
        let used = used.iter().filter(move |used| *used != user && left.contains_key(*used));
        used.map(move |used| format!("{} uses {}", user.join("::"), used.join("::")))
    });
    let circle: Vec<_> = circle.collect();
    assert!(circle.is_empty(), "{}", circle.join("\n"));
}

#[test]
fn model_knows_nothing_but_std_and_json_values() {
    let manifest = manifest("Cargo.toml");
    let dependencies: Vec<_> =
        manifest.lines().filter_map(|line| line.split_once(" = ")).map(|(name, _)| name.replace('-', "_")).collect();
    for (module, source) in SOURCES.0.iter().filter(|(module, _)| module[0] == "model" && module.len() > 1) {
        assert!(source.paths.iter().all(|path| path[0] == "model"), "{}: {:?}", module.join("::"), source.paths);
        for path in source.external.iter().filter(|path| dependencies.contains(&path[0])) {
            assert_eq!(path[..2], ["serde_json", "Value"], "{} uses {}", module.join("::"), path.join("::"));
        }
    }
}

#[test]
fn renderers_see_a_view_and_never_a_report() {
    for (module, source) in SOURCES.0.iter().filter(|(module, _)| module[0] == "render") {
        if module.last().is_some_and(|name| name == "view") {
            continue;
        }
        for name in ["Report", "ReportEntry", "CheckResult", "Check", "CheckSpec", "StatusChange"] {
            let sees = source.paths.iter().any(|path| path[0] == "model" && path.iter().any(|part| part == name));
            assert!(!sees, "{} sees {name}", module.join("::"));
        }
    }
}

/// The code of a file, without comments and doc comments.
fn code(source: &Source) -> String {
    source.text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn inventory_and_axum_are_named_in_one_place_each() {
    for (module, source) in &SOURCES.0 {
        let code = code(source);
        let room = module[0].as_str();
        assert!(
            !code.contains("inventory") || matches!(room, "registry" | "__private"),
            "{} names inventory",
            module.join("::")
        );
        assert!(!code.contains("axum") || matches!(room, "http" | "server"), "{} names axum", module.join("::"));
    }
}

fn manifest(path: &str) -> String {
    fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).expect("a manifest")
}

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let root = manifest("Cargo.toml");
    assert!(root.contains("unsafe_code = \"forbid\""));
    let members = root.split("\nmembers = [").nth(1).and_then(|rest| rest.split(']').next()).expect("the members");
    let members: Vec<_> = members.split(',').map(|member| member.trim().trim_matches('"')).collect();
    assert!(members.len() >= 8, "{members:?}");
    for member in members {
        assert!(manifest(&format!("{member}/Cargo.toml")).contains("[lints]\nworkspace = true"), "{member}");
    }
}

/// The lines of every file of the crates, comments and tests included.
fn lines_per_file() -> impl Iterator<Item = (PathBuf, usize)> {
    PACKAGES.into_iter().flat_map(sources::files).map(|(_, file)| {
        let lines = fs::read_to_string(&file).expect("a readable file").lines().count();
        (file, lines)
    })
}

#[test]
fn files_stay_small_enough_to_hold_in_the_head() {
    let long: Vec<_> = lines_per_file().filter(|(_, lines)| *lines > MAX_LINES_PER_FILE).collect();
    assert!(long.is_empty(), "files above {MAX_LINES_PER_FILE} lines: {long:#?}");
}

#[test]
fn few_files_are_crumbs() {
    let short: Vec<_> =
        lines_per_file().filter(|(file, lines)| *lines < SHORT_FILE_LINES && !file.ends_with("mod.rs")).collect();
    assert!(short.len() <= MAX_SHORT_FILES, "{} files below {SHORT_FILE_LINES} lines: {short:#?}", short.len());
}

#[test]
fn folders_stay_small_enough_to_see_at_once() {
    let mut folders: BTreeMap<_, usize> = BTreeMap::new();
    for (file, _) in lines_per_file() {
        *folders.entry(file.parent().expect("a folder").to_owned()).or_default() += 1;
    }
    folders.retain(|_, files| *files > MAX_FILES_PER_FOLDER);
    assert!(folders.is_empty(), "{folders:?}");
}

#[test]
fn name_of_a_type_means_one_thing() {
    let mut types: BTreeMap<String, BTreeSet<String>> = BTreeMap::new();
    for (module, source) in SOURCES.0.iter().filter(|(module, _)| !SOURCES.is_stand_in(module)) {
        for name in &source.types {
            types.entry(name.clone()).or_default().insert(module.join("::"));
        }
    }
    types.retain(|_, modules| modules.len() > 1);
    assert!(types.is_empty(), "{types:#?}");
}

#[test]
fn paths_are_found_wherever_they_stand() {
    let text = "
        use super::{cache::{self, Cache as Stored}, page};
        use std::sync;
        #[derive(Schema, serde(with = \"crate::time::stamp\"))]
        #[schema(schema_with = super::schema::words)]
        struct Body<T: crate::model::Named>(sync::Arc<T>);
        fn body() -> impl Sized + use<'static> {
            use crate::log::warn;
            page::shell!(html! { (super::words::of(Stored::new())) });
            crate::error::Error::new()
        }
        mod inner { use super::super::escape; fn f() { escape::all() } }
        #[cfg(test)]
        mod tests { use crate::testing::Kit; }
    ";
    let source = sources::parse_text(&["http".to_owned(), "answer".to_owned()], text);
    let paths: Vec<_> = source.paths.iter().map(|path| path.join("::")).collect();
    let expected = [
        "error::Error::new",
        "http::cache",
        "http::cache::Cache",
        "http::cache::Cache::new",
        "http::escape",
        "http::escape::all",
        "http::page",
        "http::page::shell",
        "http::schema::words",
        "http::words::of",
        "log::warn",
        "model::Named",
        "time::stamp",
    ];
    assert_eq!(paths, expected);
    assert_eq!(source.types, ["Body"]);
}
