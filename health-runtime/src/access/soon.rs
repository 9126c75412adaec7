use std::pin::Pin;

/// A value that is there already, or that has to be waited for. What is there already is answered without a future, which
/// is what keeps stored answers cheap behind a policy, too.
pub(crate) enum Soon<T> {
    Now(T),
    Later(Pin<Box<dyn Future<Output = T> + Send>>),
}

impl<T: Send + 'static> Soon<T> {
    pub(super) fn later(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self::Later(Box::pin(future))
    }

    pub(crate) fn map<U: Send + 'static>(self, then: impl FnOnce(T) -> U + Send + 'static) -> Soon<U> {
        match self {
            Self::Now(value) => Soon::Now(then(value)),
            Self::Later(future) => Soon::later(async { then(future.await) }),
        }
    }

    /// The value, in a future.
    pub(super) async fn get(self) -> T {
        match self {
            Self::Now(value) => value,
            Self::Later(future) => future.await,
        }
    }
}
