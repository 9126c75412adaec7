//! The dependencies of the crate that is compiled, from the compiler's arguments: an attribute has no other way to learn that
//! `Cargo.toml` renames the runtime, as `$crate` is for `macro_rules!`.

use std::sync::OnceLock;

const RUNTIME: &str = "health_runtime";

/// The crates of the toolchain, which the compiler finds by itself.
const TOOLCHAIN: [&str; 5] = ["alloc", "core", "proc_macro", "std", "test"];

/// The crates that the compiler was given by `--extern name=path`. None in an editor, or under a build tool that hands over
/// folders: then nothing is known.
#[derive(Debug, Default, PartialEq)]
pub(crate) struct Externs {
    /// Names in this crate, each with the crate's own name.
    names: Vec<(String, String)>,
    /// The name of the runtime among them.
    runtime: Option<String>,
}

impl Externs {
    /// Returns the crates of this compilation. Every expansion in a process has the same.
    pub(crate) fn known() -> &'static Self {
        static KNOWN: OnceLock<Externs> = OnceLock::new();
        KNOWN.get_or_init(|| Self::of(std::env::args_os().map(|argument| argument.to_string_lossy().into_owned())))
    }

    fn of(arguments: impl IntoIterator<Item = String>) -> Self {
        let mut externs = Self::default();
        let mut previous = String::new();
        for argument in arguments {
            // The runtime itself declares checks in its tests.
            if previous == "--crate-name" && argument == RUNTIME {
                externs.runtime = Some(argument.clone());
            }
            let given =
                if previous == "--extern" { Some(argument.as_str()) } else { argument.strip_prefix("--extern=") };
            if let Some((name, path)) = given.and_then(|given| given.split_once('=')) {
                // Options such as `noprelude:` stand before the name.
                let name = name.rsplit(':').next().unwrap_or(name);
                let own_name = own_name(path);
                if name == RUNTIME || (externs.runtime.is_none() && own_name == RUNTIME) {
                    externs.runtime = Some(name.to_owned());
                }
                externs.names.push((name.to_owned(), own_name.to_owned()));
            }
            previous = argument;
        }
        externs
    }

    /// Returns the name of the runtime, or its usual one if it is not known.
    pub(crate) fn runtime(&self) -> &str {
        self.runtime.as_deref().unwrap_or(RUNTIME)
    }

    /// Returns whether the runtime is certainly not a dependency.
    pub(crate) const fn lack_runtime(&self) -> bool {
        !self.names.is_empty() && self.runtime.is_none()
    }

    /// Returns the name that a crate has by itself, which starts its `module_path!()`, if `Cargo.toml` renames it here.
    pub(crate) fn own_name<'a>(&'a self, name: &'a str) -> &'a str {
        self.names.iter().find(|(known, _)| known == name).map_or(name, |(_, own_name)| own_name)
    }

    /// Returns whether a crate is certainly not a dependency.
    pub(crate) fn lack(&self, name: &str) -> bool {
        !self.names.is_empty() && !TOOLCHAIN.contains(&name) && !self.names.iter().any(|(known, _)| known == name)
    }
}

/// Returns the name of the crate in a file such as `libhealth_runtime-0123456789abcdef.rmeta`.
fn own_name(path: &str) -> &str {
    let file = path.rsplit(['/', '\\']).next().unwrap_or(path);
    file.strip_prefix("lib").unwrap_or(file).split(['-', '.']).next().unwrap_or(file)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn externs(arguments: &str) -> Externs {
        Externs::of(arguments.split(' ').map(str::to_owned))
    }

    #[test]
    fn arguments_of_the_compiler_name_the_runtime() {
        for (arguments, name) in [
            ("rustc --crate-name app --extern health_runtime=/deps/libhealth_runtime-1f.rmeta", "health_runtime"),
            ("rustc --extern axum=/deps/libaxum-2e.rlib --extern hr=/deps/libhealth_runtime-1f.rlib", "hr"),
            ("rustc --extern=hr=C:\\deps\\libhealth_runtime-1f.rmeta --extern=axum=libaxum.rmeta", "hr"),
            ("rustc --extern noprelude:hr=libhealth_runtime.rlib", "hr"),
            ("rustc --crate-name health_runtime --extern axum=libaxum.rlib", "health_runtime"),
            ("rustc --extern proc_macro -L deps", "health_runtime"),
            ("rust-analyzer-proc-macro-srv", "health_runtime"),
        ] {
            let externs = externs(arguments);
            assert_eq!((externs.runtime(), externs.lack_runtime()), (name, false), "{arguments}");
        }
    }

    #[test]
    fn renamed_crates_have_their_own_names() {
        let externs = externs("rustc --extern b=/deps/libbilling-1f.rmeta --extern libc=/deps/liblibc-2e.rlib");
        assert_eq!(["b", "libc", "core"].map(|name| externs.own_name(name)), ["billing", "libc", "core"]);
    }

    #[test]
    fn dependencies_are_lacking_only_where_some_are_known() {
        let facade =
            externs("rustc --extern facade=/deps/libfacade-3d.rmeta --extern more=libhealth_runtime_more-1f.rlib");
        assert!(facade.lack_runtime() && facade.lack("axum"));
        assert!(!facade.lack("facade") && !facade.lack("std"));
        let unknown = externs("rustc --extern proc_macro -L deps");
        assert!(!unknown.lack_runtime() && !unknown.lack("axum"));
    }
}
