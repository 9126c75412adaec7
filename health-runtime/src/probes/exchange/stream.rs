//! A connection, with or without TLS.

use tokio::io::{AsyncRead, AsyncWrite};

pub(super) type Stream = Box<dyn Io>;

pub(super) trait Io: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> Io for T {}
