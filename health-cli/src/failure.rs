use std::fmt;

/// The reason why there is no report, as a person reads it: with the subject, the cause, and what to do.
#[derive(Clone, Debug)]
pub(crate) struct Failure {
    pub(crate) kind: FailureKind,
    message: String,
}

/// The kind of a failure, which decides about the exit code and about further tries.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum FailureKind {
    /// The command line, or a file that it names, is not valid.
    Usage,
    /// The service is down, silent or too slow.
    Unreachable,
    /// The certificate of the service, or the handshake, is not valid.
    Tls,
    /// The service refuses the credentials.
    Refused,
    /// The service answers, but not with a report.
    NotAReport,
}

impl Failure {
    pub(crate) fn new(kind: FailureKind, message: impl Into<String>) -> Self {
        Self { kind, message: message.into() }
    }

    pub(crate) fn usage(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Usage, message)
    }

    pub(crate) fn unreachable(message: impl Into<String>) -> Self {
        Self::new(FailureKind::Unreachable, message)
    }

    pub(crate) fn not_a_report(message: impl Into<String>) -> Self {
        Self::new(FailureKind::NotAReport, message)
    }

    /// Returns whether a later try may succeed without anybody changing the command.
    pub(crate) fn may_pass(&self) -> bool {
        matches!(self.kind, FailureKind::Unreachable | FailureKind::NotAReport)
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.message)
    }
}
