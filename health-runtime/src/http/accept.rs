//! The `Accept` header (RFC 9110, section 12.5.1): which of several media types a client likes best.
//!
//! Read where it stands, without a copy. What cannot be read is passed over, because probers send odd headers, and so
//! is what a header of no honest length would hold.

use axum::http::{HeaderMap, header};

use crate::render::{FORMAT_COUNT, Format, FormatId};

/// How many bytes of the header are looked at. Browsers send some 150.
const LONGEST: usize = 4096;

/// Browsers set it on requests to secure origins and to loopback, and no script can (Fetch Metadata Request Headers).
const SEC_FETCH_MODE: &str = "sec-fetch-mode";

/// How a client likes a media type.
#[derive(Clone, Copy, Debug)]
struct Liking {
    /// From 0 (not at all) to 1.
    quality: f32,
    /// How closely the range names it: by version, by name, by its first half, not at all.
    closeness: u8,
    /// Where the range stands in the header.
    position: usize,
}

/// What the header says of each encoding.
#[derive(Debug)]
pub(super) struct Accept {
    likings: [Option<Liking>; FORMAT_COUNT],
    /// Whether a person reads the answer. Programs send `text/html` as well, Java's client by default.
    is_browser: bool,
}

impl Accept {
    /// Reads the header, which may stand in several lines. `None` if it leaves everything open.
    pub(super) fn of(headers: &HeaderMap) -> Option<Self> {
        let lines = headers.get_all(header::ACCEPT);
        if lines.iter().all(|line| line == "*/*") {
            return None;
        }
        let is_navigation = headers.get(SEC_FETCH_MODE).is_some_and(|mode| mode == "navigate");
        let mut accept = Self { likings: [None; FORMAT_COUNT], is_browser: is_navigation };
        let mut left = LONGEST;
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

    /// The closest range counts, and of two that are equally close the first.
    fn count(&mut self, range: &MediaRange<'_>, position: usize) {
        self.is_browser |= range.is_xhtml() && range.quality > 0.0;
        for id in FormatId::all() {
            let Some(closeness) = range.closeness(id.format()) else { continue };
            let liking = &mut self.likings[id.index()];
            if liking.is_none_or(|known| known.closeness < closeness) {
                *liking = Some(Liking { quality: range.quality, closeness, position });
            }
        }
    }

    /// Whether the client takes this encoding at all.
    pub(super) fn takes(&self, id: FormatId) -> bool {
        self.liking(id).is_some()
    }

    /// The encoding that the client likes best: by quality, then by how closely it is named, then by its place in the
    /// header. `own` comes first where the header makes no difference. A page is for browsers, and for clients that take
    /// nothing else.
    pub(super) fn best(&self, own: FormatId, is_offered: impl Fn(FormatId) -> bool) -> Option<FormatId> {
        let without_page = |id: FormatId| is_offered(id) && (self.is_browser || !id.is_page());
        self.best_of(own, without_page).or_else(|| self.best_of(own, &is_offered))
    }

    fn best_of(&self, own: FormatId, is_offered: impl Fn(FormatId) -> bool) -> Option<FormatId> {
        let mut best: Option<(FormatId, Liking)> = None;
        for id in [own].into_iter().chain(FormatId::all()).filter(|id| is_offered(*id)) {
            let Some(liking) = self.liking(id) else { continue };
            if best.is_none_or(|(_, best)| liking.beats(best)) {
                best = Some((id, liking));
            }
        }
        best.map(|(id, _)| id)
    }

    fn liking(&self, id: FormatId) -> Option<Liking> {
        self.likings[id.index()].filter(|liking| liking.quality > 0.0)
    }
}

impl Liking {
    fn beats(self, other: Self) -> bool {
        let by_quality = self.quality.total_cmp(&other.quality);
        by_quality.then(self.closeness.cmp(&other.closeness)).then(other.position.cmp(&self.position)).is_gt()
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
            // Java's own client has sent this for decades.
            "*" => ("*", "*"),
            // Another name for the same (RFC 7303, section 9.2).
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
            // Others, such as `charset`, tell none of our encodings from another.
        }
        Some(range)
    }

