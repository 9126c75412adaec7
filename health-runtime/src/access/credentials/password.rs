use std::{fmt, pin::Pin, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256};
use subtle::ConstantTimeEq;

/// A user's password, in plain text or hashed.
pub(in crate::access) trait Password: Send + Sync {
    fn check(self: Arc<Self>, given: &str) -> PasswordCheck;

    /// Takes as long as `check` does for a wrong password, if this password is hashed.
    fn check_in_vain(self: Arc<Self>, _given: &str) -> Option<PasswordCheck> {
        None
    }

    fn fault(&self) -> Option<&'static str>;
}

impl fmt::Debug for dyn Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}

/// The result of a check, or the pending hashing, off the threads that serve requests.
pub(in crate::access) enum PasswordCheck {
    Done(bool),
    /// Yields `None` if hashing is not possible.
    #[cfg_attr(not(feature = "access-hashed-passwords"), allow(dead_code, reason = "only hashed passwords take time"))]
    Hashing(Pin<Box<dyn Future<Output = Option<bool>> + Send>>),
}

/// A password in plain text.
pub(in crate::access) struct PlainPassword(SecretString);

impl PlainPassword {
    pub(in crate::access) fn new(password: String) -> Self {
        Self(password.into())
    }
}

impl Password for PlainPassword {
    fn check(self: Arc<Self>, given: &str) -> PasswordCheck {
        PasswordCheck::Done(is_same(given.as_bytes(), self.0.expose_secret().as_bytes()))
    }

    fn fault(&self) -> Option<&'static str> {
        let password = self.0.expose_secret();
        if password.is_empty() {
            return Some("the password is empty");
        }
        // RFC 7617, section 2.
        password.contains(char::is_control).then_some(
            "the password holds a control character, such as a line feed at its end, which no client can send",
        )
    }
}

/// Compares two secrets in constant time. Both are hashed first, so not even the length leaks.
pub(in crate::access) fn is_same(given: &[u8], right: &[u8]) -> bool {
    Sha256::digest(given).ct_eq(&Sha256::digest(right)).into()
}
