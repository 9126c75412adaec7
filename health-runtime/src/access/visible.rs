/// Whether a header can hold it: visible ASCII, and spaces.
pub(super) fn is_visible(text: &[u8]) -> bool {
    text.iter().all(|byte| (0x20..0x7f).contains(byte))
}
