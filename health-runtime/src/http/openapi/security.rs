//! The credentials of each operation.

use std::mem;

use utoipa::openapi::{
    ComponentsBuilder,
    security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder, SecurityRequirement, SecurityScheme},
};

use super::version::Version;
use crate::access::{Carrier, Requirement, SchemePart, Schemes};

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

/// Collects the schemes that the operations of a document name.
pub(in crate::http) struct Security {
    version: Version,
    used: Schemes,
}

impl Security {
    pub(in crate::http) const fn new(version: Version) -> Self {
        Self { version, used: Schemes::NONE }
    }

    /// Alternatives, of which an empty one needs no credentials; none at all if there is nothing that a caller could bring.
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

    /// Adds the definitions of all schemes that were named.
    pub(super) fn schemes(&self, components: ComponentsBuilder) -> ComponentsBuilder {
        self.known(&self.used).fold(components, |all, part| all.security_scheme(part.name, define(part.carrier)))
    }

    /// The parts of these kinds that this version of OpenAPI knows.
    fn known(&self, kinds: &Schemes) -> impl Iterator<Item = SchemePart> {
        let has_mutual_tls = self.version != Version::V3_0;
        kinds.parts().filter(move |part| has_mutual_tls || !matches!(part.carrier, Carrier::ClientCertificate))
    }
}
