//! The credentials of each operation.

#[cfg(feature = "access-credentials")]
use utoipa::openapi::security::{ApiKey, ApiKeyValue, HttpAuthScheme, HttpBuilder};
use utoipa::openapi::{
    ComponentsBuilder,
    security::{SecurityRequirement, SecurityScheme},
};

use super::version::Version;
use crate::access::{Requirement, Schemes};

/// A security scheme, and the kinds of credentials that it is part of.
struct Scheme {
    name: &'static str,
    kinds: Schemes,
    is_in_3_0: bool,
    define: fn() -> SecurityScheme,
}

/// The schemes of the ready-made policies.
const SCHEMES: &[Scheme] = &[
    #[cfg(feature = "access-credentials")]
    Scheme {
        name: "basic",
        kinds: Schemes::BASIC,
        is_in_3_0: true,
        define: || SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Basic).build()),
    },
    #[cfg(feature = "access-credentials")]
    Scheme {
        name: "accessKey",
        kinds: Schemes::ACCESS_KEY.or(Schemes::SIGNED),
        is_in_3_0: true,
        define: || header("X-Access-Key", "The id of an access key."),
    },
    #[cfg(feature = "access-credentials")]
    Scheme {
        name: "secretKey",
        kinds: Schemes::ACCESS_KEY,
        is_in_3_0: true,
        define: || header("X-Secret-Key", "The secret of the access key."),
    },
    #[cfg(feature = "access-credentials")]
    Scheme {
        name: "timestamp",
        kinds: Schemes::SIGNED,
        is_in_3_0: true,
        define: || header("X-Timestamp", "The time of a signed request, in whole seconds since 1970."),
    },
    #[cfg(feature = "access-credentials")]
    Scheme {
        name: "nonce",
        kinds: Schemes::SIGNED,
        is_in_3_0: true,
        define: || header("X-Nonce", "8 to 64 characters out of `A-Za-z0-9_.~-`, never the same twice."),
    },
    #[cfg(feature = "access-credentials")]
    Scheme {
        name: "signature",
        kinds: Schemes::SIGNED,
        is_in_3_0: true,
        define: || {
            let meaning = "The HMAC-SHA-256 of seven lines with the key's secret, as 64 hexadecimal digits: \
                           `HEALTH-HMAC-SHA256`, id, timestamp, nonce, method, path, query.";
            header("X-Signature", meaning)
        },
    },
    #[cfg(feature = "access-jwt")]
    Scheme {
        name: "bearer",
        kinds: Schemes::BEARER,
        is_in_3_0: true,
        define: || SecurityScheme::Http(HttpBuilder::new().scheme(HttpAuthScheme::Bearer).bearer_format("JWT").build()),
    },
    #[cfg(feature = "server-tls")]
    Scheme {
        name: "clientCertificate",
        kinds: Schemes::CERTIFICATE,
        is_in_3_0: false,
        define: || SecurityScheme::MutualTls { description: None, deprecated: None, extensions: None },
    },
];

#[cfg(feature = "access-credentials")]
fn header(name: &str, meaning: &str) -> SecurityScheme {
    SecurityScheme::ApiKey(ApiKey::Header(ApiKeyValue::with_description(name, meaning)))
}

/// Collects the schemes that the operations of a document name.
pub(super) struct Security {
    version: Version,
    used: Schemes,
}

impl Security {
    pub(super) const fn new(version: Version) -> Self {
        Self { version, used: Schemes::NONE }
    }

    /// Alternatives, of which an empty one needs no credentials; none at all if there is nothing that a caller could bring.
    pub(super) fn require(&mut self, requirement: &Requirement) -> Vec<SecurityRequirement> {
        let mut alternatives: Vec<SecurityRequirement> = Vec::new();
        for kinds in requirement.alternatives() {
            self.used = self.used.or(kinds);
            let named = self
                .known(kinds)
                .fold(SecurityRequirement::default(), |all, scheme| all.add(scheme.name, Vec::<String>::new()));
            if !alternatives.contains(&named) {
                alternatives.push(named);
            }
        }
        let is_open = alternatives == [SecurityRequirement::default()];
        if is_open { Vec::new() } else { alternatives }
    }

    /// Adds the definitions of all schemes that were named.
    pub(super) fn schemes(&self, components: ComponentsBuilder) -> ComponentsBuilder {
        self.known(self.used).fold(components, |all, scheme| all.security_scheme(scheme.name, (scheme.define)()))
    }

    fn known(&self, kinds: Schemes) -> impl Iterator<Item = &'static Scheme> {
        let version = self.version;
        let is_known = move |scheme: &&Scheme| scheme.is_in_3_0 || version != Version::V3_0;
        SCHEMES.iter().filter(is_known).filter(move |scheme| !scheme.kinds.and(kinds).is_empty())
    }
}
