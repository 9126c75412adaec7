use std::fmt::Write as _;

use super::instance::Instance;
use crate::model::Level;

/// Maximum number of bytes of all lines of a path.
const MAX_PATH_BYTES: usize = 4096;

/// Maximum number of services in a path.
pub(super) const MAX_ELEMENTS: usize = 32;

/// The services that a request for health has passed, the first one first: the value of `Health-Path`, such as
/// `orders/7f3a91c2;level=3, billing/11c0aa35`. The grammar is that of `CDN-Loop` (RFC 8586): each service appends itself,
/// and none removes another. An instance follows its service behind a slash.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub(crate) struct HealthPath {
    /// The elements with their parameters.
    elements: Vec<String>,
}

impl HealthPath {
    /// Parses the lines of the header. Several lines are one list (RFC 9110, section 5.3), and empty elements are skipped.
    ///
    /// # Errors
    /// The text says what is wrong, and repeats nothing of the header.
    pub(super) fn parse<'a>(lines: impl IntoIterator<Item = &'a [u8]>) -> Result<Self, String> {
        let mut elements = Vec::new();
        let mut bytes = 0;
        for line in lines {
            bytes += line.len();
            if bytes > MAX_PATH_BYTES {
                return Err(format!("`Health-Path` has more than {MAX_PATH_BYTES} bytes"));
            }
            let mut parser = Parser(line);
            while !parser.0.is_empty() {
                let element = parser.element().ok_or_else(|| {
                    let number = elements.len() + 1;
                    format!("element {number} of `Health-Path` is not valid; write for example `orders/7f3a;level=3`")
                })?;
                if !element.is_empty() {
                    elements.push(element);
                }
                if elements.len() > MAX_ELEMENTS {
                    return Err(format!("`Health-Path` has more than {MAX_ELEMENTS} elements"));
                }
            }
        }
        Ok(Self { elements })
    }

    /// Returns the number of services that the request has passed; 0 for a request that no service sent.
    pub(super) fn depth(&self) -> usize {
        self.elements.len()
    }

    /// Returns whether the request has passed this instance.
    pub(super) fn names(&self, instance: &Instance) -> bool {
        let id = |element: &String| element.split(';').next() == Some(instance.id());
        self.elements.iter().any(id)
    }

    /// Returns the path of a request that this instance sends for a check at this level.
    pub(super) fn followed_by(&self, instance: &Instance, level: Level) -> String {
        let mut path = String::new();
        for element in &self.elements {
            path.push_str(element);
            path.push_str(", ");
        }
        // Into a string it cannot fail.
        let _ = write!(path, "{};level={level}", instance.id());
        path
    }
}

/// Returns whether a character may stand in a token (RFC 9110, section 5.6.2).
const fn is_token(letter: char) -> bool {
    letter.is_ascii_alphanumeric()
        || matches!(letter, '!' | '#'..='\'' | '*' | '+' | '-' | '.' | '^' | '_' | '`' | '|' | '~')
}

/// Returns whether a byte may stand in the name of a service: a token, a host with its port, or both with an instance.
fn is_name(byte: u8) -> bool {
    is_token(char::from(byte)) || matches!(byte, b'/' | b':' | b'[' | b']')
}

/// The rest of a line.
struct Parser<'a>(&'a [u8]);

impl<'a> Parser<'a> {
    /// Takes an element and the comma behind it. Returns it without white space, and an empty text for an empty one;
    /// `None` if it is not valid.
    fn element(&mut self) -> Option<String> {
        self.skip_spaces();
        let mut element = text(self.take_while(is_name)).to_owned();
        self.skip_spaces();
        while self.takes(b';') {
            self.skip_spaces();
            let name = self.take_while(|byte| is_token(char::from(byte)));
            if element.is_empty() || name.is_empty() || !self.takes(b'=') {
                return None;
            }
            let value = if self.0.first() == Some(&b'"') {
                self.quoted()?
            } else {
                Some(self.take_while(|byte| is_token(char::from(byte)))).filter(|value| !value.is_empty())?
            };
            element.extend([";", text(name), "=", text(value)]);
            self.skip_spaces();
        }
        (self.takes(b',') || self.0.is_empty()).then_some(element)
    }