    /// Returns whether it names a media type that browsers accept, and other programs do not.
    fn is_xhtml(&self) -> bool {
        self.kind.eq_ignore_ascii_case("application") && self.subtype.eq_ignore_ascii_case("xhtml+xml")
    }

    /// How closely it names an encoding; `None` if it does not mean that one.
    fn closeness(&self, format: &Format) -> Option<u8> {
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

/// What of a line stands within its first `longest` bytes, without an element that goes on beyond them: half a quality
/// is another quality.
fn whole_elements(line: &[u8], longest: usize) -> &[u8] {
    let Some(head) = line.get(..longest).filter(|head| head.len() < line.len()) else { return line };
    let end = head.iter().rposition(|byte| *byte == b',').unwrap_or_default();
    &head[..end]
}

/// The parts between separators that do not stand inside a quoted string.
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

    /// What JSON and plain text, of which JSON is the route's own, come to.
    fn best(lines: &[&str]) -> Option<&'static str> {
        let Some(accept) = Accept::of(&headers(lines)) else { return Some("json") };
        let offered = [FormatId::JSON, FormatId::TEXT];
        accept.best(FormatId::JSON, |id| offered.contains(&id)).map(|id| id.format().name)
    }

    #[test]
    fn the_best_of_two() {
        let table: &[(&str, Option<&str>)] = &[
            // Wildcards leave it to the route.
            ("*/*", Some("json")),
            ("*/*;q=0.1", Some("json")),
            ("*, text/html", Some("json")),
            // By name, in any case, with whatever parameters.
            ("text/plain", Some("text")),
            ("TEXT/Plain ; Charset=\"utf-8\"", Some("text")),
            ("application/json;charset=utf-8", Some("json")),
            ("text/*", Some("text")),
            // By quality.
            ("application/json;q=0.5, text/plain;q=0.6", Some("text")),
            ("application/json; q=0.5 , text/plain; q=.4", Some("json")),
            ("text/plain;Q=0.001, application/json;q=0", Some("text")),
            ("text/html, application/xhtml+xml, */*;q=0.8", Some("json")),
            // The closest range counts, wherever it stands.
            ("*/*, application/json;q=0", Some("text")),
            ("application/*;q=0.2, application/json, text/plain;q=0.9", Some("json")),
            ("text/*;q=0, text/plain;q=0.1, application/json;q=0.01", Some("text")),
            ("text/plain;q=0.3, text/plain;q=1, application/json;q=0.4", Some("json")),
            // Equal qualities: what is named beats what is not, then the first.
            ("text/plain, text/*, */*", Some("text")),
            ("text/plain, application/json", Some("text")),
            ("application/json, text/plain, */*", Some("json")),
            // A version that neither has.
            ("text/plain;version=0.0.4, */*;q=0.1", Some("json")),
            ("text/plain;version=0.0.4", None),
            // A comma in quotes separates nothing.
            ("text/plain;a=\",application/json;q=1,\\\",\"", Some("text")),
            // Nothing that is to be had.
            ("image/png", None),
            ("*/*;q=0", None),
            ("text/plain;q=0, application/json;q=0.0", None),
            // Nothing that can be read, or that and something else.
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
    fn several_lines_are_one_list() {
        assert_eq!(best(&[]), Some("json"));
        assert_eq!(best(&["*/*", "*/*"]), Some("json"));
        assert_eq!(best(&["application/json;q=0.1", "text/plain;q=0.2"]), Some("text"));
        assert_eq!(best(&["*/*", "application/json;q=0"]), Some("text"));
    }

    #[test]
    fn what_is_too_long_is_not_read_to_its_end() {
        let filler = "a/b,".repeat(1_000_000);
        assert_eq!(best(&[&format!("text/plain,{filler}application/json")]), Some("text"));
        assert_eq!(best(&["text/plain", &filler, "application/json"]), Some("text"));
        assert_eq!(best(&[&filler, "application/json"]), None);
    }

    #[test]
    fn half_an_element_is_not_read() {
        let line = b"a/b;q=0.9,c/d;q=0.9";
        for (longest, expected) in [
            (0, &line[..0]),
            (7, &line[..0]),
            (9, &line[..0]),
            (10, &line[..9]),
            (16, &line[..9]),
            (19, line),
            (99, line),
        ] {
            assert_eq!(whole_elements(line, longest), expected, "{longest}");
        }
    }
}
