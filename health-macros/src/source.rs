//! The text of tokens, as their author would write it.

use quote::ToTokens;

/// Returns the tokens with nearly the spaces of the source.
pub(crate) fn source(tokens: &impl ToTokens) -> String {
    let text = tokens.to_token_stream().to_string();
    // A negative number, not a subtraction.
    let text = text.strip_prefix("- ").map_or_else(|| text.clone(), |number| format!("-{number}"));
    [
        (" :: ", "::"),
        (":: ", "::"),
        (" ::", "::"),
        (" < ", "<"),
        (" >", ">"),
        (" ,", ","),
        ("& ", "&"),
        (" (", "("),
        (" ;", ";"),
        (" !", "!"),
        ("! ", "!"),
        ("::< ", "::<"),
    ]
    .iter()
    .fold(text, |text, (spaced, tight)| text.replace(spaced, tight))
}

#[cfg(test)]
mod tests {
    use quote::quote;

    use super::source;

    #[test]
    fn tokens_read_as_written() {
        assert_eq!(source(&quote!(&Arc<dyn Store + Sync>)), "&Arc<dyn Store + Sync>");
        assert_eq!(source(&quote!(std::time::Duration::from_secs(2))), "std::time::Duration::from_secs(2)");
        assert_eq!(source(&quote!(HashMap<String, u32>)), "HashMap<String, u32>");
    }
}
