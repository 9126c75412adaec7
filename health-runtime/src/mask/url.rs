/// Everything from `://` to the last `@` before white space goes, because a password that should have been
/// percent-encoded may hold any other character: rather too much than too little.
pub(super) fn mask_urls(text: &str) -> String {
    let mut masked = String::with_capacity(text.len());
    let mut rest = text;
    while let Some(at) = rest.find("://") {
        let (before, after) = rest.split_at(at + "://".len());
        masked.push_str(before);
        let end = after.find(char::is_whitespace).unwrap_or(after.len());
        rest = if let Some(at) = after[..end].rfind('@') {
            masked.push_str("***");
            &after[at..]
        } else {
            // Nor is there one behind another `://` of the same word; to look again would take forever in a long one.
            masked.push_str(&after[..end]);
            &after[end..]
        };
    }
    masked.push_str(rest);
    masked
}
