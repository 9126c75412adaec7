//! Sockets in the file system.

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

/// How long the socket that is there has to say whether somebody listens on it.
const PATIENCE: Duration = Duration::from_secs(1);

/// A Unix domain socket to listen on: its path, and who may connect.
///
/// ```
/// use health_runtime::UnixSocket;
///
/// let for_the_group = UnixSocket::new("/run/app/health.sock").mode(0o660);
/// # let _ = for_the_group;
/// ```
///
/// The socket never stands at its path with other permissions than these. A socket that a process left behind is
/// replaced; one that somebody listens on is an error, and so is anything that is no socket. It is removed when the
/// server is stopped, unless another one stands there by then; a process that ends without stopping leaves it behind.
///
/// The folder has to exist, and the process must be allowed to create files in it. Whoever else may do so can put another
/// socket in its place.
#[derive(Clone, Debug, PartialEq, Eq)]
#[must_use]
pub struct UnixSocket {
    path: PathBuf,
    mode: u32,
}

impl UnixSocket {
    /// A socket at this path, which may be about 100 bytes long.
    pub fn new(path: impl Into<PathBuf>) -> Self {
        Self { path: path.into(), mode: 0o600 }
    }

    /// Sets its permissions: to connect takes the permission to write. Default: `0o600`, for the user alone that the process
    /// runs as.
    pub const fn mode(mut self, mode: u32) -> Self {
        self.mode = mode;
        self
    }

    pub(super) fn path(&self) -> &Path {
        &self.path
    }

    pub(super) async fn bind(&self) -> io::Result<(UnixListener, Remains)> {
        make_way(&self.path).await?;
        let folder = match self.path.parent() {
            Some(folder) if folder != Path::new("") => folder,
            _ => Path::new("."),
        };
        // Bound where nobody else can reach it, then moved: so it has its permissions from the first moment on.
        let nanos = SystemTime::now().duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default().subsec_nanos();
        let private = Private(folder.join(format!(".{:x}", nanos ^ process::id())));
        DirBuilder::new().mode(0o700).create(&private.0)?;
        let hidden = private.socket();
        let listener = UnixListener::bind(&hidden)?;
        fs::set_permissions(&hidden, Permissions::from_mode(self.mode))?;
        let socket = fs::symlink_metadata(&hidden)?;
        fs::rename(&hidden, &self.path)?;
        Ok((listener, Remains { path: self.path.clone(), identity: (socket.dev(), socket.ino()) }))
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

/// # Errors
/// What stands there is in use, or is no socket.
async fn make_way(path: &Path) -> io::Result<()> {
    match fs::symlink_metadata(path) {
        Err(error) if error.kind() == ErrorKind::NotFound => return Ok(()),
        Err(error) => return Err(error),
        Ok(file) if !file.file_type().is_socket() => {
            return Err(io::Error::new(
                ErrorKind::AlreadyExists,
                "what stands there is no socket, and is not replaced",
            ));
        }
        Ok(_) => {}
    }
    match timeout(PATIENCE, UnixStream::connect(path)).await {
        // Nobody listens; renaming replaces it.
        Ok(Err(error)) if matches!(error.kind(), ErrorKind::ConnectionRefused | ErrorKind::NotFound) => Ok(()),
        Ok(Err(error)) if error.kind() != ErrorKind::WouldBlock => Err(error),
        _ => Err(io::Error::new(ErrorKind::AddrInUse, "somebody listens on it")),
    }
}

/// A folder for the time of binding.
struct Private(PathBuf);

impl Private {
    fn socket(&self) -> PathBuf {
        self.0.join("s")
    }
}

impl Drop for Private {
    fn drop(&mut self) {
        // There only if something went wrong.
        let _ = fs::remove_file(self.socket());
        let _ = fs::remove_dir(&self.0);
    }
}

/// Takes the socket away in the end.
#[derive(Debug)]
pub(super) struct Remains {
    path: PathBuf,
    /// Of the file: another process may have put its own there.
    identity: (u64, u64),
}

impl Drop for Remains {
    fn drop(&mut self) {
        let identity = fs::symlink_metadata(&self.path).map(|socket| (socket.dev(), socket.ino()));
        if identity.is_ok_and(|identity| identity == self.identity) {
            let _ = fs::remove_file(&self.path);
        }
    }
}
