//! The invariants of ARCHITECTURE.md, read off the sources.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
};

use syn::{Item, UseTree};

/// The floors of `health-runtime/src`, the ground floor first: a file imports from its own floor and those below.
const FLOORS: [&[&str]; 6] = [
    &[
        "model",
        "state",
        "build_info",
        "byte_stream",
        "char_boundary",
        "check_runtime",
        "time",
        "sync",
        "log",
        "error",
        "escape",
        "mask",
        "maybe_ready",
    ],
    &[
        "details",
        "disclosure",
        "run_result",
        "runner",
        "suggest",
        "validation",
        "registry",
        "render",
        "rendering",
        "probes",
    ],
    &["access"],
    &["monitor", "__private"],
    &["http", "server", "grpc", "testing"],
    &["lib"],
];

fn runtime_sources() -> PathBuf {
    Path::new(env!("CARGO_MANIFEST_DIR")).join("../health-runtime/src")
}

/// A file of the runtime: its module path, and the module paths that it imports.
struct Source {
    text: String,
    items: Vec<Item>,
    imports: BTreeSet<Vec<String>>,
}

/// Every file by its module path, `["monitor", "slot"]`; a `mod.rs` is its folder.
fn sources() -> BTreeMap<Vec<String>, Source> {
    let mut files = Vec::new();
    collect(&runtime_sources(), &mut Vec::new(), &mut files);
    assert!(files.len() > 40, "the sources are where they were");
    let sources = files.into_iter().map(|(module, path)| {
        let text = fs::read_to_string(&path).expect("a readable file");
        let items = syn::parse_file(&text).unwrap_or_else(|error| panic!("{}: {error}", path.display())).items;
        let is_folder = path.ends_with("mod.rs") || path.ends_with("lib.rs");
        let mut imports = BTreeSet::new();
        for item in &items {
            if let Item::Use(item) = item {
                let mut parts = Vec::new();
                flatten(&item.tree, &mut parts, &mut |path| imports.extend(resolve(&module, is_folder, path)));
            }
        }
        (module, Source { text, items, imports })
    });
    sources.collect()
}

fn collect(folder: &Path, module: &mut Vec<String>, files: &mut Vec<(Vec<String>, PathBuf)>) {
    for entry in fs::read_dir(folder).expect("a folder") {
        let path = entry.expect("an entry").path();
        let name = path.file_stem().and_then(|name| name.to_str()).expect("a name").to_owned();
        if path.is_dir() {
            module.push(name);
            collect(&path, module, files);
            module.pop();
        } else if path.extension().is_some_and(|extension| extension == "rs") {
            let mut module = module.clone();
            if name != "mod" {
                module.push(name);
            }
            files.push((module, path));
        }
    }
}

fn flatten(tree: &UseTree, parts: &mut Vec<String>, found: &mut impl FnMut(&[String])) {
    match tree {
        UseTree::Path(path) => {
            parts.push(path.ident.to_string());
            flatten(&path.tree, parts, found);
            parts.pop();
        }
        UseTree::Name(name) => with_part(parts, name.ident.to_string(), found),
        UseTree::Rename(name) => with_part(parts, name.ident.to_string(), found),
        UseTree::Glob(_) => found(parts),
        UseTree::Group(group) => group.items.iter().for_each(|tree| flatten(tree, parts, found)),
    }
}

fn with_part(parts: &mut Vec<String>, part: String, found: &mut impl FnMut(&[String])) {
    parts.push(part);
    found(parts);
    parts.pop();
}

/// A path from the crate's root, without what is outside the crate.
fn resolve(module: &[String], is_folder: bool, path: &[String]) -> Option<Vec<String>> {
    let first = path.first()?.as_str();
    let parent = || if is_folder { module.to_vec() } else { module[..module.len() - 1].to_vec() };
    match first {
        "crate" | "health_runtime" => Some(path[1..].to_vec()),
        "self" => Some([module, &path[1..]].concat()),
        "super" => {
            let mut base = if is_folder { module[..module.len() - 1].to_vec() } else { parent() };
            let mut rest = &path[1..];
            while rest.first().is_some_and(|part| part == "super") {
                base.pop();
                rest = &rest[1..];
            }
            Some([&base, rest].concat())
        }
        // `pub use slot::Slot` in a `mod.rs`, which names its own child.
        _ if is_folder && runtime_sources().join(module.join("/")).join(format!("{first}.rs")).exists() => {
            Some([module, path].concat())
        }
        _ => None,
    }
}

fn floor(module: &[String]) -> usize {
    let room = &module[0];
    FLOORS
        .iter()
        .position(|floor| floor.contains(&room.as_str()))
        .unwrap_or_else(|| panic!("`{room}` stands on no floor: name it in ARCHITECTURE.md and here"))
}

