//! Text of others on one line of a log.

use std::borrow::Cow;

/// Escapes what could forge another line or hide a part of this one: control characters, and those that are not seen or
/// turn the direction of a text. The rest stays, because log formats escape quotes and backslashes themselves.
pub(crate) fn escape_controls(text: &str) -> Cow<'_, str> {
    if !text.contains(is_control) {
        return text.into();
    }
    let mut escaped = String::with_capacity(text.len() + 8);
    for letter in text.chars() {
        if is_control(letter) {
            escaped.extend(letter.escape_default());
        } else {
            escaped.push(letter);
        }
    }
    escaped.into()
}

fn is_control(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
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
}
