//! The `Accept` header (RFC 9110, section 12.5.1): a client's preferences among media types.
//!
//! Parsed in place, without allocating. Malformed elements are skipped, because probers send odd headers, and so is
//! everything beyond a length that no honest header reaches.

use axum::http::{HeaderMap, header};

use crate::render::{FORMAT_COUNT, Format};

/// Longest part of the header that is parsed. Browsers send some 150 bytes.
const MAX_HEADER_BYTES: usize = 4096;

/// Browsers set it on requests to secure origins and to loopback, and no script can (Fetch Metadata Request Headers).
const SEC_FETCH_MODE: &str = "sec-fetch-mode";

/// The preference of a client for a media type.
#[derive(Clone, Copy, Debug)]
struct Preference {
    /// From 0 (not acceptable) to 1.
    quality: f32,
    /// From 0 for `*/*` to 3 for a range with a version.
    specificity: u8,
    /// Position of the range in the header.
    position: usize,
}

/// The preferences of a client for the formats.
#[derive(Debug)]
pub(super) struct Accept {
    /// In the order of the table of formats.
    preferences: [Option<Preference>; FORMAT_COUNT],
    /// Whether a person reads the answer. Programs accept `text/html` as well, as Java's client does by default.
    is_browser: bool,
}

impl Accept {
    /// Parses the header, which may take several lines. `None` if it leaves everything open.
    pub(super) fn parse(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(header::ACCEPT);
        if lines.iter().all(|line| line == "*/*") {
            return None;
        }
        let is_navigation = headers.get(SEC_FETCH_MODE).is_some_and(|mode| mode == "navigate");
        let mut accept = Self { preferences: [None; FORMAT_COUNT], is_browser: is_navigation };
        let mut left = MAX_HEADER_BYTES;
        let mut position = 0;
        for line in lines {
            let line = line.as_bytes();
            for range in split(whole_elements(line, left), b',').filter_map(MediaRange::parse) {
                accept.count(&range, position);
                position += 1;
            }
            left = left.saturating_sub(line.len());
        }
        Some(accept)
    }

    /// The most specific range counts, and the first of several that are equally specific.
    fn count(&mut self, range: &MediaRange<'_>, position: usize) {
        self.is_browser |= range.is_xhtml() && range.quality > 0.0;
        for (preference, format) in self.preferences.iter_mut().zip(Format::all()) {
            let Some(specificity) = range.specificity(format) else { continue };
            if preference.is_none_or(|known| known.specificity < specificity) {
                *preference = Some(Preference { quality: range.quality, specificity, position });
            }
        }
    }

    /// Returns whether the client accepts a format at all.
    pub(super) fn accepts(&self, format: &Format) -> bool {
        self.preference(format).is_some()
    }

