//! Byte streams over TCP, TLS or a Unix socket.

use tokio::io::{AsyncRead, AsyncWrite};

/// A byte stream of any kind. It is boxed, so that HTTP is compiled once for all kinds.
pub(crate) type ByteStream = Box<dyn ReadWrite>;

pub(crate) trait ReadWrite: AsyncRead + AsyncWrite + Send + Unpin {}

impl<T: AsyncRead + AsyncWrite + Send + Unpin> ReadWrite for T {}
