//! Reads the values of `base_path` and `levels_path`.

use syn::{Error, Expr, Lit, Result, parse::ParseStream};

use super::values::{example, literal, quoted};
use crate::source::source;

/// Reads a path, or a path with a view.
pub(super) fn path(key: &str, input: ParseStream) -> Result<Expr> {
    let value: Expr = input.parse()?;
    let is_other = |value: &Expr| literal(value).is_some_and(|literal| !matches!(literal, Lit::Str(_)));
    let refused = |value: &Expr| {
        let message = format!("{} is not a valid path; write for example `{}`", quoted(value), example(key));
        Err(Error::new_spanned(value, message))
    };
    match &value {
        value if is_other(value) => refused(value),
        Expr::Lit(_) => check(key, &value).map(|()| value),
        Expr::Tuple(pair) if key == "levels_path" && pair.elems.len() == 2 => {
            if is_other(&pair.elems[0]) {
                return refused(&pair.elems[0]);
            }
            check(key, &pair.elems[0])?;
            match view(&pair.elems[1]) {
                None => Ok(value),
                Some(meant) => {
                    let (path, view) = (source(&pair.elems[0]), quoted(&pair.elems[1]));
                    let message =
                        format!("{view} is not a view; write `levels_path: ({path}, health_runtime::View::{meant})`");
                    Err(Error::new_spanned(&pair.elems[1], message))
                }
            }
        }
        _ => Ok(value),
    }
}

/// Refuses a literal that cannot be a path. The start of the service checks other expressions, and two equal paths.
fn check(key: &str, value: &Expr) -> Result<()> {
    let Some(Lit::Str(text)) = literal(value) else { return Ok(()) };
    // The runtime puts the base path there.
    let (base, name) = if key == "levels_path" { ("{base}", "/BASE") } else { ("", "") };
    let Some((reason, meant)) = fault(&text.value().replace(base, name)) else { return Ok(()) };
    let advice = match meant {
        Some(path) => format!("write `{key}: \"{}\"`", path.replace(name, base)),
        None => format!("write for example `{}`", example(key)),
    };
    Err(Error::new_spanned(value, format!("{} is not a valid path: {reason}; {advice}", quoted(value))))
}

/// Returns the fault of a path, and the path that was meant. The runtime has the same rules.
fn fault(path: &str) -> Option<(&'static str, Option<String>)> {
    let is_valid = |meant: &String| meant != path && fault(meant).is_none();
    let absolute = |path: &str| format!("/{}", path.trim_matches('/'));
    let parts = || path.split('/').skip(1);
    let (reason, meant) = if let Some((_, rest)) = path.split_once("://") {
        ("it is a URL", rest.split_once('/').map(|(_, path)| absolute(path)))
    } else if let Some((before, _)) = path.split_once(['?', '#']) {
        ("a path has no query", Some(before.to_owned()))
    } else if path.trim_matches('/').is_empty() {
        ("the root belongs to the service", None)
    } else if !path.starts_with('/') || path.ends_with('/') {
        ("a path starts with `/` and does not end with it", Some(absolute(path)))
    } else if parts().any(|part| part.starts_with([':', '*']) || part.contains(['{', '}'])) {
        ("a path cannot have parameters", None)
    } else if parts().any(|part| matches!(part, "." | "..")) {
        ("a path cannot have the parts `.` or `..`", None)
    } else if parts().any(str::is_empty) {
        let parts: Vec<_> = parts().filter(|part| !part.is_empty()).collect();
        ("a path cannot have empty parts", Some(format!("/{}", parts.join("/"))))
    } else if !path.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"/-._~!$&'()+,;=:@%".contains(&byte)) {
        ("a path can only have the characters of a URL", Some(path.replace(' ', "-")))
    } else {
        return None;
    };
    Some((reason, meant.filter(is_valid)))
}

/// Returns the view that was meant by a word or a text.
fn view(value: &Expr) -> Option<&'static str> {
    let word = match value {
        Expr::Path(path) => path.path.get_ident()?.to_string(),
        value => match literal(value)? {
            Lit::Str(text) => text.value(),
            _ => String::new(),
        },
    };
    match word.as_str() {
        "native" | "Native" => Some("Native"),
        "values" | "Values" => Some("Values"),
        _ => literal(value).map(|_| "Values"),
    }
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn faulty_paths_have_the_path_that_was_meant() {
        for path in ["/health", "/a/b", "/health-1.0/~x", "/a.b"] {
            assert_eq!(fault(path), None, "{path}");
        }
        for (path, meant) in [
            ("health", Some("/health")),
            ("/health/", Some("/health")),
            ("/", None),
            ("", None),
            ("//", None),
            ("/health?x", Some("/health")),
            ("?x", None),
            ("https://example.com/health", Some("/health")),
            ("https://example.com", None),
            ("/a//b", Some("/a/b")),
            ("/a/../b", None),
            ("/a/{tenant}", None),
            ("/:tenant", None),
            ("/my levels", Some("/my-levels")),
            ("/ä", None),
        ] {
            let found = fault(path).map(|(_, meant)| meant);
            assert_eq!(found.as_ref().map(|meant| meant.as_deref()), Some(meant), "{path}");
        }
    }
}
