//! Signatures of the specification Standard Webhooks 1.0.

use std::path::PathBuf;

use base64::{
    Engine,
    engine::{DecodePaddingMode, GeneralPurpose, GeneralPurposeConfig, general_purpose::STANDARD},
};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{
    file::FileContent,
    probes::{deadline::Deadline, http_client::Reloaded},
};

const SECRET_PREFIX: &str = "whsec_";

/// Lengths of a key that the specification allows, in bytes.
const KEY_BYTES: std::ops::RangeInclusive<usize> = 24..=64;

/// Secrets are also written without the padding of base64.
const BASE64: GeneralPurpose = GeneralPurpose::new(
    &base64::alphabet::STANDARD,
    GeneralPurposeConfig::new().with_decode_padding_mode(DecodePaddingMode::Indifferent),
);

/// Signs requests, with several keys while one takes the place of another.
#[derive(Clone, Debug, Default)]
pub(super) struct Signer {
    keys: Vec<Reloaded<Vec<u8>>>,
}

impl Signer {
    pub(super) const fn is_empty(&self) -> bool {
        self.keys.is_empty()
    }

    pub(super) fn add(&mut self, secret: &str) {
        let key = parse(secret);
        let make = move |_: &[FileContent]| key.clone().map_err(|fault| vec![format!("its signing secret {fault}")]);
        self.keys.push(Reloaded::new(Vec::new(), make));
    }

    pub(super) fn add_file(&mut self, path: PathBuf) {
        let make = |contents: &[FileContent]| match contents {
            [content] => read(content)
                .map_err(|fault| vec![format!("`{}`, the file of its signing secret, {fault}", content.path)]),
            _ => Err(Vec::new()),
        };
        self.keys.push(Reloaded::new(vec![path], make));
    }

    /// Returns the faults of the secrets, which blocks.
    pub(super) fn faults(&self) -> Vec<String> {
        self.keys.iter().flat_map(|key| key.load_at_start().faults).collect()
    }

    /// Returns the value of `webhook-signature`.
    ///
    /// # Errors
    /// A file has never been usable; the text is for a person.
    pub(super) async fn sign(
        &self,
        id: &str,
        timestamp: &str,
        body: &str,
        deadline: Deadline,
    ) -> Result<String, String> {
        let mut signatures = Vec::new();
        for key in &self.keys {
            let (key, _) = key.current(deadline).await.value()?;
            // HMAC accepts keys of every length.
            let mut mac = Hmac::<Sha256>::new_from_slice(&key).map_err(|error| error.to_string())?;
            for part in [id, ".", timestamp, ".", body] {
                mac.update(part.as_bytes());
            }
            signatures.push(format!("v1,{}", STANDARD.encode(mac.finalize().into_bytes())));
        }
        Ok(signatures.join(" "))
    }
}

fn read(content: &FileContent) -> Result<Vec<u8>, String> {
    let bytes = content.bytes().map_err(|error| format!("cannot be read: {error}"))?;
    let text = str::from_utf8(bytes).map_err(|_| "is not text".to_owned())?;
    parse(text.trim()).map_err(str::to_owned)
}

/// Decodes a secret.
///
/// # Errors
/// It is not valid; the text does not quote it.
fn parse(secret: &str) -> Result<Vec<u8>, &'static str> {
    let text = secret.strip_prefix(SECRET_PREFIX).ok_or("does not begin with `whsec_`")?;
    let key = BASE64.decode(text).map_err(|_| "is not valid base64 behind `whsec_`")?;
    if KEY_BYTES.contains(&key.len()) {
        Ok(key)
    } else {
        Err("has not 24 to 64 bytes; make one by `openssl rand -base64 32`")
    }
}

#[cfg(test)]
mod tests {
    use std::time::Duration;

    use super::*;

    /// The example of the specification's reference libraries.
    #[tokio::test]
    async fn signature_is_that_of_the_specification() {
        let mut signer = Signer::default();
        signer.add("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let deadline = Deadline::new(Duration::from_secs(5));
        let body = r#"{"test": 2432232314}"#;
        let signature = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body, deadline).await;
        assert_eq!(signature.as_deref(), Ok("v1,g0hM9SsE+OTPJTGt/tmIKtSyZlE3uFJELVlNIOLJ1OE="));
        signer.add("whsec_MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw");
        let both = signer.sign("msg_p5jXN8AQM9LWM0D4loKWxJek", "1614265330", body, deadline).await;
        assert_eq!(both, signature.map(|one| format!("{one} {one}")));
    }

    #[test]
    fn secret_is_base64_of_24_to_64_bytes() {
        for (bytes, is_valid) in [(0, false), (23, false), (24, true), (32, true), (64, true), (65, false)] {
            let secret = format!("whsec_{}", STANDARD.encode(vec![7; bytes]));
            assert_eq!(parse(&secret).is_ok(), is_valid, "{bytes}");
            assert_eq!(parse(secret.trim_end_matches('=')).is_ok(), is_valid, "{bytes} without padding");
        }
        for wrong in ["", "secret", "MfKQ9r8GKYqrTwjUPD8ILPZIo2LaLaSw", "whsec_", "whsec_???", "whsec_é"] {
            let fault = parse(wrong).expect_err(wrong);
            assert!(wrong.is_empty() || wrong == "whsec_" || !fault.contains(wrong), "{fault}");
        }
    }
}
