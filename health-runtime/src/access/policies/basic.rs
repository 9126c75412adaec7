//! `Authorization: Basic` (RFC 7617).

use std::sync::Arc;

use base64::{Engine as _, engine::general_purpose::STANDARD};
use secrecy::{ExposeSecret, SecretString};

use crate::{
    access::{
        caller::{Caller, is_visible},
        credentials::{Grants, Password, PasswordCheck, PlainPassword, SchemeCredentials, faults_of_names, of_scheme},
        decision::Decision,
        policy::{AnyPolicy, Decide, Operating},
        requirement::Requirement,
        schemes::{Carrier, Scheme, SchemePart},
    },
    maybe_ready::MaybeReady,
    model::Levels,
};

const BASIC: &Scheme = &Scheme::new("basic", &[SchemePart { name: "basic", carrier: Carrier::Basic }]);

/// Asks for the name and the password of one of these users, as browsers and `curl --user` send them (RFC 7617, in
/// UTF-8). Browsers show the `realm` when they ask for the password.
///
/// The password travels with every request: serve over TLS, or behind a gateway that does.
pub fn basic(realm: impl Into<String>, users: impl IntoIterator<Item = User>) -> AnyPolicy {
    let realm = realm.into();
    let challenge = format!(r#"Basic realm="{realm}", charset="UTF-8""#);
    AnyPolicy::new(Basic { realm, challenge, users: users.into_iter().collect() })
}

/// A user with a password.
#[derive(Debug)]
#[must_use]
pub struct User {
    name: String,
    password: Arc<dyn Password>,
    grants: Grants,
}

impl User {
    /// Creates a user with this password, who may run every level and sees details.
    pub fn new(name: impl Into<String>, password: impl Into<String>) -> Self {
        Self { name: name.into(), password: Arc::new(PlainPassword::new(password.into())), grants: Grants::default() }
    }

    /// Creates a user by the argon2 hash of the password, in the PHC string format: `$argon2id$v=19$m=19456,t=2,p=1$…`.
    ///
    /// A right password is hashed once and then remembered by a keyed hash. Wrong ones are hashed each time, at most
    /// two at a time, off the threads that serve requests; while 256 wait, others are refused with 503. The memory, 19
    /// MiB in the example, is kept from then on, and twice as much if two were ever hashed at the same time.
    #[cfg(feature = "access-hashed-passwords")]
    pub fn hashed(name: impl Into<String>, hash: impl Into<String>) -> Self {
        Self {
            name: name.into(),
            password: Arc::new(crate::access::credentials::HashedPassword::new(hash.into())),
            grants: Grants::default(),
        }
    }

    /// Sets the levels that the user may run, such as `Level::L3..=Level::L5`. Default: all.
    pub fn levels(mut self, levels: impl Into<Levels>) -> Self {
        self.grants.set_levels(levels.into());
        self
    }

    /// Hides details from the user.
    pub const fn without_details(mut self) -> Self {
        self.grants.hide_details();
        self
    }
}

struct Basic {
    realm: String,
    challenge: String,
    users: Vec<User>,
}

impl Basic {
    fn rejected(&self, explanation: &'static str) -> Decision {
        Decision::rejected(self.challenge.as_str()).because(explanation).with_scheme(BASIC)
    }

    fn find(&self, name: &str) -> Option<usize> {
        self.users.iter().position(|user| user.name == name)
    }

    /// Verifies a wrong password against some user's hash in vain, where it would be refused without hashing. The time
    /// then reveals neither names nor which of them have a hash.
    fn check_in_vain(&self, password: &str) -> PasswordCheck {
        self.users
            .iter()
            .find_map(|user| Arc::clone(&user.password).check_in_vain(password))
            .unwrap_or(PasswordCheck::Done(false))
    }

    fn conclude(&self, user: Option<usize>, is_right: bool) -> Decision {
        match user.and_then(|at| self.users.get(at)) {
            Some(user) if is_right => user.grants.decision(&user.name, BASIC),
            Some(user) => self.rejected("wrong password").by(&user.name),
            None => self.rejected("no such user"),
        }
    }
}

impl Decide for Basic {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        let credentials = match of_scheme(caller, "basic") {
            SchemeCredentials::Nothing => {
                return MaybeReady::ready(
                    Decision::unauthenticated(self.challenge.as_str()).because("no name and password"),
                );
            }
            SchemeCredentials::Malformed => return MaybeReady::ready(self.rejected("malformed")),
            SchemeCredentials::Credentials(credentials) => credentials,
        };
        let Some(credentials) = decode(credentials) else { return MaybeReady::ready(self.rejected("malformed")) };
        let Some((name, password)) = credentials.expose_secret().split_once(':') else {
            return MaybeReady::ready(self.rejected("malformed"));
        };
        let found = self.find(name);
        // Also compares for an unknown name.
        let Some(user) = self.users.get(found.unwrap_or_default()) else {
            return MaybeReady::ready(self.rejected("no such user"));
        };
        let (check, may_be_right) = match Arc::clone(&user.password).check(password) {
            PasswordCheck::Done(true) if found.is_some() => return MaybeReady::ready(self.conclude(found, true)),
            PasswordCheck::Done(_) => (self.check_in_vain(password), false),
            hashing @ PasswordCheck::Hashing(_) => (hashing, true),
        };
        match check {
            PasswordCheck::Done(_) => MaybeReady::ready(self.conclude(found, false)),
            PasswordCheck::Hashing(verifying) => MaybeReady::boxed(async move {
                match verifying.await {
                    Some(is_right) => self.conclude(found, is_right && may_be_right),
                    None => Decision::unavailable().because("the password could not be verified"),
                }
            }),
        }
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = faults_of_names("user", "basic", self.users.iter().map(|user| user.name.as_str()));
        if !is_visible(self.realm.as_bytes()) || self.realm.contains(['"', '\\']) {
            faults.push(format!(
                "`basic`: {:?} is not a valid realm; use visible ASCII without `\"` and `\\`",
                self.realm
            ));
        }
        for user in &self.users {
            let whose = format!("`basic`: user {:?}", user.name);
            faults.extend(user.password.fault().map(|fault| format!("{whose}: {fault}")));
            faults.extend(user.grants.fault().map(|fault| format!("{whose}: {fault}")));
        }
        faults
    }

    fn headers(&self) -> Vec<&'static str> {
        vec!["authorization"]
    }

    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::for_scheme(BASIC)
    }

    fn operating(&self) -> Operating {
        Operating::Grantable
    }
}

