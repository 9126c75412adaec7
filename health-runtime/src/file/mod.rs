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
const MAX_FILE_BYTES: u64 = 1 << 20;

/// A file's contents at one time, or the error from reading it.
#[derive(Clone)]
pub(crate) struct FileContent {
    pub(crate) path: String,
    pub(crate) bytes: Result<Vec<u8>, Arc<io::Error>>,
}

impl FileContent {
    /// Reads the file, which blocks.
    pub(crate) fn read(path: &Path) -> Self {
        Self { path: path.display().to_string(), bytes: read(path).map_err(Arc::new) }
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

fn read(path: &Path) -> io::Result<Vec<u8>> {
    let mut bytes = Vec::new();
    File::open(path)?.take(MAX_FILE_BYTES + 1).read_to_end(&mut bytes)?;
    if bytes.len() as u64 > MAX_FILE_BYTES { Err(io::Error::other("it is larger than 1 MiB")) } else { Ok(bytes) }
}
