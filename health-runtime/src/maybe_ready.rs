use std::{
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

type BoxedFuture<T> = Pin<Box<dyn Future<Output = T> + Send>>;

/// A value that is ready, or a boxed future of it. A ready value costs no allocation, which keeps stored responses cheap,
/// also behind an access policy.
pub(crate) enum MaybeReady<T> {
    Ready(Ready<T>),
    Boxed(BoxedFuture<T>),
}

impl<T> MaybeReady<T> {
    pub(crate) fn ready(value: T) -> Self {
        Self::Ready(ready(value))
    }

    pub(crate) fn boxed(future: impl Future<Output = T> + Send + 'static) -> Self {
        Self::Boxed(Box::pin(future))
    }

    /// Returns the value if it is ready, else its future.
    pub(crate) fn try_ready(self) -> Result<T, BoxedFuture<T>> {
        match self {
            Self::Ready(value) => Ok(value.into_inner()),
            Self::Boxed(future) => Err(future),
        }
    }

    /// Changes the value as soon as it is ready.
    pub(crate) fn map<U>(self, change: impl FnOnce(T) -> U + Send + 'static) -> MaybeReady<U>
    where
        T: 'static,
    {
        match self.try_ready() {
            Ok(value) => MaybeReady::ready(change(value)),
            Err(future) => MaybeReady::boxed(async { change(future.await) }),
        }
    }

    /// Goes on with the value as soon as it is ready.
    pub(crate) fn then<U>(self, next: impl FnOnce(T) -> MaybeReady<U> + Send + 'static) -> MaybeReady<U>
    where
        T: 'static,
        U: Send,
    {
        match self.try_ready() {
            Ok(value) => next(value),
            Err(future) => MaybeReady::boxed(async { next(future.await).await }),
        }
    }
}

impl<T> Future for MaybeReady<T> {
    type Output = T;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<T> {
        match &mut *self {
            Self::Ready(value) => Pin::new(value).poll(context),
            Self::Boxed(future) => future.as_mut().poll(context),
        }
    }
}
