//! Signed requests: the secret never travels.

use std::{
    sync::Arc,
    time::{Duration, SystemTime},
};

use hmac::{Hmac, KeyInit as _, Mac as _};
use secrecy::ExposeSecret;
use sha2::Sha256;

use crate::{
    access::{
        caller::Caller,
        credentials::{AccessKey, KEY_HEADER, KEY_PART, NonceCache, ReplayCheck, SIGNATURE_HEADER, faults_of_keys},
        decision::Decision,
        policy::{AnyPolicy, Decide, Operating},
        requirement::Requirement,
        schemes::{Carrier, Scheme, SchemePart},
    },
    maybe_ready::MaybeReady,
    model::Levels,
};

const TIMESTAMP_HEADER: &str = "x-timestamp";
const NONCE_HEADER: &str = "x-nonce";
const CHALLENGE: &str = r#"HMAC-SHA256 realm="health""#;

const SIGNED: &Scheme = &Scheme::new(
    "signed",
    &[
        KEY_PART,
        SchemePart {
            name: "timestamp",
            carrier: Carrier::Header {
                name: "X-Timestamp",
                meaning: "The time of a signed request, in whole seconds since 1970.",
            },
        },
        SchemePart {
            name: "nonce",
            carrier: Carrier::Header {
                name: "X-Nonce",
                meaning: "8 to 64 characters out of `A-Za-z0-9_.~-`, never the same twice.",
            },
        },
        SchemePart {
            name: "signature",
            carrier: Carrier::Header {
                name: "X-Signature",
                meaning: "The HMAC-SHA-256 of seven lines with the key's secret, as 64 hexadecimal digits: \
                          `HEALTH-HMAC-SHA256`, id, timestamp, nonce, method, path, query.",
            },
        },
    ],
);

/// Asks for a signature with one of these keys, see [`Signed`].
pub fn signed(keys: impl IntoIterator<Item = AccessKey>) -> AnyPolicy {
    Signed::new(keys).into()
}

/// Requests signed with HMAC-SHA-256: the secret never travels, and an overheard request cannot be replayed.
///
/// | header | holds |
/// |---|---|
/// | `X-Access-Key` | the key's id |
/// | `X-Timestamp` | the time, in whole seconds since 1970 |
/// | `X-Nonce` | 8 to 64 characters out of `A-Za-z0-9_.~-`, never the same twice |
/// | `X-Signature` | the HMAC of the text below with the key's secret, as 64 hexadecimal digits |
///
/// The signed text has seven lines, joined by line feeds, with none after the last:
///
/// 1. `HEALTH-HMAC-SHA256`
/// 2. the key's id
/// 3. the timestamp
/// 4. the nonce
/// 5. the method, in capital letters
/// 6. the path, as sent
/// 7. the query, as sent, without its `?`; empty if there is none
///
/// ```sh
/// id=deploy; secret='0123456789abcdef0123456789abcdef'
/// method=GET; path=/health/levels/1; query='view=values'
/// timestamp=$(date +%s); nonce=$(openssl rand -hex 16)
/// signature=$(printf '%s\n%s\n%s\n%s\n%s\n%s\n%s' HEALTH-HMAC-SHA256 \
///     "$id" "$timestamp" "$nonce" "$method" "$path" "$query" |
///     openssl dgst -sha256 -hmac "$secret" -r | cut -d ' ' -f 1)
/// curl -s "http://127.0.0.1:8080$path?$query" -H "X-Access-Key: $id" -H "X-Timestamp: $timestamp" \
///     -H "X-Nonce: $nonce" -H "X-Signature: $signature"
/// ```
///
/// A signature is valid within the window around its timestamp, and once in a process: all its endpoints share the
/// nonces of a key. Nonces are in memory only, so an overheard request is valid once more within its window after a
/// restart, and at every other instance with the same key. Where that matters, use a short window and a key for each
/// instance. A gateway that rewrites paths breaks signatures.
#[derive(Debug)]
#[must_use]
pub struct Signed {
    keys: Vec<AccessKey>,
    window: Duration,
}

impl Signed {
    /// Creates the policy with a window of five minutes.
    pub fn new(keys: impl IntoIterator<Item = AccessKey>) -> Self {
        Self { keys: keys.into_iter().collect(), window: Duration::from_secs(5 * 60) }
    }

    /// Sets the maximum difference between the clocks of the caller and this service, one second to one hour. Default:
    /// five minutes. Up to 10,000 requests of each key are remembered for twice as long; further ones of that key are
    /// refused with 503.
    pub const fn window(mut self, window: Duration) -> Self {
        self.window = window;
        self
    }
}

/// The policy, with the nonces of each key.
struct BySignature {
    keys: Vec<(AccessKey, Arc<NonceCache>)>,
    window: Duration,
}

impl BySignature {
    fn judge(&self, caller: &Caller, now: u64) -> Decision {
        let rejected = |explanation| Decision::rejected(CHALLENGE).because(explanation).with_scheme(SIGNED);
        if caller.header_values(SIGNATURE_HEADER).next().is_none() {
            return Decision::unauthenticated(CHALLENGE).because("no signature");
        }
        let Some(request) = SignedRequest::read(caller) else { return rejected("malformed") };
        let found = self.keys.iter().find(|(key, _)| key.id == request.id);
        // Also signs for an unknown id, so that the time does not reveal ids.
        let is_right = found.or_else(|| self.keys.first()).is_some_and(|(key, _)| request.is_signed_with(key));
        let Some((key, nonces)) = found else { return rejected("no such key") };
        if !is_right {
            return rejected("wrong signature");
        }
        if now.abs_diff(request.timestamp) > self.window.as_secs() {
            return rejected("expired");
        }
        match nonces.note(request.nonce, caller.id(), now, request.timestamp) {
            ReplayCheck::New => key.grants.decision(&key.id, SIGNED),
            ReplayCheck::Replayed => rejected("replayed"),
            ReplayCheck::Unknown => Decision::unavailable().because("too many signed requests of this key to remember"),
        }
    }
}