    /// Returns the format that the client prefers: by quality, then by specificity, then by its position in the header.
    /// `own` wins if the header makes no difference. A page is for browsers, and for clients that accept nothing else.
    pub(super) fn best(&self, own: &'static Format, is_offered: impl Fn(&Format) -> bool) -> Option<&'static Format> {
        let without_page = |format: &Format| is_offered(format) && (self.is_browser || !format.is_page);
        self.best_of(own, without_page).or_else(|| self.best_of(own, &is_offered))
    }

    fn best_of(&self, own: &'static Format, is_offered: impl Fn(&Format) -> bool) -> Option<&'static Format> {
        let mut best: Option<(&'static Format, Preference)> = None;
        for format in [own].into_iter().chain(Format::all()).filter(|format| is_offered(format)) {
            let Some(preference) = self.preference(format) else { continue };
            if best.is_none_or(|(_, best)| preference.beats(best)) {
                best = Some((format, preference));
            }
        }
        best.map(|(format, _)| format)
    }

    fn preference(&self, format: &Format) -> Option<Preference> {
        let (preference, _) = self.preferences.iter().zip(Format::all()).find(|(_, known)| *known == format)?;
        preference.filter(|preference| preference.quality > 0.0)
    }
}

impl Preference {
    fn beats(self, other: Self) -> bool {
        let by_quality = self.quality.total_cmp(&other.quality);
        by_quality.then(self.specificity.cmp(&other.specificity)).then(other.position.cmp(&self.position)).is_gt()
    }
}

/// One element of the header, such as `text/*;q=0.5`.
#[derive(Debug)]
struct MediaRange<'a> {
    kind: &'a str,
    subtype: &'a str,
    version: Option<&'a str>,
    quality: f32,
}

impl<'a> MediaRange<'a> {
    fn parse(element: &'a [u8]) -> Option<Self> {
        let mut parts = split(element, b';').map(|part| std::str::from_utf8(part).map(str::trim));
        let (kind, subtype) = match parts.next()?.ok()? {
            // Java's own client sends `*`.
            "*" => ("*", "*"),
            // A synonym (RFC 7303, section 9.2).
            range if range.eq_ignore_ascii_case("text/xml") => ("application", "xml"),
            range => range.split_once('/')?,
        };
        let mut range = Self { kind, subtype, version: None, quality: 1.0 };
        for part in parts {
            let Some((name, value)) = part.ok()?.split_once('=') else { continue };
            let (name, value) = (name.trim_end(), value.trim_start());
            if name.eq_ignore_ascii_case("q") {
                range.quality = value.parse().ok().filter(|quality| (0.0..=1.0).contains(quality))?;
            } else if name.eq_ignore_ascii_case("version") {
                range.version = Some(value.trim_matches('"'));
            }
            // Other parameters, such as `charset`, do not distinguish formats.
        }
        Some(range)
    }

    /// Returns whether it names a media type that browsers accept, and other programs do not.
    fn is_xhtml(&self) -> bool {
        self.kind.eq_ignore_ascii_case("application") && self.subtype.eq_ignore_ascii_case("xhtml+xml")
    }

    /// Returns how specifically the range names a format; `None` if it does not match.
    fn specificity(&self, format: &Format) -> Option<u8> {
        let (kind, subtype) = format.essence().split_once('/')?;
        match (self.kind, self.subtype) {
            ("*", "*") => Some(0),
            (of, "*") if of.eq_ignore_ascii_case(kind) => Some(1),
            (of, named) if of.eq_ignore_ascii_case(kind) && named.eq_ignore_ascii_case(subtype) => match self.version {
                None => Some(2),
                version if version == format.version() => Some(3),
                Some(_) => None,
            },
            _ => None,
        }
    }
}

/// Returns the elements that end within the first bytes of a line. An element that is cut could have another quality.
fn whole_elements(line: &[u8], max_bytes: usize) -> &[u8] {
    let Some(head) = line.get(..max_bytes).filter(|head| head.len() < line.len()) else { return line };
    let end = head.iter().rposition(|byte| *byte == b',').unwrap_or_default();
    &head[..end]
}

/// Splits at separators outside of quoted strings.
fn split(bytes: &[u8], separator: u8) -> impl Iterator<Item = &[u8]> {
    let (mut is_quoted, mut is_escaped) = (false, false);
    bytes.split(move |byte| {
        if std::mem::take(&mut is_escaped) {
            return false;
        }
        match byte {
            b'\\' if is_quoted => is_escaped = true,
            b'"' => is_quoted = !is_quoted,
            _ => {}
        }
        *byte == separator && !is_quoted
    })
}

#[cfg(test)]
mod tests {
    use axum::http::HeaderValue;

    use super::*;

    fn headers(lines: &[&str]) -> HeaderMap {
        lines.iter().map(|line| (header::ACCEPT, HeaderValue::from_bytes(line.as_bytes()).expect("a value"))).collect()
    }

    /// Chooses between JSON, the route's own format, and plain text.
    fn best(lines: &[&str]) -> Option<&'static str> {
        let Some(accept) = Accept::parse(&headers(lines)) else { return Some("json") };
        let offered = [Format::JSON, Format::TEXT];
        accept.best(Format::JSON, |format| offered.contains(&format)).map(|format| format.name)
    }

    #[test]
    fn best_format_follows_quality_and_specificity() {
        let table: &[(&str, Option<&str>)] = &[
            // Wildcards leave it to the route.
            ("*/*", Some("json")),
            ("*/*;q=0.1", Some("json")),
            ("*, text/html", Some("json")),
            // Names match in any case, with any parameters.
            ("text/plain", Some("text")),
            ("TEXT/Plain ; Charset=\"utf-8\"", Some("text")),
            ("application/json;charset=utf-8", Some("json")),
            ("text/*", Some("text")),
            // By quality.
            ("application/json;q=0.5, text/plain;q=0.6", Some("text")),
            ("application/json; q=0.5 , text/plain; q=.4", Some("json")),
            ("text/plain;Q=0.001, application/json;q=0", Some("text")),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some("json")),
            // The most specific range counts, at any position.
            ("*/*, application/json;q=0", Some("text")),
            ("application/*;q=0.2, application/json, text/plain;q=0.9", Some("json")),
            ("text/*;q=0, text/plain;q=0.1, application/json;q=0.01", Some("text")),
            ("text/plain;q=0.3, text/plain;q=1, application/json;q=0.4", Some("json")),
            // Equal qualities: the more specific range wins, then the first.
            ("text/plain, text/*, */*", Some("text")),
            ("text/plain, application/json", Some("text")),
            ("application/json, text/plain, */*", Some("json")),
            // Neither has this version.
            ("text/plain;version=0.0.4, */*;q=0.1", Some("json")),
            ("text/plain;version=0.0.4", None),
            // A comma in quotes separates nothing.
            ("text/plain;a=\",application/json;q=1,\\\",\"", Some("text")),
            // No offered format is acceptable.
            ("image/png", None),
            ("*/*;q=0", None),
            ("text/plain;q=0, application/json;q=0.0", None),
            // Malformed ranges, alone or beside others.
            ("", None),
            (",;/,,q=1;;", None),
            ("json", None),
            ("text/plain;q=high, application/json;q=NaN, image/*", None),
            ("text/plain;q=2, application/json;q=-1, image/*", None),
            ("\u{e9}\u{1f4a5}, text/plain", Some("text")),
            ("\"text/plain", None),
        ];
        for (line, expected) in table {
            assert_eq!(best(&[line]), *expected, "{line}");
        }
    }

    #[test]
    fn several_header_lines_are_one_list() {
        assert_eq!(best(&[]), Some("json"));
        assert_eq!(best(&["*/*", "*/*"]), Some("json"));
        assert_eq!(best(&["application/json;q=0.1", "text/plain;q=0.2"]), Some("text"));
        assert_eq!(best(&["*/*", "application/json;q=0"]), Some("text"));
    }

    #[test]
    fn long_header_is_parsed_up_to_its_limit() {
        let filler = "a/b,".repeat(1_000_000);
        assert_eq!(best(&[&format!("text/plain,{filler}application/json")]), Some("text"));
        assert_eq!(best(&["text/plain", &filler, "application/json"]), Some("text"));
        assert_eq!(best(&[&filler, "application/json"]), None);
    }

    #[test]
    fn element_across_the_limit_is_skipped() {
        let line = b"a/b;q=0.9,c/d;q=0.9";
        for (max_bytes, expected) in [
            (0, &line[..0]),
            (7, &line[..0]),
            (9, &line[..0]),
            (10, &line[..9]),
            (16, &line[..9]),
            (19, line),
            (99, line),
        ] {
            assert_eq!(whole_elements(line, max_bytes), expected, "{max_bytes}");
        }
    }
}
