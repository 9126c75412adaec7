//! Files that are read again while the program runs, because secrets, keys and certificates are renewed.

mod changes;
mod content;
#[cfg(any(feature = "probe-https", feature = "server-tls"))]
pub(crate) mod pem;

use std::{
    io::{self, ErrorKind},
    path::PathBuf,
    sync::mpsc,
    thread,
    time::Duration,
};

pub(crate) use changes::ContentChanges;
#[cfg(feature = "server-tls")]
pub(crate) use content::MAX_LIST_BYTES;
#[cfg(any(feature = "access-jwt", feature = "probe-http", feature = "server-tls"))]
pub(crate) use content::ReadFile;
pub(crate) use content::{FileContent, MAX_FILE_BYTES, fingerprint};

/// Longest time that the start, or a reader of changes, waits for a file. A mount whose server is gone never answers.
const READ_TIMEOUT: Duration = Duration::from_secs(3);

/// Reads files within three seconds, see [`within`].
pub(crate) fn at_start<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    within(READ_TIMEOUT, read)
}

/// Calls the file system on a thread of its own, because nothing ends such a call. A thread that hangs is left behind.
///
/// # Errors
/// There is no thread, or the file system does not answer in time.
pub(crate) fn within<T: Send + 'static>(limit: Duration, call: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    let (done, answer) = mpsc::sync_channel(1);
    thread::Builder::new().name("health-files".to_owned()).spawn(move || {
        let _ = done.send(call());
    })?;
    answer.recv_timeout(limit).map_err(|_| unanswered(limit))
}

fn unanswered(limit: Duration) -> io::Error {
    io::Error::new(ErrorKind::TimedOut, format!("the file system does not answer within {limit:?}"))
}

/// A file that is read again and again, on a thread that ends with it. A thread that hangs is left behind.
pub(crate) struct RereadFile {
    path: PathBuf,
    interval: Duration,
    contents: mpsc::Receiver<FileContent>,
}

impl RereadFile {
    /// # Errors
    /// There is no thread.
    pub(crate) fn start(path: PathBuf, interval: Duration) -> io::Result<Self> {
        let (read, contents) = mpsc::sync_channel(0);
        let own = path.clone();
        let reread = move || {
            while read.send(FileContent::read_regular(&own, MAX_FILE_BYTES)).is_ok() {
                thread::sleep(interval);
            }
        };
        thread::Builder::new().name("health-files".to_owned()).spawn(reread)?;
        Ok(Self { path, interval, contents })
    }

    /// Waits for the next content. It is an error each time that the file system does not answer for three seconds.
    pub(crate) fn next(&self) -> FileContent {
        let content = self.contents.recv_timeout(self.interval + READ_TIMEOUT);
        content.unwrap_or_else(|_| FileContent::failed(&self.path, unanswered(READ_TIMEOUT)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn read_that_hangs_ends_at_the_limit() {
        let (_held, released) = mpsc::channel::<()>();
        let error = within(Duration::from_millis(20), move || released.recv()).expect_err("no answer");
        assert_eq!(error.to_string(), "the file system does not answer within 20ms");
        assert_eq!(within(Duration::from_secs(60), || 1).expect("an answer"), 1);
    }
}
