use tokio::io::{AsyncRead, AsyncWrite};

/// What bytes go over; boxed, so that HTTP is compiled once for all kinds.
pub(super) type Stream = Box<dyn ReadWrite>;

pub(super) trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}
