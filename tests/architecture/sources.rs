//! The sources of the crates, with every path of the crate that they name: in imports, code, attributes and macros.

use std::{
    collections::{BTreeMap, BTreeSet},
    fs,
    path::{Path, PathBuf},
    sync::LazyLock,
};

use proc_macro2::{Delimiter, TokenStream, TokenTree};

/// A module path, `["monitor", "slot"]`. A `mod.rs` is its folder, and `lib.rs` is `["lib"]`, `main.rs` `["main"]`.
pub(crate) type Module = Vec<String>;

pub(crate) struct Source {
    pub(crate) file: PathBuf,
    pub(crate) text: String,
    /// Paths from the crate's root: `["monitor", "Monitor", "new"]`.
    pub(crate) paths: BTreeSet<Vec<String>>,
    /// Paths of other crates: `["std", "fmt"]`.
    pub(crate) external: BTreeSet<Vec<String>>,
    /// Names of the types that it declares.
    pub(crate) types: Vec<String>,
    /// Names that stand for paths: of its imports, and of its child modules.
    names: BTreeMap<String, Vec<String>>,
    child_tests: Vec<String>,
}

/// Every file of a crate without tests.
pub(crate) struct Sources(pub(crate) BTreeMap<Module, Source>);

pub(crate) static SOURCES: LazyLock<Sources> = LazyLock::new(|| Sources::read("health-runtime"));

pub(crate) static MACRO_SOURCES: LazyLock<Sources> = LazyLock::new(|| Sources::read("health-macros"));

pub(crate) static CLI_SOURCES: LazyLock<Sources> = LazyLock::new(|| Sources::read("health-cli"));

/// Returns every file of a crate, tests included.
pub(crate) fn files(package: &str) -> Vec<(Module, PathBuf)> {
    let mut files = Vec::new();
    collect(&Path::new(env!("CARGO_MANIFEST_DIR")).join("..").join(package).join("src"), &mut Vec::new(), &mut files);
    assert!(files.len() > 20, "the sources of {package} are where they were");
    files
}

impl Sources {
    fn read(package: &str) -> Self {
        let all: BTreeMap<_, _> =
            files(package).into_iter().map(|(module, file)| (module.clone(), parse(&module, file))).collect();
        let tests: BTreeSet<Module> =
            all.iter().flat_map(|(module, source)| source.child_tests.iter().map(|name| child(module, name))).collect();
        Self(all.into_iter().filter(|(module, _)| !tests.contains(module)).collect())
    }

    /// Returns the file that a path leads to, behind re-exports: `model::Check` is in `model::check`.
    pub(crate) fn file_of(&self, path: &[String]) -> Option<&Module> {
        self.follow(path, 8)
    }

    fn follow(&self, path: &[String], depth: usize) -> Option<&Module> {
        let lib = ["lib".to_owned()];
        let known = (1..=path.len()).rev().find(|length| self.0.contains_key(&path[..*length]));
        let (module, rest) = known.map_or((&lib[..], path), |length| path.split_at(length));
        let (module, source) = self.0.get_key_value(module)?;
        let Some(name) = rest.first() else { return Some(module) };
        match source.names.get(name).filter(|target| depth > 0 && target[..] != path[..]) {
            Some(target) => self.follow(&[target, &rest[1..]].concat(), depth - 1),
            None => Some(module).filter(|module| **module != lib),
        }
    }

    /// Files that a file uses, besides itself.
    pub(crate) fn used_by(&self, module: &Module) -> BTreeSet<&Module> {
        let files = self.0[module].paths.iter().filter_map(|path| self.file_of(path));
        files.filter(|file| *file != module).collect()
    }

    /// Whether a file stands in for another one in builds without a feature: `no_tls.rs` for `tls.rs`.
    pub(crate) fn is_stand_in(&self, module: &Module) -> bool {
        let Some((name, folder)) = module.split_last() else { return false };
        let Some(parent) = self.0.get(folder) else { return false };
        let is_path = parent.text.contains(&format!("path = \"{name}.rs\""));
        let mut lines = parent.text.lines().zip(parent.text.lines().skip(1));
        let is_declared = |(attribute, line): (&str, &str)| {
            attribute.starts_with("#[cfg(not(") && line.ends_with(&format!("mod {name};"))
        };
        is_path || lines.any(is_declared)
    }

    pub(crate) fn is_folder(&self, module: &Module) -> bool {
        self.0[module].file.ends_with("mod.rs")
    }
}

/// Returns whether this is the file from which the paths of its crate start.
fn is_root(module: &[String]) -> bool {
    matches!(module, [name] if name == "lib" || name == "main")
}

