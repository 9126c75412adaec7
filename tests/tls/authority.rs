//! A certificate authority, and files for its certificates.

use std::{
    fs,
    path::{Path, PathBuf},
    time::{Duration, SystemTime},
};

use rcgen::{
    BasicConstraints, CertificateParams, CertificateRevocationListParams, CertifiedIssuer, DnType,
    ExtendedKeyUsagePurpose, IsCa, KeyIdMethod, KeyPair, KeyUsagePurpose, RevokedCertParams, SanType, SerialNumber,
    date_time_ymd,
};

pub(super) struct Authority {
    issuer: CertifiedIssuer<'static, KeyPair>,
}

/// A certificate and its key, in PEM.
pub(super) struct Issued {
    pub(super) certificate: String,
    pub(super) key: String,
}

impl Authority {
    pub(super) fn new() -> Self {
        let mut params = CertificateParams::new(vec![]).expect("good parameters");
        params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
        params.distinguished_name.push(DnType::CommonName, "an authority for tests");
        params.key_usages =
            vec![KeyUsagePurpose::KeyCertSign, KeyUsagePurpose::CrlSign, KeyUsagePurpose::DigitalSignature];
        let key = KeyPair::generate().expect("a key");
        Self { issuer: CertifiedIssuer::self_signed(params, key).expect("an authority") }
    }

    pub(super) fn pem(&self) -> String {
        self.issuer.as_ref().pem()
    }

    /// Issues a certificate for `localhost` and `127.0.0.1`.
    pub(super) fn server(&self) -> Issued {
        let names = vec!["localhost".to_owned(), "127.0.0.1".to_owned()];
        self.issue(CertificateParams::new(names).expect("good parameters"), ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Issues a certificate for `localhost` that ends this number of days from now.
    pub(super) fn server_until(&self, days: u32) -> Issued {
        let mut params = CertificateParams::new(vec!["localhost".to_owned()]).expect("good parameters");
        params.not_after = (SystemTime::now() + Duration::from_hours(24) * days).into();
        self.issue(params, ExtendedKeyUsagePurpose::ServerAuth)
    }

    /// Issues a certificate for a client of this name, with this serial number.
    pub(super) fn client(&self, name: &str, serial: u64) -> Issued {
        self.issue(client_params(name, serial), ExtendedKeyUsagePurpose::ClientAuth)
    }

    /// Issues a client certificate that expires this number of seconds after 1970.
    pub(super) fn client_until(&self, seconds: u64) -> Issued {
        let mut params = client_params("brief", 98);
        params.not_after = date_time_ymd(1970, 1, 1) + std::time::Duration::from_secs(seconds);
        self.issue(params, ExtendedKeyUsagePurpose::ClientAuth)
    }

    pub(super) fn expired_client(&self) -> Issued {
        let mut params = client_params("expired", 99);
        params.not_before = date_time_ymd(2020, 1, 1);
        params.not_after = date_time_ymd(2021, 1, 1);
        self.issue(params, ExtendedKeyUsagePurpose::ClientAuth)
    }

    fn issue(&self, mut params: CertificateParams, purpose: ExtendedKeyUsagePurpose) -> Issued {
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate().expect("a key");
        let certificate = params.signed_by(&key, &self.issuer).expect("a certificate");
        Issued { certificate: certificate.pem(), key: key.serialize_pem() }
    }

    /// Returns a list that revokes the certificates with these serial numbers.
    pub(super) fn revoking(&self, serials: &[u64]) -> String {
        let revoked = serials.iter().map(|serial| RevokedCertParams {
            serial_number: SerialNumber::from(*serial),
            revocation_time: date_time_ymd(2025, 1, 1),
            reason_code: None,
            invalidity_date: None,
        });
        let params = CertificateRevocationListParams {
            this_update: date_time_ymd(2025, 1, 1),
            next_update: date_time_ymd(2099, 1, 1),
            crl_number: SerialNumber::from(1),
            issuing_distribution_point: None,
            revoked_certs: revoked.collect(),
            key_identifier_method: KeyIdMethod::Sha256,
        };
        params.signed_by(&self.issuer).expect("a list").pem().expect("PEM")
    }
}

fn client_params(name: &str, serial: u64) -> CertificateParams {
    let mut params = CertificateParams::new(vec![]).expect("good parameters");
    params.serial_number = Some(SerialNumber::from(serial));
    params.distinguished_name.push(DnType::OrganizationName, "Example");
    params.distinguished_name.push(DnType::CommonName, name);
    params.subject_alt_names = vec![
        SanType::DnsName(format!("{name}.Internal").try_into().expect("a name")),
        SanType::URI(format!("spiffe://example/{name}").try_into().expect("a URI")),
        SanType::Rfc822Name(format!("{name}@example.org").try_into().expect("an address")),
    ];
    params
}

/// A temporary folder for the files.
pub(super) struct Folder(tempfile::TempDir);

impl Folder {
    pub(super) fn new() -> Self {
        Self(tempfile::tempdir().expect("a folder"))
    }

    pub(super) fn path(&self) -> &Path {
        self.0.path()
    }

    /// Writes a file, or replaces it in one step.
    pub(super) fn file(&self, name: &str, content: impl AsRef<[u8]>) -> PathBuf {
        let path = self.0.path().join(name);
        let new = self.0.path().join("new");
        fs::write(&new, content).expect("a file");
        fs::rename(new, &path).expect("a file");
        path
    }

    /// Writes certificate and key, and returns their paths.
    pub(super) fn issued(&self, issued: &Issued) -> (PathBuf, PathBuf) {
        (self.file("tls.crt", &issued.certificate), self.file("tls.key", &issued.key))
    }
}
