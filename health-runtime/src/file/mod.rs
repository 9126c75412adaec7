//! Files that are read again while the program runs, because secrets, keys and certificates are renewed.

#[cfg(any(feature = "probe-https", feature = "server-tls"))]
pub(crate) mod pem;

use std::{
    fmt,
    fs::File,
    io::{self, Read},
    path::Path,
    sync::Arc,
};

/// Maximum size of a file, far above any honest secret, key or chain of certificates.
const MAX_FILE_BYTES: u64 = MIB;

/// Maximum size of a revocation list. Large authorities have some of tens of megabytes.
#[cfg(feature = "server-tls")]
const MAX_LIST_BYTES: u64 = 128 * MIB;

const MIB: u64 = 1 << 20;

/// A file's contents at one time, or the error from reading it.
#[derive(Clone)]
pub(crate) struct FileContent {
    pub(crate) path: String,
    pub(crate) bytes: Result<Vec<u8>, Arc<io::Error>>,
}

impl FileContent {
    /// Reads the file, which blocks.
    pub(crate) fn read(path: &Path) -> Self {
        Self::read_up_to(path, MAX_FILE_BYTES)
    }

    /// Reads a file that grows with its authority, which blocks.
    #[cfg(feature = "server-tls")]
    pub(crate) fn read_list(path: &Path) -> Self {
        Self::read_up_to(path, MAX_LIST_BYTES)
    }

    fn read_up_to(path: &Path, max_bytes: u64) -> Self {
        Self { path: path.display().to_string(), bytes: read(path, max_bytes).map_err(Arc::new) }
    }

    /// Returns the contents.
    ///
    /// # Errors
    /// The file cannot be read; the text does not name it.
    pub(crate) fn bytes(&self) -> Result<&[u8], String> {
        self.bytes.as_deref().map_err(ToString::to_string)
    }
}

/// Without the contents, which may be a secret.
impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

fn read(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::other(format!("it is larger than {} MiB", max_bytes / MIB)));
    }
    Ok(bytes)
}
