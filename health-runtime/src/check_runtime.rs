use http::Extensions;
use tokio::runtime::Handle;

/// The application's runtime, among the extensions of a request that another runtime serves: checks and policies run on it.
#[derive(Clone, Debug)]
pub(crate) struct CheckRuntime(pub(crate) Handle);

impl CheckRuntime {
    /// Returns the runtime that a request carries.
    pub(crate) fn from_extensions(extensions: &Extensions) -> Option<&Handle> {
        extensions.get().map(|Self(runtime)| runtime)
    }
}
