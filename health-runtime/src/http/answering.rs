use std::{
    future::{Ready, ready},
    pin::Pin,
    task::{Context, Poll},
};

use axum::response::Response;

/// A response that is there already, or that has to be waited for.
pub(super) enum Answering {
    Now(Ready<Response>),
    Later(Pin<Box<dyn Future<Output = Response> + Send>>),
}

impl Answering {
    pub(super) fn now(response: Response) -> Self {
        Self::Now(ready(response))
    }

    pub(super) fn later(response: impl Future<Output = Response> + Send + 'static) -> Self {
        Self::Later(Box::pin(response))
    }

    /// Changes the response, as soon as it is there.
    pub(super) fn map(self, change: impl FnOnce(Response) -> Response + Send + 'static) -> Self {
        match self {
            Self::Now(response) => Self::now(change(response.into_inner())),
            Self::Later(response) => Self::later(async move { change(response.await) }),
        }
    }
}

impl Future for Answering {
    type Output = Response;

    fn poll(mut self: Pin<&mut Self>, context: &mut Context<'_>) -> Poll<Response> {
        match &mut *self {
            Self::Now(response) => Pin::new(response).poll(context),
            Self::Later(response) => response.as_mut().poll(context),
        }
    }
}
