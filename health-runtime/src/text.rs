//! Foreign text: without control characters, and cut between two characters.

use std::borrow::Cow;

/// Escapes characters that could forge another line or hide a part of this one: control characters, invisible ones, and
/// those that change the direction of text. Log formats escape quotes and backslashes themselves.
pub(crate) fn escape_controls(text: &str) -> Cow<'_, str> {
    if !text.contains(is_unprintable) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_unprintable(letter) {
            escaped.extend(letter.escape_default());
        } else {
            escaped.push(letter);
        }
    }
    escaped.into()
}

/// Returns whether a character is invisible, or changes the direction of others. The macro has the same rule.
pub(crate) fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

/// A value of the key `base_path`.
///
/// Not public API. Used by generated code.
#[doc(hidden)]
#[diagnostic::on_unimplemented(
    message = "`{Self}` is not a path",
    label = "has to be a text; write for example `base_path: \"/health\"`"
)]
pub trait PathValue {
    /// Converts the value.
    fn into_path(self) -> String;
}

#[diagnostic::do_not_recommend]
impl<T: Into<String>> PathValue for T {
    fn into_path(self) -> String {
        self.into()
    }
}

/// Returns the last boundary between characters at or before `index`; the end of the text for an index beyond it. The
/// function of std is newer than the oldest supported compiler.
pub(crate) fn floor_char_boundary(text: &str, index: usize) -> usize {
    (0..=index.min(text.len())).rev().find(|index| text.is_char_boundary(*index)).unwrap_or_default()
}

/// Returns the first boundary between characters at or after `index`; the end of the text for an index beyond it.
pub(crate) fn ceil_char_boundary(text: &str, index: usize) -> usize {
    (index..text.len()).find(|index| text.is_char_boundary(*index)).unwrap_or(text.len())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn controls_are_escaped_and_the_rest_stays() {
        for (text, escaped) in [
            ("a\r\nb\0c\td", "a\\r\\nb\\u{0}c\\td"),
            ("\u{1b}[31mred\u{9b}", "\\u{1b}[31mred\\u{9b}"),
            ("a\u{202e}b\u{2066}c\u{2028}d\u{feff}", "a\\u{202e}b\\u{2066}c\\u{2028}d\\u{feff}"),
            ("\"quoted\" C:\\x 'é' हिन्दी 👩\u{200d}🚒", "\"quoted\" C:\\x 'é' हिन्दी 👩\u{200d}🚒"),
        ] {
            assert_eq!(escape_controls(text), escaped);
        }
        assert!(matches!(escape_controls("plain"), Cow::Borrowed(_)));
    }

    #[test]
    fn boundaries_are_those_of_the_standard_library() {
        let text = "aä€😀z";
        for index in 0..text.len() + 3 {
            assert_eq!(floor_char_boundary(text, index), text.floor_char_boundary(index), "{index}");
            assert_eq!(ceil_char_boundary(text, index), text.ceil_char_boundary(index), "{index}");
        }
        assert_eq!((floor_char_boundary("", 5), ceil_char_boundary("", 5)), (0, 0));
    }
}
