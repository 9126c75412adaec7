use std::path::PathBuf;

use clap::Args;

use super::usage::SURPLUS_VALUE;
use crate::{
    client::{Client, TlsFiles},
    credentials::{Credentials, Secret},
    failure::Failure,
    target::Target,
};

/// The address of one service. It is parsed later: an error of clap would quote it.
#[derive(Debug, Args)]
pub(crate) struct OneService {
    /// Service, its health endpoint, or its Unix socket: http://…, https://…, grpc://…, unix:/…
    #[arg(value_name = "URL")]
    url: String,

    /// Takes values that belong nowhere, so that none of them is quoted.
    #[arg(hide = true, num_args = 0..)]
    surplus: Vec<String>,
}

impl OneService {
    pub(crate) fn target(&self) -> Result<Target, Failure> {
        if !self.surplus.is_empty() {
            return Err(Failure::usage(SURPLUS_VALUE));
        }
        parse_target(&self.url)
    }
}

pub(crate) fn parse_target(url: &str) -> Result<Target, Failure> {
    url.parse().map_err(|fault| Failure::usage(format!("the URL cannot be used: {fault}")))
}

/// Heading of these options in the help. Named at each of them, because a heading of them all would go on behind them.
const CREDENTIALS: &str = "Credentials and certificates";

#[derive(Debug, Args)]
pub(crate) struct ConnectionArgs {
    /// Log in as this user (HTTP Basic); the password is the secret
    #[arg(long, help_heading = CREDENTIALS, value_name = "USER", group = "scheme")]
    basic: Option<String>,

    /// Send this access key and its secret
    #[arg(long, help_heading = CREDENTIALS, value_name = "ID", group = "scheme")]
    access_key: Option<String>,

    /// Sign requests with this access key; its secret does not travel
    #[arg(long, help_heading = CREDENTIALS, value_name = "ID", group = "scheme")]
    signed: Option<String>,

    /// Send the secret as a token
    #[arg(long, help_heading = CREDENTIALS, group = "scheme")]
    bearer: bool,

    /// File with the secret, `-` for the standard input; without it, `HEALTHCTL_SECRET` holds the secret
    #[arg(long, help_heading = CREDENTIALS, value_name = "FILE", requires = "scheme")]
    secret_file: Option<PathBuf>,

    /// Authorities in PEM to trust, in place of those of this host
    #[arg(long, help_heading = CREDENTIALS, value_name = "FILE")]
    root_file: Option<PathBuf>,

    /// Client certificate in PEM, and its chain
    #[arg(long, help_heading = CREDENTIALS, value_name = "FILE")]
    client_certificate: Option<PathBuf>,

    /// Key of the client certificate in PEM, unless it stands in the same file
    #[arg(long, help_heading = CREDENTIALS, value_name = "FILE", requires = "client_certificate")]
    client_key: Option<PathBuf>,
}

impl ConnectionArgs {
    /// Reads the secret, and returns a client.
    ///
    /// # Errors
    /// There is no secret for the credentials.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let secret = || Secret::read(self.secret_file.as_deref());
        let credentials = if let Some(user) = &self.basic {
            if user.contains(':') {
                return Err(Failure::usage(
                    "the user of `--basic` has a colon; write the name alone, and the password into `--secret-file FILE`",
                ));
            }
            Credentials::Basic { user: user.clone(), password: secret()? }
        } else if let Some(id) = &self.access_key {
            Credentials::AccessKey { id: id.clone(), secret: secret()? }
        } else if let Some(id) = &self.signed {
            Credentials::Signed { id: id.clone(), secret: secret()? }
        } else if self.bearer {
            Credentials::Bearer(secret()?)
        } else {
            Credentials::None
        };
        let tls_files = TlsFiles {
            roots: self.root_file.clone(),
            client_certificate: self.client_certificate.clone(),
            client_key: self.client_key.clone(),
        };
        Ok(Client::new(credentials, tls_files))
    }
}