    /// Takes a quoted string. Only visible ASCII and spaces, so that it can be sent on as it is.
    fn quoted(&mut self) -> Option<&'a [u8]> {
        let mut end = 1;
        loop {
            end += match *self.0.get(end)? {
                b'"' => break,
                b'\\' if self.0.get(end + 1).is_some_and(|byte| matches!(byte, b' '..=b'~')) => 2,
                b'\\' => return None,
                b' '..=b'~' | b'\t' => 1,
                _ => return None,
            };
        }
        let (quoted, rest) = self.0.split_at(end + 1);
        self.0 = rest;
        Some(quoted)
    }

    fn take_while(&mut self, is_taken: impl Fn(u8) -> bool) -> &'a [u8] {
        let end = self.0.iter().position(|byte| !is_taken(*byte)).unwrap_or(self.0.len());
        let (taken, rest) = self.0.split_at(end);
        self.0 = rest;
        taken
    }

    fn takes(&mut self, byte: u8) -> bool {
        let rest = self.0.strip_prefix(&[byte]);
        self.0 = rest.unwrap_or(self.0);
        rest.is_some()
    }

    fn skip_spaces(&mut self) {
        self.take_while(|byte| matches!(byte, b' ' | b'\t'));
    }
}

/// Returns bytes that are ASCII as text.
fn text(ascii: &[u8]) -> &str {
    str::from_utf8(ascii).unwrap_or_default()
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    fn parse(line: &str) -> Result<HealthPath, String> {
        HealthPath::parse([line.as_bytes()])
    }

    fn elements(lines: &[&str]) -> Vec<String> {
        HealthPath::parse(lines.iter().map(|line| line.as_bytes())).expect("a good path").elements
    }

    #[test]
    fn path_is_a_list_of_services() {
        assert_eq!(elements(&[]), [""; 0]);
        assert_eq!(elements(&["", " , ,\t"]), [""; 0]);
        assert_eq!(
            elements(&["orders/7f3a;level=3, billing/11c0", "[::1]:8080 ; a=\"x, \\\"y;z\";b=1,"]),
            ["orders/7f3a;level=3", "billing/11c0", "[::1]:8080;a=\"x, \\\"y;z\";b=1"]
        );
    }

    #[test]
    fn malformed_paths_are_refused() {
        for line in [
            "a b",
            ";level=3",
            "a;",
            "a;level",
            "a;level=",
            "a;=3",
            "a;level=3 b",
            "é",
            "a;x=\"",
            "a;x=\"\\",
            "a;x=\"é\"",
            "a;x=\"b\"c",
            "a\0",
            "a=b",
            "\"a\"",
        ] {
            assert!(parse(line).is_err(), "{line:?}");
        }
        assert_eq!(parse(&"a,".repeat(MAX_ELEMENTS)).map(|path| path.depth()), Ok(MAX_ELEMENTS));
        assert!(parse(&"a,".repeat(MAX_ELEMENTS + 1)).is_err());
        assert!(parse(&"a".repeat(MAX_PATH_BYTES)).is_ok());
        assert!(HealthPath::parse([&[b'a'; MAX_PATH_BYTES][..], b"b"]).is_err(), "the bytes of all lines count");
    }

    #[test]
    fn path_names_exact_instances() {
        let (orders, other) = (Instance::new("orders"), Instance::new("orders"));
        let path = parse(&format!("a/1, {} ; level=3, b/2", orders.id())).expect("a good path");
        assert!(path.names(&orders) && !path.names(&other));
        let longer = parse(&format!("{}0, x;y={}", orders.id(), orders.id().replace('/', "-"))).expect("a good path");
        assert!(!longer.names(&orders));
    }

    proptest! {
        #[test]
        fn arbitrary_bytes_are_parsed_without_panic(lines in prop::collection::vec(any::<Vec<u8>>(), 0..4)) {
            let _ = HealthPath::parse(lines.iter().map(Vec::as_slice));
        }

        #[test]
        fn valid_path_is_sent_on_with_this_instance_at_its_end(line in "([a-c/;=,\" \\\\]|level=3){0,24}") {
            let Ok(path) = parse(&line) else { return Ok(()) };
            let instance = Instance::new("orders");
            let next = parse(&path.followed_by(&instance, Level::L3)).expect("a good path");
            prop_assert!(next.names(&instance));
            prop_assert_eq!(&next.elements[..path.depth()], &path.elements[..]);
            prop_assert_eq!(next.depth(), path.depth() + 1);
        }
    }
}
