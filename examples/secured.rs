//! A service with protected health: `cargo run --example secured`, and try the printed commands.
//!
//! One port serves the shallow levels and the probes to everybody. Another port serves everything over HTTPS to callers with
//! a password, an access key, a signature, a token or a client certificate. The log on the terminal shows each refusal.
//!
//! The example creates its certificates, secrets and password hashes at start, in a temporary folder.

#![allow(clippy::disallowed_macros, reason = "a person reads the commands on the terminal")]

use std::{
    error::Error,
    fs,
    path::Path,
    time::{Duration, SystemTime},
};

use argon2::{Argon2, PasswordHasher as _};
use health_runtime::{
    Check, Details, Endpoint, Level, Levels, Outcome, Public, Secret, Server, Tls,
    access::{
        Access, AccessKey, CertificateMatcher, Jwt, JwtAlgorithm, JwtKeys, Limits, Signed, Tokens, User, access_key,
        address, all_of, any_of, basic, client_certificate, jwt, public,
    },
};
use jsonwebtoken::{Algorithm, EncodingKey, Header, encode};
use rcgen::{
    BasicConstraints, CertificateParams, CertifiedIssuer, DnType, ExtendedKeyUsagePurpose, IsCa, KeyPair,
    KeyUsagePurpose,
};
use serde::Serialize;

type Result<T> = std::result::Result<T, Box<dyn Error>>;

#[tokio::main]
async fn main() -> Result<()> {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    let folder = tempfile::Builder::new().prefix("health-secured-").tempdir()?;
    let secrets = Secrets::new(folder.path())?;
    certificates(folder.path())?;

    let health = endpoint(&secrets)?;
    let file = |name: &str| folder.path().join(name);
    let tls = Tls::new(file("server.crt"), file("server.key")).with_optional_clients(file("ca.pem"));
    let server = Server::new()
        .listen("127.0.0.1:0", health.levels(Level::L4..=Level::L5))
        .listen_tls("127.0.0.1:0", tls, &health)
        .start()?;
    let [open, admin] = server.local_addrs() else { return Err("expected two addresses".into()) };
    println!("{}", commands(folder.path(), open.port(), admin.port()));

    health.monitor().graceful_shutdown(Duration::ZERO).await;
    server.stop().await;
    Ok(())
}

/// Builds the endpoint with its rules of access.
fn endpoint(secrets: &Secrets) -> Result<Endpoint> {
    let people = basic("health of abc", [User::hashed("ada", secrets.password_hash.clone())]);
    let machines = access_key([AccessKey::new("prometheus-2026", secrets.key.clone())
        .levels(Level::L3..=Level::L5)
        .without_details()]);
    // Two keys during a rotation.
    let deployments = Signed::new([
        AccessKey::new("deploy-2025", secrets.old_signing_key.clone()),
        AccessKey::new("deploy-2026", secrets.signing_key.clone()),
    ]);
    let single_sign_on = Jwt::new(JwtAlgorithm::Hs256, JwtKeys::secret(secrets.issuer_key.clone()))
        .issuer("https://login.example.com")
        .audience("abc-health")
        .scope("health:deep", Levels::ALL);
    let probers = client_certificate([CertificateMatcher::dns("prober.internal")]);
    // A password or a certificate buys a token that is valid for five minutes.
    let tokens = Tokens::new(secrets.token_key.clone(), any_of([people.clone(), probers.clone()]))
        .lifetime(Duration::from_secs(5 * 60));
    let known = any_of([people, machines, deployments.into(), jwt(single_sign_on), tokens.policy(), probers]);
    let from_here = address(["127.0.0.0/8", "::1"]);

    let access = Access::new()
        .levels(Level::L4..=Level::L5, public())
        .levels(Level::L1..=Level::L3, all_of([from_here, known]))
        .tokens(tokens)
        .limits(Limits::new().failures(10, Duration::from_secs(60)).levels(
            Level::L1..=Level::L2,
            60,
            Duration::from_secs(60),
        ));
    Ok(Endpoint::builder().checks(checks()).access(access).build()?)
}

#[derive(Serialize)]
struct Facts {
    /// Shown to everybody.
    is_primary: Public<bool>,
    /// Shown to callers that may see details.
    waiting: u32,
    /// Shown to nobody, whatever the policies grant.
    dsn: Secret<String>,
}

fn checks() -> [Check; 3] {
    let database = || async {
        let dsn = "postgres://abc:hunter2@db.internal/abc".to_owned();
        Details::pass(Facts { is_primary: Public(true), waiting: 3, dsn: Secret::new(dsn) })
    };
    // Text in a message that looks like a secret is masked.
    let partner = || async { Outcome::fail("401 from the partner with api_key=abc123") };
    [
        Check::new("is_alive", Level::L5, || async {}).liveness(),
        Check::new("partner", Level::L3, partner).critical(false),
        Check::new("database", Level::L1, database).readiness(),
    ]
}

