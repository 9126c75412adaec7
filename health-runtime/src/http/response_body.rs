use std::{
    convert::Infallible,
    pin::Pin,
    task::{Context, Poll},
};

use axum::body::{Body, Bytes, HttpBody};
use http_body::{Frame, SizeHint};

/// The body of a response of [`Endpoint::respond`](crate::Endpoint::respond): whole for everything but the stream of
/// events, which has no end that is known. It cannot fail.
#[derive(Debug)]
pub struct ResponseBody(Body);

impl ResponseBody {
    pub(super) const fn new(body: Body) -> Self {
        Self(body)
    }
}

impl HttpBody for ResponseBody {
    type Data = Bytes;
    type Error = Infallible;

    fn poll_frame(
        mut self: Pin<&mut Self>,
        context: &mut Context<'_>,
    ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
        // The bodies of the endpoint are bytes or its own streams. An error would end them.
        Pin::new(&mut self.0).poll_frame(context).map(|frame| frame?.ok().map(Ok))
    }

    fn is_end_stream(&self) -> bool {
        self.0.is_end_stream()
    }

    fn size_hint(&self) -> SizeHint {
        self.0.size_hint()
    }
}
