//! Unix domain sockets.

use std::{
    fs::{self, DirBuilder, Permissions},
    io::{self, ErrorKind},
    os::unix::fs::{DirBuilderExt, FileTypeExt, MetadataExt, PermissionsExt},
    path::{Path, PathBuf},
    process,
    time::{Duration, SystemTime},
};

use tokio::{
    net::{UnixListener, UnixStream},
    time::timeout,
};

use crate::error::Problem;

/// Time that an existing socket has to accept a connection, which shows that a process listens on it.
const CONNECT_TIMEOUT: Duration = Duration::from_secs(1);

/// A Unix domain socket to listen on: its path, and its permissions.
///
/// ```
/// use health_runtime::UnixSocket;
///
/// let for_group = UnixSocket::new("/run/app/health.sock").with_mode(0o660);
/// # let _ = for_group;
/// ```
///
/// The socket has these permissions from the moment it appears at its path. It replaces a stale socket that another process left
/// behind. A socket on which a process listens is an error, and so is a file of another kind. The socket is removed when the
/// server is stopped, unless another one has replaced it; a process that ends without stopping leaves it behind.
///
/// The folder has to exist, and the process must be allowed to create files in it. Any other user with that permission can
/// replace the socket.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct UnixSocket {
    path: PathBuf,
    mode: u32,
}

impl UnixSocket {
    /// A socket at this path, which may have about 100 bytes.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), mode: 0o600 }
    }

    /// Sets its permissions: a client needs the permission to write. Default: `0o600`, for the user of the process only.
    pub const fn with_mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    /// Listens on the socket until the guard is dropped.
    ///
    /// # Errors
    /// The path is taken, or the system does not allow it.
    pub(super) async fn listen(&self) -> Result<(UnixListener, SocketGuard), Problem> {
        self.bind().await.map_err(|error| Problem::cannot_listen(self.path.display().to_string(), error))
    }

    async fn bind(&self) -> io::Result<(UnixListener, SocketGuard)> {
        ensure_replaceable(&self.path).await?;
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        // Bound in a private folder and then moved, so that it never has other permissions at its path.
        let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().subsec_nanos();
        let private = PrivateDir(folder.join(format!(".{:x}", nanos ^ process::id())));
        DirBuilder::new().mode(0o700).create(&private.0)?;
        let hidden = private.socket();
        let listener = UnixListener::bind(&hidden)?;
        fs::set_permissions(&hidden, Permissions::from_mode(self.mode))?;
        let socket = fs::symlink_metadata(&hidden)?;
        fs::rename(&hidden, &self.path)?;
        Ok((listener, SocketGuard { path: self.path.clone(), file_id: (socket.dev(), socket.ino()) }))
    }
}

impl From<&str> for UnixSocket {
    fn from(path: &str) -> Self {
        Self::new(path)
    }
}

impl From<String> for UnixSocket {
    fn from(path: String) -> Self {
        Self::new(path)
    }
}

impl From<&Path> for UnixSocket {
    fn from(path: &Path) -> Self {
        Self::new(path)
    }
}

impl From<PathBuf> for UnixSocket {
    fn from(path: PathBuf) -> Self {
        Self::new(path)
    }
}

/// Checks that the path is free, or holds a stale socket.
///
/// # Errors
/// A process listens on the socket, or the file is not a socket.
async fn ensure_replaceable(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(file) if !file.file_type().is_socket() => {
            return Err(io::Error::new(ErrorKind::AlreadyExists, "the file is not a socket, so it is not replaced"));
        }
        Ok(_) => {}
    }
    match timeout(CONNECT_TIMEOUT, UnixStream::connect(path)).await {
        // Stale: renaming replaces it.
        Ok(Err(error)) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => Ok(()),
        Ok(Err(error)) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Err(io::Error::new(ErrorKind::AddrInUse, "another process listens on it")),
    }
}

/// A folder that only this user can enter, for the time of binding.
struct PrivateDir(PathBuf);

impl PrivateDir {
    fn socket(&self) -> PathBuf {
        self.0.join("s")
    }
}

impl Drop for PrivateDir {
    fn drop(&mut self) {
        // It is still there only after an error.
        let _ = fs::remove_file(self.socket());
        let _ = fs::remove_dir(&self.0);
    }
}

/// Removes the socket when dropped.
#[derive(Debug)]
pub(super) struct SocketGuard {
    path: PathBuf,
    /// Device and inode: another process may have put its own socket there.
    file_id: (u64, u64),
}

impl Drop for SocketGuard {
    fn drop(&mut self) {
        let file_id = fs::symlink_metadata(&self.path).map(|socket| (socket.dev(), socket.ino()));
        if file_id.is_ok_and(|file_id| file_id == self.file_id) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
