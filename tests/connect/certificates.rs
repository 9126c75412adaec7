//! Certificates for servers of this machine.

use std::{fs, path::Path};

use rcgen::{BasicConstraints, CertificateParams, CertifiedIssuer, DnType, IsCa, KeyPair};

/// Writes `certificate.pem` and `key.pem` for this machine into a folder, and `authority.pem`, which vouches for it.
pub(crate) fn write_certificate(folder: &Path) {
    let mut params = CertificateParams::new(vec![]).expect("good parameters");
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "Authority of the tests");
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate().expect("a key")).expect("an authority");
    let key = KeyPair::generate().expect("a key");
    let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned(), "::1".to_owned()];
    let certificate =
        CertificateParams::new(names).expect("good parameters").signed_by(&key, &authority).expect("a certificate");
    for (name, text) in [
        ("certificate.pem", certificate.pem()),
        ("key.pem", key.serialize_pem()),
        ("authority.pem", authority.as_ref().pem()),
    ] {
        fs::write(folder.join(name), text).expect("a file");
    }
}
