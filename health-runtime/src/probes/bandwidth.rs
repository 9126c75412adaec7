//! Probe of the speed at which data arrives.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::{
    deadline::Deadline,
    http_client::{HttpClient, http_settings},
    probe::{idle_check, probe},
};
use crate::{
    details::Details,
    model::{IntoOutcome, Level, Outcome},
};

/// Shortest transfer that measures the line rather than buffers.
const MIN_MEASURED_BYTES: u64 = 16 * 1024;

/// Shortest time after which fewer bytes show a slow line rather than chance.
const MIN_MEASURED_TIME: Duration = Duration::from_millis(100);

probe! {
    /// The probe of [`probes::bandwidth`](bandwidth()).
    pub struct BandwidthProbe { client: HttpClient, minimum: u64, transfer_limit: u64, time_limit: Duration }

    /// Measures once.
    ///
    /// ```no_run
    /// use health_runtime::{Outcome, probes};
    ///
    /// // With `#[health_check(level = 4, flatten)]` above it.
    /// async fn bandwidth() -> Outcome {
    ///     probes::bandwidth("http://mirror.internal/1MiB.bin", 1_250_000).observe().await
    /// }
    /// ```
    task fn observe;
    map: |probe, check| probe.client.file_faults().into_iter().fold(check, Self::fault);
}

/// Checks that data arrives from `url` at `minimum` bytes per second or more, measured by a transfer.
///
/// Name `bandwidth`, level 4, and its data stands in the level itself (see [`Check::flatten`](crate::Check::flatten)):
/// `{ "bytes_per_second": 11250000, "is_bandwidth_sufficient": true }`. It costs the transfer, so give it a
/// long [`max_age`](crate::Check::max_age).
///
/// The measurement starts with the first chunk of the body, which is not counted, so that the server's own delay is left out.
/// It stops after 1 MiB or 1 s, whichever comes first. TCP starts slowly, so a short transfer measures low on a long line. Less
/// than 16 KiB are too few to measure if the body ended or the time ran out: then the probe warns, and both values are `null`. A
/// failed transfer, or a response that is not 2xx, fails.
///
/// A minimum of zero is a start-up error, as are the start-up errors of [`probes::http`](super::http()).
///
/// ```
/// use health_runtime::{Registry, probes};
///
/// let line = probes::bandwidth("http://mirror.internal/1MiB.bin", 1_250_000); // 10 Mbit/s
/// let registry = Registry::builder().check(line).build()?;
/// # assert_eq!(registry.checks().count(), 1);
/// # Ok::<(), health_runtime::Error>(())
/// ```
#[track_caller]
pub fn bandwidth(url: impl AsRef<str>, minimum: u64) -> BandwidthProbe {
    BandwidthProbe {
        check: idle_check("bandwidth", Level::L4).flatten(true),
        client: HttpClient::new(url.as_ref(), "*/*"),
        minimum,
        transfer_limit: 1024 * 1024,
        time_limit: Duration::from_secs(1),
    }
}

impl BandwidthProbe {
    /// Sets the number of bytes after which a measurement ends. Default: 1 MiB. Less than 16 KiB is a start-up error.
    pub fn transfer_limit(mut self, bytes: u64) -> Self {
        self.transfer_limit = bytes;
        self
    }

    /// Sets the time after which a measurement ends, within [`timeout`](Self::timeout). Default: 1 s.
    /// Zero is a start-up error.
    pub fn time_limit(mut self, limit: Duration) -> Self {
        self.time_limit = limit;
        self
    }

    /// A failed transfer is a fact, because its outcome has data too.
    async fn look(&self, deadline: Deadline) -> Result<Result<Transfer, String>, String> {
        Ok(self.measure(deadline).await)
    }

    async fn measure(&self, deadline: Deadline) -> Result<Transfer, String> {
        let mut response = self.client.send(deadline).await?;
        let (summary, remarks) = (response.summary.clone(), response.remarks.clone());
        if !response.status.is_success() {
            return Err(format!("{summary}, so there is nothing to measure{remarks}"));
        }
        let broken = |error| format!("{summary}, but its body broke off: {error}");
        let first = deadline.wait(&format!("{summary}, but sent no body"), response.chunk()).await?;
        let start = Instant::now();
        let mut transfer = Transfer { bytes: 0, time: Duration::ZERO, ended: false };
        let Some(first) = first else {
            return Ok(Transfer { ended: true, ..transfer });
        };
        first.map_err(broken)?;
        let end = deadline.for_step(self.time_limit).end;
        while transfer.bytes < self.transfer_limit {
            let Ok(chunk) = timeout_at(end, response.chunk()).await else {
                transfer.time = start.elapsed();
                return Ok(transfer);
            };
            let Some(chunk) = chunk else {
                transfer.ended = true;
                break;
            };
            transfer.bytes += chunk.map_err(broken)?.len() as u64;
            transfer.time = start.elapsed();
        }
        Ok(transfer)
    }
}

