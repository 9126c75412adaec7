//! Passwords known only by their argon2 hashes.

use std::sync::{Arc, Mutex};

use argon2::PasswordHash;
use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::{ExposeSecret, SecretString};
use sha2::Sha256;
use subtle::ConstantTimeEq as _;

use super::{
    hash_permit::{HashPermit, is_usable},
    password::{Password, PasswordCheck},
};
use crate::sync::lock;

/// A hash in the PHC string format, and a mark of the last accepted password. There is only one right password, so one
/// mark suffices.
pub(in crate::access) struct HashedPassword {
    hash: SecretString,
    /// The key of marks. It is random for each process, so a mark is useless elsewhere. `None` if the system has no
    /// random numbers.
    key: Option<[u8; 32]>,
    right: Mutex<Option<[u8; 32]>>,
}

impl HashedPassword {
    pub(in crate::access) fn new(hash: String) -> Self {
        let hash = hash.into();
        let mut key = [0; 32];
        let key = getrandom::fill(&mut key).is_ok().then_some(key);
        Self { hash, key, right: Mutex::default() }
    }

    /// Returns whether this password was accepted before.
    fn has_accepted(&self, password: &str) -> bool {
        let right = *lock(&self.right);
        match (right, self.mark(password)) {
            (Some(right), Some(mark)) => right.ct_eq(&mark).into(),
            _ => false,
        }
    }

    /// Hashes the password, which takes some ten milliseconds, on a thread for blocking work. `None` if that is not
    /// possible.
    async fn verify(self: Arc<Self>, password: SecretString) -> Option<bool> {
        // The permit is returned when the work is done, even if nobody waits for it any more.
        let mut permit = HashPermit::take().await?;
        let verifying = tokio::task::spawn_blocking(move || {
            let password = password.expose_secret();
            let is_right =
                PasswordHash::new(self.hash.expose_secret()).is_ok_and(|hash| permit.verify(password, &hash));
            if is_right {
                *lock(&self.right) = self.mark(password);
            }
            is_right
        });
        verifying.await.ok()
    }

    fn mark(&self, password: &str) -> Option<[u8; 32]> {
        let mut mac = Hmac::<Sha256>::new_from_slice(&self.key?).ok()?;
        mac.update(password.as_bytes());
        Some(mac.finalize().into_bytes().into())
    }
}

impl Password for HashedPassword {
    fn check(self: Arc<Self>, given: &str) -> PasswordCheck {
        if self.has_accepted(given) {
            return PasswordCheck::Done(true);
        }
        PasswordCheck::Hashing(Box::pin(self.verify(given.into())))
    }

    fn check_in_vain(self: Arc<Self>, given: &str) -> Option<PasswordCheck> {
        Some(PasswordCheck::Hashing(Box::pin(self.verify(given.into()))))
    }

    fn fault(&self) -> Option<&'static str> {
        let hash = PasswordHash::new(self.hash.expose_secret());
        if !hash.is_ok_and(|hash| is_usable(&hash)) {
            Some(
                "the hash is not a valid argon2 hash in the PHC string format, such as `$argon2id$v=19$m=19456,t=2,p=1$…`, or it \
                 takes more than a GiB or than four passes over as much",
            )
        } else if self.key.is_none() {
            Some("the system has no random numbers to remember verified passwords by")
        } else {
            None
        }
    }
}