impl From<Signed> for AnyPolicy {
    fn from(Signed { keys, window }: Signed) -> Self {
        let nonces = |key: AccessKey| {
            let nonces = NonceCache::for_key(&key, window.as_secs());
            (key, nonces)
        };
        Self::new(BySignature { keys: keys.into_iter().map(nonces).collect(), window })
    }
}

impl Decide for BySignature {
    fn decide(self: Arc<Self>, caller: &Caller) -> MaybeReady<Decision> {
        let now = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().as_secs();
        MaybeReady::ready(self.judge(caller, now))
    }

    fn faults(&self) -> Vec<String> {
        let mut faults = faults_of_keys("signed", self.keys.iter().map(|(key, _)| key));
        if !(Duration::from_secs(1)..=Duration::from_secs(3600)).contains(&self.window) {
            faults.push(format!("`signed`: a window of {:?} is not between a second and an hour", self.window));
        }
        faults
    }

    fn headers(&self) -> Vec<&'static str> {
        vec![KEY_HEADER, TIMESTAMP_HEADER, NONCE_HEADER, SIGNATURE_HEADER]
    }

    fn requirement(&self, _levels: Levels) -> Requirement {
        Requirement::for_scheme(SIGNED)
    }

    fn operating(&self) -> Operating {
        Operating::Grantable
    }
}

/// The signed parts of a request, and the signature.
struct SignedRequest<'a> {
    id: &'a str,
    timestamp: u64,
    timestamp_text: &'a str,
    nonce: &'a str,
    signature: [u8; 32],
    caller: &'a Caller,
}

impl<'a> SignedRequest<'a> {
    fn read(caller: &'a Caller) -> Option<Self> {
        let (timestamp, timestamp_text) = timestamp(caller.header(TIMESTAMP_HEADER)?)?;
        Some(Self {
            id: caller.header(KEY_HEADER)?,
            timestamp,
            timestamp_text,
            nonce: caller.header(NONCE_HEADER).filter(|nonce| is_nonce(nonce))?,
            signature: signature(caller.header(SIGNATURE_HEADER)?)?,
            caller,
        })
    }

    fn is_signed_with(&self, key: &AccessKey) -> bool {
        // HMAC accepts keys of every length.
        let Ok(mut mac) = Hmac::<Sha256>::new_from_slice(key.secret.expose_secret().as_bytes()) else { return false };
        let lines = [
            "HEALTH-HMAC-SHA256",
            self.id,
            self.timestamp_text,
            self.nonce,
            self.caller.method(),
            self.caller.path(),
            self.caller.query().unwrap_or_default(),
        ];
        for (at, line) in lines.into_iter().enumerate() {
            if at > 0 {
                mac.update(b"\n");
            }
            mac.update(line.as_bytes());
        }
        // In constant time.
        mac.verify_slice(&self.signature).is_ok()
    }
}

/// Accepts digits only, so that a number has one notation.
fn timestamp(text: &str) -> Option<(u64, &str)> {
    let is_plain = (1..=12).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_digit());
    if is_plain { Some((text.parse().ok()?, text)) } else { None }
}

fn is_nonce(text: &str) -> bool {
    (8..=64).contains(&text.len()) && text.bytes().all(|byte| byte.is_ascii_alphanumeric() || b"_.~-".contains(&byte))
}

fn signature(text: &str) -> Option<[u8; 32]> {
    let digits = text.as_bytes();
    let mut signature = [0; 32];
    if digits.len() != 2 * signature.len() {
        return None;
    }
    for (byte, pair) in signature.iter_mut().zip(digits.chunks(2)) {
        let [high, low] = [pair[0], pair[1]].map(|digit| char::from(digit).to_digit(16));
        *byte = u8::try_from(high? * 16 + low?).ok()?;
    }
    Some(signature)
}

#[cfg(test)]
mod tests {
    use proptest::prelude::*;

    use super::*;

    #[test]
    fn headers_have_one_form_each() {
        assert_eq!(timestamp("1700000000"), Some((1_700_000_000, "1700000000")));
        for wrong in ["", "+1", "-1", " 1", "1.0", "0x1", "1234567890123"] {
            assert_eq!(timestamp(wrong), None, "{wrong}");
        }
        assert!(is_nonce("aB3_.~-0"));
        for wrong in ["", "short", "with space", "line\nfeed", &"x".repeat(65)] {
            assert!(!is_nonce(wrong), "{wrong}");
        }
        assert_eq!(signature(&"0fA".repeat(22)[..64]).map(|bytes| bytes[..3].to_vec()), Some(vec![0x0f, 0xa0, 0xfa]));
        for wrong in ["", "0", &"0".repeat(63), &"0".repeat(65), &"g".repeat(64), &"é".repeat(32)] {
            assert_eq!(signature(wrong), None, "{wrong}");
        }
    }

    proptest! {
        #[test]
        fn nothing_makes_them_panic(text in ".{0,100}") {
            let _ = (timestamp(&text), is_nonce(&text), signature(&text));
        }
    }
}