http_settings! { BandwidthProbe }

/// The body after its first chunk.
#[derive(Clone, Copy, Debug)]
struct Transfer {
    bytes: u64,
    time: Duration,
    /// The body ended before a limit was reached.
    ended: bool,
}

impl BandwidthProbe {
    fn faults(&self) -> Vec<String> {
        let mut faults = self.client.faults();
        faults.extend(self.own_faults());
        faults
    }

    fn own_faults(&self) -> impl Iterator<Item = String> + use<> {
        let minimum = (self.minimum == 0).then_some("its minimum is zero, which every line reaches".to_owned());
        let bytes = (self.transfer_limit < MIN_MEASURED_BYTES).then(|| {
            format!(
                "a transfer of {} bytes is too short to measure; it needs {MIN_MEASURED_BYTES}",
                self.transfer_limit
            )
        });
        let time = self.time_limit.is_zero().then_some("its time limit is zero".to_owned());
        minimum.into_iter().chain(bytes).chain(time)
    }

    fn judge(&self, transfer: Result<Transfer, String>) -> Outcome {
        let Transfer { bytes, time, ended } = match transfer {
            Ok(transfer) => transfer,
            Err(message) => {
                let data = BandwidthData { bytes_per_second: None, is_bandwidth_sufficient: Some(false) };
                return Details::fail(data, message).into_outcome();
            }
        };
        if bytes < MIN_MEASURED_BYTES && (ended || time < MIN_MEASURED_TIME) {
            let data = BandwidthData { bytes_per_second: None, is_bandwidth_sufficient: None };
            let message = format!("{bytes} bytes came after the first chunk of the body, too few to measure");
            return Details::warn(data, message).into_outcome();
        }
        // A transfer within one tick of the clock would divide by zero.
        let nanoseconds = time.as_nanos().max(1);
        let speed = u64::try_from(u128::from(bytes) * 1_000_000_000 / nanoseconds).unwrap_or(u64::MAX);
        let is_sufficient = speed >= self.minimum;
        let data = BandwidthData { bytes_per_second: Some(speed), is_bandwidth_sufficient: Some(is_sufficient) };
        if is_sufficient {
            Details::pass(data)
        } else {
            Details::fail(data, format!("{speed} bytes per second are less than {}", self.minimum))
        }
        .into_outcome()
    }
}

#[derive(Serialize)]
struct BandwidthData {
    bytes_per_second: Option<u64>,
    is_bandwidth_sufficient: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;
    use serde_json::json;

    fn judge(bytes: u64, milliseconds: u64, ended: bool) -> Outcome {
        bandwidth("http://a/", 1_000_000).judge(Ok(Transfer {
            bytes,
            time: Duration::from_millis(milliseconds),
            ended,
        }))
    }

    #[test]
    fn speed_is_compared_with_the_minimum() {
        for (bytes, milliseconds, ended, status, speed, sufficient) in [
            (1_000_000, 1_000, false, Status::Pass, json!(1_000_000), json!(true)),
            (999_999, 1_000, false, Status::Fail, json!(999_999), json!(false)),
            (500_000, 250, true, Status::Pass, json!(2_000_000), json!(true)),
            // Few bytes in the whole time show a slow line; a body that has no more shows nothing.
            (0, 1_000, false, Status::Fail, json!(0), json!(false)),
            (0, 99, false, Status::Warn, json!(null), json!(null)),
            (16_383, 1, true, Status::Warn, json!(null), json!(null)),
            (16_384, 1, true, Status::Pass, json!(16_384_000), json!(true)),
            (u64::MAX, 0, false, Status::Pass, json!(u64::MAX), json!(true)),
        ] {
            let outcome = judge(bytes, milliseconds, ended);
            assert_eq!(outcome.status(), status, "{bytes} in {milliseconds}");
            let data = json!({ "bytes_per_second": speed, "is_bandwidth_sufficient": sufficient });
            assert_eq!(outcome.data(), Some(&data));
        }
    }

    #[test]
    fn invalid_limits_are_faults() {
        let probe = bandwidth("http://a/", 0).transfer_limit(1).time_limit(Duration::ZERO);
        assert_eq!(probe.faults().len(), 3);
    }
}
