use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// Whether two secrets are the same, in a time that tells neither how much of them is nor how long the right one is:
/// hashes are compared, which are of one length.
pub(super) fn is_same(given: &[u8], right: &[u8]) -> bool {
    Sha256::digest(given).ct_eq(&Sha256::digest(right)).into()
}
