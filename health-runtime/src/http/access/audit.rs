/// The target of the events of the audit.
pub(super) const AUDIT: &str = "health_runtime::access";
