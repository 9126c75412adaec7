//! Files that are read again while the program runs, because secrets, keys and certificates are renewed.

mod changes;
mod content;
#[cfg(any(feature = "probe-https", feature = "server-tls"))]
pub(crate) mod pem;

use std::{
    io::{self, ErrorKind},
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

/// Longest time that the start waits for a file. A mount whose server is gone never answers.
const START_TIMEOUT: Duration = Duration::from_secs(3);

/// Reads files within three seconds, see [`within`].
pub(crate) fn at_start<T: Send + 'static>(read: impl FnOnce() -> T + Send + 'static) -> io::Result<T> {
    within(START_TIMEOUT, read)
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
    let late = || io::Error::new(ErrorKind::TimedOut, format!("the file system does not answer within {limit:?}"));
    answer.recv_timeout(limit).map_err(|_| late())
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
