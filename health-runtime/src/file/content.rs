use std::{
    fmt,
    fs::{self, File},
    hash::{DefaultHasher, Hash, Hasher},
    io::{self, Read},
    path::Path,
    sync::Arc,
};

use super::at_start;

/// Maximum size of a file, far above any honest secret, key or chain of certificates.
pub(crate) const MAX_FILE_BYTES: u64 = MIB;

/// Maximum size of a revocation list. Large authorities have some of tens of megabytes.
#[cfg(feature = "server-tls")]
pub(crate) const MAX_LIST_BYTES: u64 = 128 * MIB;

const MIB: u64 = 1 << 20;

/// Either way to read a file of up to a number of bytes: [`FileContent::read`], [`FileContent::read_at_start`].
#[cfg(any(feature = "access-jwt", feature = "probe-http", feature = "server-tls"))]
pub(crate) type ReadFile = fn(&Path, u64) -> FileContent;

/// A file's contents at one time, or the error from reading it.
#[derive(Clone)]
pub(crate) struct FileContent {
    pub(crate) path: String,
    pub(crate) bytes: Result<Vec<u8>, Arc<io::Error>>,
}

impl FileContent {
    /// Reads the file, which blocks until the file system answers.
    #[cfg(any(feature = "access-jwt", feature = "probe-http", feature = "server-tls"))]
    pub(crate) fn read(path: &Path, max_bytes: u64) -> Self {
        Self { path: path.display().to_string(), bytes: read(path, max_bytes).map_err(Arc::new) }
    }

    /// Reads the file unless it is a pipe or a device, which blocks until the file system answers.
    pub(super) fn read_regular(path: &Path, max_bytes: u64) -> Self {
        Self { path: path.display().to_string(), bytes: read_regular(path, max_bytes).map_err(Arc::new) }
    }

    /// Returns the error from reading the file.
    pub(crate) fn failed(path: &Path, error: io::Error) -> Self {
        Self { path: path.display().to_string(), bytes: Err(Arc::new(error)) }
    }

    /// Reads the file, which blocks for at most three seconds.
    pub(crate) fn read_at_start(path: &Path, max_bytes: u64) -> Self {
        let own = path.to_owned();
        let bytes = at_start(move || read_regular(&own, max_bytes)).and_then(|bytes| bytes);
        Self { path: path.display().to_string(), bytes: bytes.map_err(Arc::new) }
    }

    /// Returns the contents.
    ///
    /// # Errors
    /// The file cannot be read; the text does not name it.
    pub(crate) fn bytes(&self) -> Result<&[u8], String> {
        self.bytes.as_deref().map_err(ToString::to_string)
    }
}

/// Returns a hash of the contents, which shows whether they have changed, without keeping them.
pub(crate) fn fingerprint(contents: &[FileContent]) -> u64 {
    let mut hasher = DefaultHasher::new();
    for content in contents {
        content.bytes().hash(&mut hasher);
    }
    hasher.finish()
}

/// Without the contents, which may be a secret.
impl fmt::Debug for FileContent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.path)
    }
}

/// Reads no pipe, which blocks until somebody writes, and no device, which may have no end.
fn read_regular(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let kind = fs::metadata(path)?.file_type();
    let is_special = !kind.is_file() && !kind.is_dir();
    if is_special { Err(io::Error::other("it is not a regular file")) } else { read(path, max_bytes) }
}

fn read(path: &Path, max_bytes: u64) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(max_bytes + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > max_bytes {
        return Err(io::Error::other(format!("it is larger than {} MiB", max_bytes / MIB)));
    }
    Ok(bytes)
}