fn child(module: &Module, name: &str) -> Module {
    let parent = if is_root(module) { &[] } else { &module[..] };
    [parent, &[name.to_owned()]].concat()
}

fn collect(folder: &Path, module: &mut Module, files: &mut Vec<(Module, PathBuf)>) {
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

fn parse(module: &Module, file: PathBuf) -> Source {
    let text = fs::read_to_string(&file).expect("a readable file");
    Source { file, ..parse_text(module, &text) }
}

pub(crate) fn parse_text(module: &[String], text: &str) -> Source {
    let tokens: TokenStream = text.parse().unwrap_or_else(|error| panic!("{module:?}: {error}"));
    let root = if is_root(module) { &[] } else { module };
    let mut scan = Scan::default();
    scan.declarations(tokens.clone(), root);
    scan.uses(tokens, root);
    let Scan { paths, external, types, names, child_tests, .. } = scan;
    Source { file: PathBuf::new(), text: text.to_owned(), paths, external, types, names, child_tests }
}

#[derive(Default)]
struct Scan {
    paths: BTreeSet<Vec<String>>,
    external: BTreeSet<Vec<String>>,
    types: Vec<String>,
    names: BTreeMap<String, Vec<String>>,
    external_names: BTreeSet<String>,
    child_tests: Vec<String>,
}

impl Scan {
    /// Records what the file declares: types, child modules, and the names of its imports.
    fn declarations(&mut self, tokens: TokenStream, scope: &[String]) {
        let tokens = self.without_tests(tokens);
        for (index, token) in tokens.iter().enumerate() {
            let name = tokens.get(index + 1).map(ToString::to_string).unwrap_or_default();
            match token.to_string().as_str() {
                "use" if is_import(&tokens, index) => {
                    let end = index + tokens[index..].iter().take_while(|token| !is_punct(token, ';')).count();
                    self.use_tree(&tokens[index + 1..end], &[], scope);
                }
                "mod" if !is_group(tokens.get(index + 2), Delimiter::Brace) => {
                    self.names.insert(name.clone(), [scope, &[name]].concat());
                }
                "struct" | "enum" | "trait" | "type" if is_item(&tokens[..index]) => self.types.push(name),
                _ => {
                    let TokenTree::Group(group) = token else { continue };
                    let inner = inner_scope(&tokens, index, scope);
                    let types = self.types.len();
                    self.declarations(group.stream(), &inner);
                    // Functions may import, but their types are not items of the file.
                    if inner == scope {
                        self.types.truncate(types);
                    }
                }
            }
        }
    }

    /// Records the imports of `use …;`.
    fn use_tree(&mut self, tokens: &[TokenTree], prefix: &[String], scope: &[String]) {
        let mut path = prefix.to_vec();
        let mut alias = None;
        for (index, token) in tokens.iter().enumerate() {
            match token {
                TokenTree::Ident(ident) if ident == "as" => alias = tokens.get(index + 1).map(ToString::to_string),
                TokenTree::Ident(ident) if alias.is_none() => path.push(ident.to_string()),
                TokenTree::Group(group) => {
                    let inner: Vec<_> = group.stream().into_iter().collect();
                    for tree in inner.split(|token| is_punct(token, ',')).filter(|tree| !tree.is_empty()) {
                        self.use_tree(tree, &path, scope);
                    }
                    return;
                }
                _ => {}
            }
        }
        // `use super::name::{self}`.
        if path.len() > 1 && path.last().is_some_and(|last| last == "self") {
            path.pop();
        }
        let Some(last) = path.last().cloned() else { return };
        let is_glob = tokens.last().is_some_and(|token| is_punct(token, '*'));
        if let Some(path) = resolve(&path, scope).or_else(|| self.named(&path)) {
            if !is_glob {
                self.names.insert(alias.unwrap_or(last), path.clone());
            }
            self.paths.insert(path);
        } else {
            self.external_names.insert(alias.unwrap_or(last));
            self.external.insert(path);
        }
    }

    fn named(&self, path: &[String]) -> Option<Vec<String>> {
        let target = self.names.get(path.first()?)?;
        Some([target, &path[1..]].concat())
    }

    /// Records the paths that code, attributes and macros name.
    fn uses(&mut self, tokens: TokenStream, scope: &[String]) {
        let tokens = self.without_tests(tokens);
        let mut index = 0;
        while index < tokens.len() {
            match &tokens[index] {
                TokenTree::Group(group) => {
                    self.uses(group.stream(), &inner_scope(&tokens, index, scope));
                }
                TokenTree::Ident(keyword) if keyword == "use" && is_import(&tokens, index) => {
                    index += tokens[index..].iter().take_while(|token| !is_punct(token, ';')).count();
                }
                TokenTree::Literal(literal) => self.literal(&literal.to_string(), scope),
                TokenTree::Ident(first) => {
                    let is_start = index == 0
                        || ![':', '.', '$'].iter().any(|punct| is_punct(&tokens[index - 1], *punct))
                        || (is_punct(&tokens[index - 1], ':') && (index == 1 || !is_punct(&tokens[index - 2], ':')));
                    let mut path = vec![first.to_string()];
                    while let [colon, second, TokenTree::Ident(part), ..] = &tokens[index + 1..]
                        && is_punct(colon, ':')
                        && is_punct(second, ':')
                    {
                        path.push(part.to_string());
                        index += 3;
                    }
                    if is_start && path.len() > 1 {
                        self.path(&path, scope);
                    }
                }
                TokenTree::Punct(_) => {}
            }
            index += 1;
        }
    }

    fn path(&mut self, path: &[String], scope: &[String]) {
        match resolve(path, scope).or_else(|| self.named(path)) {
            Some(path) => self.paths.insert(path),
            None => !self.external_names.contains(&path[0]) && self.external.insert(path.to_vec()),
        };
    }

    /// Records a path in an attribute's string: `#[serde(with = "crate::time")]`.
    fn literal(&mut self, literal: &str, scope: &[String]) {
        let text = literal.trim_matches('"');
        let is_path = text.chars().all(|char| char.is_alphanumeric() || char == ':' || char == '_');
        if is_path && ["crate::", "super::", "self::"].iter().any(|start| text.starts_with(start)) {
            self.path(&text.split("::").map(str::to_owned).collect::<Vec<_>>(), scope);
        }
    }

    /// Leaves out the items below `#[cfg(test)]`, and records the files that are such modules.
    fn without_tests(&mut self, tokens: TokenStream) -> Vec<TokenTree> {
        let tokens: Vec<_> = tokens.into_iter().collect();
        let mut kept = Vec::new();
        let mut index = 0;
        while index < tokens.len() {
            let attribute = tokens.get(index + 1).map(|token| token.to_string().replace(' ', "")).unwrap_or_default();
            if is_punct(&tokens[index], '#')
                && ["[cfg(test)]", "[cfg(all(test,"].iter().any(|cfg| attribute.starts_with(cfg))
            {
                let is_end = |token: &TokenTree| is_punct(token, ';') || is_group(Some(token), Delimiter::Brace);
                let end = index + tokens[index..].iter().take_while(|token| !is_end(token)).count();
                let item: Vec<_> = tokens[index + 2..end].iter().map(ToString::to_string).collect();
                if let [.., keyword, name] = &item[..]
                    && keyword == "mod"
                {
                    self.child_tests.push(name.clone());
                }
                index = end + 1;
            } else {
                kept.push(tokens[index].clone());
                index += 1;
            }
        }
        kept
    }
}

/// Returns a path from the crate's root; `None` for one that does not begin with a keyword.
fn resolve(path: &[String], scope: &[String]) -> Option<Vec<String>> {
    let supers = path.iter().take_while(|part| *part == "super").count();
    match path.first()?.as_str() {
        "crate" | "health_runtime" => Some(path[1..].to_vec()),
        "self" => Some([scope, &path[1..]].concat()),
        "super" => Some([&scope[..scope.len().saturating_sub(supers)], &path[supers..]].concat()),
        _ => None,
    }
}

/// Whether a keyword behind these tokens begins an item: `type` in a function's body does, `r#type` and `&type` do not.
fn is_item(before: &[TokenTree]) -> bool {
    before.last().is_none_or(|token| match token {
        TokenTree::Group(_) => true,
        TokenTree::Ident(ident) => ident == "pub" || ident == "unsafe",
        TokenTree::Punct(punct) => punct.as_char() == ';',
        TokenTree::Literal(_) => false,
    })
}

/// Whether this `use` imports; in `impl Trait + use<'_>` it captures.
fn is_import(tokens: &[TokenTree], index: usize) -> bool {
    tokens.get(index + 1).is_some_and(|next| !is_punct(next, '<'))
}

/// Returns the scope in the group at `index`, which may be the body of a module.
fn inner_scope(tokens: &[TokenTree], index: usize, scope: &[String]) -> Module {
    match tokens[..index] {
        [.., ref keyword, TokenTree::Ident(ref name)] if keyword.to_string() == "mod" => {
            [scope, &[name.to_string()]].concat()
        }
        _ => scope.to_vec(),
    }
}

fn is_punct(token: &TokenTree, char: char) -> bool {
    matches!(token, TokenTree::Punct(punct) if punct.as_char() == char)
}

fn is_group(token: Option<&TokenTree>, delimiter: Delimiter) -> bool {
    matches!(token, Some(TokenTree::Group(group)) if group.delimiter() == delimiter)
}