/// Secrets that a real service takes from its environment or a vault.
struct Secrets {
    password_hash: String,
    key: String,
    old_signing_key: String,
    signing_key: String,
    issuer_key: String,
    token_key: String,
}

impl Secrets {
    /// Creates the secrets, and writes those of the callers into the folder.
    fn new(folder: &Path) -> Result<Self> {
        let password = random()?;
        let hash = Argon2::default().hash_password_with_salt(password.as_bytes(), random()?.as_bytes())?;
        let secrets = Self {
            password_hash: hash.to_string(),
            key: random()?,
            old_signing_key: random()?,
            signing_key: random()?,
            issuer_key: random()?,
            token_key: random()?,
        };
        let expires = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH)?.as_secs() + 3600;
        let claims = serde_json::json!({
            "iss": "https://login.example.com", "aud": "abc-health", "sub": "ada", "exp": expires, "scope": "health:deep",
        });
        let issuer_key = EncodingKey::from_secret(secrets.issuer_key.as_bytes());
        fs::write(folder.join("password"), password)?;
        fs::write(folder.join("key"), &secrets.key)?;
        fs::write(folder.join("signing_key"), &secrets.signing_key)?;
        fs::write(folder.join("jwt"), encode(&Header::new(Algorithm::HS256), &claims, &issuer_key)?)?;
        Ok(secrets)
    }
}

fn random() -> Result<String> {
    let mut bytes = [0; 16];
    getrandom::fill(&mut bytes)?;
    Ok(format!("{:032x}", u128::from_ne_bytes(bytes)))
}

/// Creates an authority, a certificate of the server and one of a client.
fn certificates(folder: &Path) -> Result<()> {
    let mut params = CertificateParams::new([])?;
    params.is_ca = IsCa::Ca(BasicConstraints::Unconstrained);
    params.distinguished_name.push(DnType::CommonName, "abc");
    params.key_usages = vec![KeyUsagePurpose::KeyCertSign];
    let authority = CertifiedIssuer::self_signed(params, KeyPair::generate()?)?;
    fs::write(folder.join("ca.pem"), authority.as_ref().pem())?;
    for (name, dns_name, purpose) in [
        ("server", "localhost", ExtendedKeyUsagePurpose::ServerAuth),
        ("client", "prober.internal", ExtendedKeyUsagePurpose::ClientAuth),
    ] {
        let mut params = CertificateParams::new([dns_name.to_owned()])?;
        params.extended_key_usages = vec![purpose];
        let key = KeyPair::generate()?;
        fs::write(folder.join(format!("{name}.crt")), params.signed_by(&key, &authority)?.pem())?;
        fs::write(folder.join(format!("{name}.key")), key.serialize_pem())?;
    }
    Ok(())
}

fn commands(folder: &Path, open: u16, admin: u16) -> String {
    let folder = folder.display();
    let curl = format!("curl -sS --cacert {folder}/ca.pem");
    let admin = format!("https://localhost:{admin}/health");
    let ada = format!(r#"--user "ada:$(cat {folder}/password)""#);
    format!(
        r#"Anybody:
  curl -sS http://127.0.0.1:{open}/livez
  curl -sS http://127.0.0.1:{open}/readyz
  curl -sS http://127.0.0.1:{open}/health/levels/5
  {curl} {admin}
With a password:
  {curl} {ada} {admin}/levels/1
With an access key, for levels 3 to 5:
  {curl} -H "X-Access-Key: prometheus-2026" -H "X-Secret-Key: $(cat {folder}/key)" {admin}/levels/3
With a signature:
  t=$(date +%s); n=$(openssl rand -hex 16); s=$(printf 'HEALTH-HMAC-SHA256\n%s\n%s\n%s\nGET\n/health/levels/1\n' deploy-2026 $t $n | openssl dgst -sha256 -hmac "$(cat {folder}/signing_key)" -r | cut -d ' ' -f 1); {curl} -H "X-Access-Key: deploy-2026" -H "X-Timestamp: $t" -H "X-Nonce: $n" -H "X-Signature: $s" {admin}/levels/1
With a token of the single sign-on:
  {curl} -H "Authorization: Bearer $(cat {folder}/jwt)" {admin}/levels/1
With a client certificate:
  {curl} --cert {folder}/client.crt --key {folder}/client.key {admin}/levels/1
With a token of its own, for the password:
  {curl} -H "Authorization: Bearer $({curl} {ada} -X POST {admin}/token | cut -d '"' -f 4)" {admin}/levels/1
Refused, as the log shows:
  {curl} {admin}/levels/1
  {curl} --user ada:wrong {admin}/levels/1
  {curl} -H "X-Access-Key: prometheus-2026" -H "X-Secret-Key: $(cat {folder}/key)" {admin}/levels/1
Ctrl-C ends it, and removes {folder}."#
    )
}
