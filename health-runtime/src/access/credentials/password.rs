use std::{fmt, pin::Pin, sync::Arc};

use secrecy::{ExposeSecret, SecretString};
use sha2::{Digest, Sha256, digest::Output};
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

/// A password that was given in plain text, of which only the digest is kept.
pub(in crate::access) struct PlainPassword {
    digest: SecretDigest,
    fault: Option<&'static str>,
}

impl PlainPassword {
    pub(in crate::access) fn new(password: String) -> Self {
        let password = SecretString::from(password);
        let fault = match password.expose_secret() {
            "" => Some("the password is empty"),
            // RFC 7617, section 2.
            password if password.contains(char::is_control) => {
                Some("the password holds a control character, such as a line feed at its end, which no client can send")
            }
            _ => None,
        };
        Self { digest: SecretDigest::new(password.expose_secret()), fault }
    }
}

impl Password for PlainPassword {
    fn check(self: Arc<Self>, given: &str) -> PasswordCheck {
        PasswordCheck::Done(self.digest.matches(given))
    }

    fn fault(&self) -> Option<&'static str> {
        self.fault
    }
}

/// The hash of a secret. Hashes are compared in constant time, so not even the length of the secret leaks.
pub(in crate::access) struct SecretDigest(Output<Sha256>);

impl SecretDigest {
    pub(in crate::access) fn new(secret: &str) -> Self {
        Self(Sha256::digest(secret))
    }

    pub(in crate::access) fn matches(&self, given: &str) -> bool {
        Sha256::digest(given).ct_eq(&self.0).into()
    }
}
