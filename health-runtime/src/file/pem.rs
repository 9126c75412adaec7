//! Certificates and keys in PEM. Errors never quote a file: it may be a key.

use tokio_rustls::rustls::{
    RootCertStore,
    pki_types::{
        PrivateKeyDer,
        pem::{self, PemObject},
    },
};

use super::FileContent;

/// Parses all sections of one kind.
///
/// # Errors
/// There is none, or one is malformed.
pub(crate) fn sections<T: PemObject>(file: &FileContent, kind: &str) -> Result<Vec<T>, String> {
    let all: Vec<T> = T::pem_slice_iter(file.bytes()?).collect::<Result<_, _>>().map_err(|error| fault(&error))?;
    if all.is_empty() { Err(format!("it contains no {kind} in PEM")) } else { Ok(all) }
}

pub(crate) fn key(file: &FileContent) -> Result<PrivateKeyDer<'static>, String> {
    let bytes = file.bytes()?;
    PrivateKeyDer::from_pem_slice(bytes).map_err(|error| match error {
        pem::Error::NoItemsFound if contains(bytes, b"BEGIN ENCRYPTED PRIVATE KEY") => {
            "its key is encrypted; store it without a passphrase, readable only for the service".to_owned()
        }
        pem::Error::NoItemsFound => "it contains no private key in PEM".to_owned(),
        error => fault(&error),
    })
}

/// Adds the certificates of a file to the roots.
///
/// # Errors
/// There is none, or one cannot be a root.
pub(crate) fn add_roots(roots: &mut RootCertStore, file: &FileContent) -> Result<(), String> {
    for certificate in sections(file, "certificate")? {
        roots.add(certificate).map_err(|error| format!("one of its certificates cannot be a root: {error}"))?;
    }
    Ok(())
}

/// Describes an error without the library's text, which quotes the malformed line.
fn fault(error: &pem::Error) -> String {
    let fault = match error {
        pem::Error::MissingSectionEnd { .. } => "a section has no end; the file may be half-written",
        pem::Error::IllegalSectionStart { .. } => "the first line of a section is malformed",
        pem::Error::Base64Decode(_) => "a section is not valid base64",
        _ => "it is not valid PEM",
    };
    fault.to_owned()
}

fn contains(bytes: &[u8], part: &[u8]) -> bool {
    bytes.windows(part.len()).any(|window| window == part)
}
