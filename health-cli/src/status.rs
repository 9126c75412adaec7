use serde::Serialize;

/// A status in the words of this program, from the best to the worst.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub(crate) enum Status {
    Pass,
    Warn,
    /// The peer has no result, or says something else.
    Unknown,
    Fail,
}

impl Status {
    /// Reads the word of any peer: of health+json, Spring Boot, MicroProfile, ASP.NET, gRPC and others.
    pub(crate) fn parse(word: &str) -> Option<Self> {
        Some(match word.to_ascii_lowercase().as_str() {
            "pass" | "passing" | "ok" | "up" | "healthy" | "green" | "serving" | "alive" | "ready" => Self::Pass,
            "warn" | "warning" | "degraded" | "yellow" => Self::Warn,
            "fail" | "failed" | "failing" | "error" | "down" | "unhealthy" | "critical" | "red" | "not_serving"
            | "out_of_service" => Self::Fail,
            "unknown" | "service_unknown" => Self::Unknown,
            _ => return None,
        })
    }

    pub(crate) const fn word(self) -> &'static str {
        match self {
            Self::Pass => "pass",
            Self::Warn => "warn",
            Self::Unknown => "unknown",
            Self::Fail => "fail",
        }
    }

    /// Returns a sign that differs by shape, because colours are not for everybody.
    pub(crate) const fn sign(self) -> &'static str {
        match self {
            Self::Pass => "✓",
            Self::Warn => "!",
            Self::Unknown => "?",
            Self::Fail => "✗",
        }
    }
}