/// The file that an imported path leads to.
fn file_of<'a>(files: &'a BTreeMap<Vec<String>, Source>, import: &[String]) -> Option<&'a Vec<String>> {
    (1..=import.len()).rev().find_map(|length| files.get_key_value(&import[..length])).map(|(module, _)| module)
}

#[test]
fn no_file_imports_upward() {
    let files = sources();
    for (module, source) in &files {
        for import in source.imports.iter().filter_map(|import| file_of(&files, import)) {
            assert!(
                floor(import) <= floor(module),
                "{} (floor {}) imports {} (floor {})",
                module.join("::"),
                floor(module) + 1,
                import.join("::"),
                floor(import) + 1
            );
        }
    }
}

/// A `mod.rs` that only says what is in its folder belongs to no circle: what counts is who uses whom.
#[test]
fn no_files_import_each_other_in_a_circle() {
    let files = sources();
    let mut graph: BTreeMap<&Vec<String>, BTreeSet<&Vec<String>>> = BTreeMap::new();
    for (module, source) in &files {
        let imports = source.imports.iter().filter_map(|import| through_reexports(&files, import));
        graph.insert(module, imports.filter(|import| *import != module).collect());
    }
    for folder in [
        "model",
        "monitor",
        "render",
        "access",
        "http",
        "server",
        "build_info",
        "probes",
        "grpc",
        "testing",
        "disclosure",
    ] {
        graph.remove(&vec![folder.to_owned()]);
    }
    // Takes away who imports nobody that is left, until nobody is left or only circles are.
    while let Some(free) = graph.iter().find(|(_, imports)| imports.iter().all(|import| !graph.contains_key(*import))) {
        let free = *free.0;
        graph.remove(free);
    }
    let circle: Vec<_> = graph.keys().map(|module| module.join("::")).collect();
    assert!(circle.is_empty(), "in a circle, or importing from one: {circle:?}");
}

/// Where a re-exported name really stands: `model::Check` is in `model::check`.
fn through_reexports<'a>(files: &'a BTreeMap<Vec<String>, Source>, import: &[String]) -> Option<&'a Vec<String>> {
    let file = file_of(files, import)?;
    let name = import.get(file.len())?;
    let behind =
        files[file].imports.iter().find(|path| path.last() == Some(name) && path.starts_with(file) && *path != import);
    match behind {
        Some(path) => file_of(files, path),
        None => Some(file),
    }
}

#[test]
fn the_model_knows_nothing_but_std_and_json_values() {
    for (module, source) in sources().iter().filter(|(module, _)| module[0] == "model") {
        assert!(source.imports.iter().all(|import| import[0] == "model"), "{}", module.join("::"));
        for item in &source.items {
            let Item::Use(item) = item else { continue };
            let mut parts = Vec::new();
            flatten(&item.tree, &mut parts, &mut |path| {
                let path = path.join("::");
                let is_allowed =
                    path == "serde_json::Value" || path.starts_with("std::") || path.starts_with("super::");
                assert!(is_allowed || module.len() == 1, "{} imports {path}", module.join("::"));
            });
        }
    }
}

#[test]
fn renderers_see_a_view_and_never_a_report() {
    for (module, source) in sources().iter().filter(|(module, _)| module[0] == "render") {
        if module.last().is_some_and(|name| name == "view") {
            continue;
        }
        for name in ["Report", "ReportEntry", "CheckResult", "Check", "CheckSpec", "StatusChange"] {
            assert!(
                !source.imports.contains(&vec!["model".to_owned(), name.to_owned()]),
                "{} sees {name}",
                module.join("::")
            );
        }
    }
}

/// The code of a file, without comments and doc comments.
fn code(source: &Source) -> String {
    source.text.lines().filter(|line| !line.trim_start().starts_with("//")).collect::<Vec<_>>().join("\n")
}

#[test]
fn inventory_and_axum_are_named_in_one_place_each() {
    for (module, source) in &sources() {
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

#[test]
fn unsafe_code_is_forbidden_everywhere() {
    let manifest = |path: &str| {
        fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(path)).expect("a manifest")
    };
    let root = manifest("Cargo.toml");
    assert!(root.contains("unsafe_code = \"forbid\""));
    let members = root.split("\nmembers = [").nth(1).and_then(|rest| rest.split(']').next()).expect("the members");
    let members: Vec<_> = members.split(',').map(|member| member.trim().trim_matches('"')).collect();
    assert!(members.len() >= 8, "{members:?}");
    for member in members {
        assert!(manifest(&format!("{member}/Cargo.toml")).contains("[lints]\nworkspace = true"), "{member}");
    }
}

#[test]
fn files_stay_small_enough_to_hold_in_the_head() {
    for (module, source) in &sources() {
        let lines = code(source).lines().count();
        assert!(lines <= 400, "{} has {lines} lines of code", module.join("::"));
    }
}