/// Decodes the name and the password, with the `:` between them. Neither holds control characters (RFC 7617, section
/// 2).
fn decode(credentials: &str) -> Option<SecretString> {
    let text = SecretString::from(String::from_utf8(STANDARD.decode(credentials).ok()?).ok()?);
    let is_clean = !text.expose_secret().contains(char::is_control);
    is_clean.then_some(text)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn names_and_passwords_are_utf_8() {
        let decoded = |text: &str| decode(text).map(|text| text.expose_secret().to_owned());
        // The examples of RFC 7617.
        assert_eq!(decoded("QWxhZGRpbjpvcGVuIHNlc2FtZQ==").as_deref(), Some("Aladdin:open sesame"));
        assert_eq!(decoded("dGVzdDoxMjPCow==").as_deref(), Some("test:123£"));
        for wrong in ["QWxhZGRpbjpvcGVuIHNlc2FtZQ", "!", "//8=", "YTpiAA==", "YTp\u{e9}"] {
            assert_eq!(decoded(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_it_panic(text in ".{0,200}") {
            let _ = decode(&text);
        }

        #[test]
        fn encoded_credentials_are_decoded(text in "[^\\p{Cc}]{0,100}") {
            let decoded = decode(&STANDARD.encode(&text)).map(|text| text.expose_secret().to_owned());
            prop_assert_eq!(decoded, Some(text));
        }
    }
}
