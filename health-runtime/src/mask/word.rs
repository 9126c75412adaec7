/// What a word is masked with.
pub(super) const MASK: &str = "***";

/// Longer than the words of a message are.
const LONGEST_WORD: usize = 24;

/// Whether something is probably not a word of a sentence: it holds a digit, a sign or a capital letter within, or is
/// long.
pub(super) fn is_no_word(text: &str) -> bool {
    let text = text.trim_end_matches(['.', ',', ':', ';', '!', '?', ')', '"', '\'']);
    let is_of_word = |(at, letter): (usize, char)| letter.is_alphabetic() && (at == 0 || !letter.is_uppercase());
    text.len() > LONGEST_WORD || !text.char_indices().all(is_of_word)
}

/// Where a word ends: at white space, and at what separates values.
pub(super) fn end_of_word(text: &str) -> usize {
    text.find(|letter: char| letter.is_whitespace() || "&;,)]}".contains(letter)).unwrap_or(text.len())
}
