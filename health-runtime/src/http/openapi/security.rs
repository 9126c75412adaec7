//! The credentials of each operation.

use std::mem;

use utoipa::openapi::{
    ComponentsBuilder,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

use super::super::problem::ProblemDetails;
use crate::access::{Carrier, Requirement, SchemePart, Schemes};

/// The versions that most tools read. This document needs nothing of 3.2.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::http) enum Version {
    V3_0,
    #[default]
    V3_1,
}

impl Version {
    /// Parses the version in a query.
    pub(in crate::http) fn parse(query: Option<&str>) -> Result<Self, ProblemDetails> {
        let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        match pairs.find(|(key, _)| key == "version").as_ref().map(|(_, value)| &**value) {
            None | Some("3.1") => Ok(Self::V3_1),
            Some("3.0") => Ok(Self::V3_0),
            Some(_) => Err(ProblemDetails::bad_request("`version` must be `3.0` or `3.1`")),
        }
    }

    pub(super) const fn number(self) -> &'static str {
        match self {
            Self::V3_0 => "3.0.3",
            Self::V3_1 => "3.1.0",
        }
    }
}

fn define(carrier: Carrier) -> SecurityScheme {
    let http = |scheme| HttpBuilder::new().scheme(scheme);
    match carrier {
        Carrier::Basic => SecurityScheme::Http(http(HttpAuthScheme::Basic).build()),
        Carrier::Bearer { format } => SecurityScheme::Http(http(HttpAuthScheme::Bearer).bearer_format(format).build()),
        Carrier::Header { name, meaning } => {
            SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, meaning)))
        }
        Carrier::ClientCertificate => {
            SecurityScheme::MutualTls { description: None, deprecated: None, extensions: None }
        }
    }
}

/// Collects the security schemes of a document's operations.
pub(in crate::http) struct Security {
    version: Version,
    used: Schemes,
}

impl Security {
    pub(in crate::http) const fn new(version: Version) -> Self {
        Self { version, used: Schemes::NONE }
    }

    /// Returns the alternatives; an empty one needs no credentials. Returns none if no credentials make a difference.
    pub(in crate::http) fn require(&mut self, requirement: &Requirement) -> Vec<SecurityRequirement> {
        let mut alternatives: Vec<SecurityRequirement> = Vec::new();
        for kinds in requirement.alternatives() {
            let named = self
                .known(kinds)
                .fold(SecurityRequirement::default(), |all, part| all.add(part.name, Vec::<String>::new()));
            self.used = mem::take(&mut self.used).or(kinds);
            if !alternatives.contains(&named) {
                alternatives.push(named);
            }
        }
        let is_open = alternatives == [SecurityRequirement::default()];
        if is_open { Vec::new() } else { alternatives }
    }

    /// Adds the definitions of the schemes in use.
    pub(super) fn schemes(&self, components: ComponentsBuilder) -> ComponentsBuilder {
        self.known(&self.used).fold(components, |all, part| all.security_scheme(part.name, define(part.carrier)))
    }

    /// Returns the parts of these schemes that the version of OpenAPI knows.
    fn known(&self, kinds: &Schemes) -> impl Iterator<Item = SchemePart> {
        let has_mutual_tls = self.version != Version::V3_0;
        kinds.parts().filter(move |part| has_mutual_tls || !matches!(part.carrier, Carrier::ClientCertificate))
    }
}
