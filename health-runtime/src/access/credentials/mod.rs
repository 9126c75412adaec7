//! Parts of the policies that read names, keys, passwords and signatures.

mod access_key;
mod authorization;
mod grants;
#[cfg(feature = "access-hashed-passwords")]
mod hash_permit;
#[cfg(feature = "access-hashed-passwords")]
mod hashed_password;
mod nonce_cache;
mod password;

pub use access_key::AccessKey;
pub(super) use access_key::{KEY_HEADER, KEY_PART, NOT_SENDABLE, SIGNATURE_HEADER, faults_of_keys, is_sendable};
pub(super) use authorization::{SchemeCredentials, of_scheme};
pub(super) use grants::{Grants, faults_of_names};
#[cfg(feature = "access-hashed-passwords")]
pub(super) use hashed_password::HashedPassword;
pub(super) use nonce_cache::{NonceCache, ReplayCheck};
pub(super) use password::{Password, PasswordCheck, PlainPassword, SecretDigest};
