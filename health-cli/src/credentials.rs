//! Credentials, and the headers in which they travel.

use std::{
    env, fs,
    io::{self, Read},
    path::Path,
    time::{SystemTime, UNIX_EPOCH},
};

use base64::{Engine, engine::general_purpose::STANDARD};
use hmac::{Hmac, KeyInit as _, Mac as _};
use sha2::Sha256;

use crate::{failure::Failure, target::Target};

/// The variable with the password, secret or token.
pub(crate) const SECRET_VARIABLE: &str = "HEALTHCTL_SECRET";

/// Longest secret that is read from a file.
const MAX_SECRET_BYTES: u64 = 64 * 1024;

/// Credentials of one kind. Nothing shows them: neither `Debug` nor an error.
pub(crate) enum Credentials {
    None,
    Basic { user: String, password: Secret },
    AccessKey { id: String, secret: Secret },
    Signed { id: String, secret: Secret },
    Bearer(Secret),
}

/// A text that is sent, and never shown.
pub(crate) struct Secret(String);

impl Secret {
    /// Reads the secret from a file (`-` is the standard input), or from the environment.
    ///
    /// # Errors
    /// There is none, it cannot be read, or no header can hold it. The texts do not quote it.
    pub(crate) fn read(file: Option<&Path>) -> Result<Self, Failure> {
        let (text, source) = match file {
            Some(path) if path == Path::new("-") => (read_up_to(io::stdin()), "the standard input".to_owned()),
            Some(path) => (fs::File::open(path).and_then(read_up_to), format!("`{}`", path.display())),
            None => {
                let secret = env::var(SECRET_VARIABLE).map_err(|_| {
                    Failure::usage(format!(
                        "there is no secret for the credentials; write it into a file and name that by `--secret-file \
                         FILE`, or set {SECRET_VARIABLE}. An argument would show it to everybody who lists processes"
                    ))
                });
                (Ok(secret?), SECRET_VARIABLE.to_owned())
            }
        };
        let text = text.map_err(|error| Failure::usage(format!("the secret cannot be read from {source}: {error}")))?;
        // Editors and `echo` end files with a line break.
        let secret = text.trim_end_matches(['\n', '\r']);
        if secret.is_empty() {
            return Err(Failure::usage(format!("the secret in {source} is empty")));
        }
        if secret.chars().any(char::is_control) {
            return Err(Failure::usage(format!(
                "the secret in {source} has control characters, so no header can hold it"
            )));
        }
        Ok(Self(secret.to_owned()))
    }
}

fn read_up_to(source: impl Read) -> io::Result<String> {
    let mut text = String::new();
    source.take(MAX_SECRET_BYTES).read_to_string(&mut text)?;
    Ok(text)
}

impl Credentials {
    /// Returns the headers for a request, in lower case.
    ///
    /// # Errors
    /// The system has no random numbers.
    pub(crate) fn headers(&self, method: &str, target: &Target) -> Result<Vec<(&'static str, String)>, Failure> {
        Ok(match self {
            Self::None => Vec::new(),
            Self::Basic { user, password } => {
                let pair = STANDARD.encode(format!("{user}:{}", password.0));
                vec![("authorization", format!("Basic {pair}"))]
            }
            Self::AccessKey { id, secret } => vec![("x-access-key", id.clone()), ("x-secret-key", secret.0.clone())],
            Self::Bearer(token) => vec![("authorization", format!("Bearer {}", token.0))],
            Self::Signed { id, secret } => {
                let timestamp = SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default().as_secs().to_string();
                let signature = signature(secret, [id, &timestamp, &nonce()?, method], target);
                let [id, timestamp, nonce, signature] = signature;
                vec![("x-access-key", id), ("x-timestamp", timestamp), ("x-nonce", nonce), ("x-signature", signature)]
            }
        })
    }
}

fn nonce() -> Result<String, Failure> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)
        .map_err(|error| Failure::usage(format!("the system has no random numbers to sign with: {error}")))?;
    Ok(hex(&bytes))
}

/// Signs the seven lines that `access::signed` of the endpoint describes, and returns the values of its four headers.
fn signature(secret: &Secret, [id, timestamp, nonce, method]: [&str; 4], target: &Target) -> [String; 4] {
    let path = if target.path.is_empty() { "/" } else { &target.path };
    let query = target.query.as_deref().unwrap_or_default();
    let lines = ["HEALTH-HMAC-SHA256", id, timestamp, nonce, method, path, query].join("\n");
    let mac = Hmac::<Sha256>::new_from_slice(secret.0.as_bytes()).map(|mac| mac.chain_update(&lines).finalize());
    // HMAC accepts keys of every length.
    let signature = mac.map(|mac| hex(&mac.into_bytes())).unwrap_or_default();
    [id.to_owned(), timestamp.to_owned(), nonce.to_owned(), signature]
}

fn hex(bytes: &[u8]) -> String {
    bytes.iter().fold(String::new(), |digits, byte| digits + &format!("{byte:02x}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// By `openssl dgst -sha256 -hmac`, as the documentation of `access::signed` computes it.
    #[test]
    fn signature_is_that_of_openssl() {
        let target = "http://h/health/levels/1?view=values".parse().expect("a URL");
        let secret = Secret("0123456789abcdef0123456789abcdef".to_owned());
        let [id, .., signature] = signature(&secret, ["deploy", "1700000000", "abcdefgh", "GET"], &target);
        assert_eq!(id, "deploy");
        assert_eq!(signature, "88ff6748abc2d168799ce0e07d33f3d4a2da9513820527e8f302075a112da82b");
    }

    #[test]
    fn secret_of_a_file_ends_before_its_line_break() {
        let folder = tempfile::tempdir().expect("a folder");
        let path = folder.path().join("secret");
        for (content, secret) in [("hunter2\r\n", Some("hunter2")), ("\n", None), ("a\nb", None), ("ö x", Some("ö x"))]
        {
            fs::write(&path, content).expect("a file");
            let read = Secret::read(Some(&path));
            assert_eq!(read.as_ref().ok().map(|secret| &*secret.0), secret, "{content:?}");
            assert!(read.err().is_none_or(|fault| !fault.to_string().contains("a\nb")), "{content:?}");
        }
    }
}
