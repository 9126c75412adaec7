//! `str::floor_char_boundary` and `str::ceil_char_boundary`, which are newer than the oldest supported compiler.

/// Returns the last boundary between characters at or before `index`; the end of the text for an index beyond it.
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
    fn boundaries_are_those_of_the_standard_library() {
        let text = "aä€😀z";
        for index in 0..text.len() + 3 {
            assert_eq!(floor_char_boundary(text, index), text.floor_char_boundary(index), "{index}");
            assert_eq!(ceil_char_boundary(text, index), text.ceil_char_boundary(index), "{index}");
        }
        assert_eq!((floor_char_boundary("", 5), ceil_char_boundary("", 5)), (0, 0));
    }
}
