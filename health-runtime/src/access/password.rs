use std::fmt;

use secrecy::{ExposeSecret, SecretString};

#[cfg(feature = "access-hashed-passwords")]
use super::hashed::Hashed;
use super::secret::is_same;

/// What a user's password is held against.
pub(super) enum Password {
    Plain(SecretString),
    #[cfg(feature = "access-hashed-passwords")]
    Hashed(std::sync::Arc<Hashed>),
}

/// Whether a password is right, or what finds out, off the threads that serve requests.
pub(super) enum Verdict {
    Known(bool),
    #[cfg(feature = "access-hashed-passwords")]
    Unknown(std::sync::Arc<Hashed>),
}

impl Password {
    pub(super) fn verify(&self, given: &str) -> Verdict {
        match self {
            Self::Plain(right) => Verdict::Known(is_same(given.as_bytes(), right.expose_secret().as_bytes())),
            #[cfg(feature = "access-hashed-passwords")]
            Self::Hashed(hashed) if hashed.has_accepted(given) => Verdict::Known(true),
            #[cfg(feature = "access-hashed-passwords")]
            Self::Hashed(hashed) => Verdict::Unknown(std::sync::Arc::clone(hashed)),
        }
    }

    #[cfg(feature = "access-hashed-passwords")]
    pub(super) fn hash(&self) -> Option<std::sync::Arc<Hashed>> {
        match self {
            Self::Plain(_) => None,
            Self::Hashed(hashed) => Some(std::sync::Arc::clone(hashed)),
        }
    }

    pub(super) fn fault(&self) -> Option<&'static str> {
        match self {
            Self::Plain(password) if password.expose_secret().is_empty() => Some("the password is empty"),
            // RFC 7617, section 2.
            Self::Plain(password) => password.expose_secret().contains(char::is_control).then_some(
                "the password holds a control character, such as a line feed at its end, which nobody can send",
            ),
            #[cfg(feature = "access-hashed-passwords")]
            Self::Hashed(hashed) => hashed.fault(),
        }
    }
}

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(***)")
    }
}
