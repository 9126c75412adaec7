//! The rule for texts that pages show as names: `display` and `owner`.

/// Maximum length. The runtime has the same number.
const MAX_LABEL_CHARACTERS: usize = 200;

/// Returns the fault of a text, as the end of a sentence.
pub(crate) fn fault(text: &str) -> Option<String> {
    if let Some((index, letter)) = text.char_indices().find(|(_, letter)| is_unprintable(*letter)) {
        let place = match &text[..index] {
            "" => "at the start".to_owned(),
            before => format!("behind `{before}`"),
        };
        Some(format!("cannot have invisible characters; remove the U+{:04X} {place}", u32::from(letter)))
    } else if text.chars().count() > MAX_LABEL_CHARACTERS {
        Some("cannot be longer than 200 characters; shorten it".to_owned())
    } else {
        None
    }
}

/// Returns whether a character is invisible, or changes the direction of others. The runtime has the same rule.
fn is_unprintable(letter: char) -> bool {
    letter.is_control()
        || matches!(letter, '\u{61c}' | '\u{180e}' | '\u{200b}' | '\u{200e}' | '\u{200f}' | '\u{2028}'..='\u{202e}')
        || matches!(letter, '\u{2060}'..='\u{206f}' | '\u{feff}' | '\u{fff9}'..='\u{fffb}' | '\u{e0000}'..='\u{e007f}')
}

#[cfg(test)]
mod tests {
    use super::fault;

    #[test]
    fn runtime_has_the_same_rules() {
        let rule =
            |source: &'static str, start: &str| source.split_once(start)?.1.split_once("\n}").map(|(rule, _)| rule);
        let (own, start) = (include_str!("label.rs"), "fn is_unprintable(letter: char) -> bool {");
        assert_eq!(rule(own, start), rule(include_str!("../../health-runtime/src/text.rs"), start));
        let number = "const MAX_LABEL_CHARACTERS: usize = 200;";
        assert!(include_str!("../../health-runtime/src/validation.rs").contains(number) && own.contains(number));
    }

    #[test]
    fn label_is_short_and_visible() {
        for text in ["Orders database", "注文データベース", "👩\u{200d}🚒", &"é".repeat(200)] {
            assert_eq!(fault(text), None, "{text}");
        }
        for text in ["a\u{202e}b", "\u{200b}", "a\nb", &"é".repeat(201)] {
            assert!(fault(text).is_some(), "{text}");
        }
    }
}
