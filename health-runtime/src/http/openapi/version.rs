use super::super::problem::ProblemDetails;

/// The versions that most tools read. 3.2 has nothing that this document would need.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(in crate::http) enum Version {
    V3_0,
    #[default]
    V3_1,
}

impl Version {
    /// The version that a query asks for.
    pub(in crate::http) fn parse(query: Option<&str>) -> Result<Self, ProblemDetails> {
        let mut pairs = form_urlencoded::parse(query.unwrap_or_default().as_bytes());
        match pairs.find(|(key, _)| key == "version").as_ref().map(|(_, value)| &**value) {
            None | Some("3.1") => Ok(Self::V3_1),
            Some("3.0") => Ok(Self::V3_0),
            Some(_) => Err(ProblemDetails::bad_request("`version` is `3.0` or `3.1`")),
        }
    }

    pub(super) const fn number(self) -> &'static str {
        match self {
            Self::V3_0 => "3.0.3",
            Self::V3_1 => "3.1.0",
        }
    }
}
