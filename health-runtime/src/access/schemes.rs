/// A kind of credentials, with the parts of a request that carry them. Each policy declares its own.
#[derive(Debug)]
pub(crate) struct Scheme {
    name: &'static str,
    #[cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "only OpenAPI describes them"))]
    pub(crate) parts: &'static [SchemePart],
    /// The challenge where accepted credentials of this kind do not suffice.
    forbidden_challenge: Option<&'static str>,
}

/// A part of a request that carries credentials, with its name in OpenAPI.
#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(all(feature = "openapi", feature = "access-jwt", feature = "server-tls")),
    allow(dead_code, reason = "only OpenAPI describes them, and each variant belongs to a policy with a feature")
)]
pub(crate) struct SchemePart {
    pub(crate) name: &'static str,
    pub(crate) carrier: Carrier,
}

#[derive(Clone, Copy, Debug)]
#[cfg_attr(
    not(all(feature = "openapi", feature = "access-jwt", feature = "server-tls")),
    allow(dead_code, reason = "only OpenAPI describes them, and each variant belongs to a policy with a feature")
)]
pub(crate) enum Carrier {
    /// `Authorization: Basic`.
    Basic,
    /// `Authorization: Bearer`, with tokens of this format.
    Bearer {
        format: &'static str,
    },
    Header {
        name: &'static str,
        meaning: &'static str,
    },
    ClientCertificate,
}

impl Scheme {
    /// Credentials that a policy of the user's reads.
    pub(crate) const CUSTOM: &'static Self = &Self::new("custom", &[]);

    pub(super) const fn new(name: &'static str, parts: &'static [SchemePart]) -> Self {
        Self { name, parts, forbidden_challenge: None }
    }

    #[cfg_attr(not(feature = "access-jwt"), allow(dead_code, reason = "only tokens have one"))]
    pub(super) const fn with_forbidden_challenge(self, challenge: &'static str) -> Self {
        Self { forbidden_challenge: Some(challenge), ..self }
    }
}

/// A set of kinds of credentials, sorted by name.
#[derive(Clone, Debug, Default)]
pub(crate) struct Schemes(Vec<&'static Scheme>);

impl Schemes {
    pub(crate) const NONE: Self = Self(Vec::new());

    pub(crate) fn one(scheme: &'static Scheme) -> Self {
        Self(vec![scheme])
    }

    pub(crate) fn contains(&self, scheme: &Scheme) -> bool {
        self.0.iter().any(|own| own.name == scheme.name)
    }

    pub(crate) fn or(mut self, other: &Self) -> Self {
        for scheme in &other.0 {
            if !self.contains(scheme) {
                self.0.push(scheme);
            }
        }
        self.0.sort_unstable_by_key(|scheme| scheme.name);
        self
    }

    pub(crate) fn intersects(&self, other: &Self) -> bool {
        self.0.iter().any(|scheme| other.contains(scheme))
    }

    pub(crate) fn without(mut self, other: &Self) -> Self {
        self.0.retain(|scheme| !other.contains(scheme));
        self
    }

    pub(crate) const fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    pub(super) fn forbidden_challenges(&self) -> impl Iterator<Item = &'static str> {
        self.0.iter().filter_map(|scheme| scheme.forbidden_challenge)
    }

    #[cfg_attr(not(feature = "openapi"), allow(dead_code, reason = "only OpenAPI describes them"))]
    pub(crate) fn parts(&self) -> impl Iterator<Item = SchemePart> {
        self.0.iter().flat_map(|scheme| scheme.parts).copied()
    }
}

impl PartialEq for Schemes {
    fn eq(&self, other: &Self) -> bool {
        self.0.iter().map(|scheme| scheme.name).eq(other.0.iter().map(|scheme| scheme.name))
    }
}

impl Eq for Schemes {}
