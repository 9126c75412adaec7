//! How fast data comes in.

use std::time::Duration;

use serde::Serialize;
use tokio::time::{Instant, timeout_at};

use super::{Http, Probe, patience::Patience};
use crate::{
    details::Details,
    model::{Check, IntoOutcome, Level, Outcome},
};

/// Less than this, and the number would tell of buffers and not of the line.
const FEWEST_BYTES: u64 = 16 * 1024;

/// So few bytes in less than this, and the number would tell of chance.
const SHORTEST: Duration = Duration::from_millis(100);

/// What [`probes::bandwidth`](bandwidth()) asks.
#[derive(Clone, Debug)]
pub struct Bandwidth {
    minimum: u64,
    transfer_limit: u64,
    time_limit: Duration,
}

/// Whether data comes in from `url` at `minimum` bytes per second or more, measured by a transfer.
///
/// Name `bandwidth`, level 4, and its data stands in the level itself (see [`Check::flatten`]):
/// `{ "bytes_per_second": 11250000, "is_bandwidth_sufficient": true }`. It costs the transfer, so give it a
/// long [`max_age`](Check::with_max_age).
///
/// The clock starts when the first piece of the body is there, and that piece is not counted: how long the
/// server thinks is not the line's fault. It stops after 1 MiB or 1 s, whatever is first; TCP starts slowly,
/// so a short transfer measures low on a long line. Less than 16 KiB tell nothing if the body was over then, or
/// no time was left: then it warns and both values are `null`. A transfer that does not come about, or whose answer is not 2xx,
/// fails.
///
/// A minimum of zero is a start-up error, and so is what is one for [`probes::http`](super::http()).
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
pub fn bandwidth(url: impl AsRef<str>, minimum: u64) -> Probe<Http<Bandwidth>> {
    let question = Bandwidth { minimum, transfer_limit: 1024 * 1024, time_limit: Duration::from_secs(1) };
    let probe = Probe::new("bandwidth", Level::L4, Http::new(url.as_ref(), "*/*", question));
    // What a server packs is not what the line carries.
    probe.with_header("accept-encoding", "identity").flatten(true)
}

impl Probe<Http<Bandwidth>> {
    /// Sets after how many bytes a measurement ends. Default: 1 MiB. Less than 16 KiB is a start-up error.
    pub fn with_transfer_limit(mut self, bytes: u64) -> Self {
        self.kind.question.transfer_limit = bytes;
        self
    }

    /// Sets after what time a measurement ends, within [`with_timeout`](Probe::with_timeout). Default: 1 s.
    /// Zero is a start-up error.
    pub fn with_time_limit(mut self, limit: Duration) -> Self {
        self.kind.question.time_limit = limit;
        self
    }

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
    ///
    /// # Cancellation
    /// Dropping the future closes the connection and with it the transfer.
    ///
    /// # Panics
    /// Outside of a tokio runtime with time and I/O.
    pub async fn observe(&self) -> Outcome {
        match self.measure(Patience::of(self.timeout())).await {
            Ok(transfer) => self.kind.question.judge(transfer),
            Err(message) => {
                Details::fail(Facts { bytes_per_second: None, is_bandwidth_sufficient: Some(false) }, message)
                    .into_outcome()
            }
        }
    }

    async fn measure(&self, patience: Patience) -> Result<Transfer, String> {
        if let Some(fault) = self.kind.question.faults().next() {
            return Err(fault);
        }
        let target = self.kind.target().map(ToString::to_string).unwrap_or_default();
        let mut answer = self.kind.get(patience).await?;
        if !answer.status.is_success() {
            return Err(format!("{target} answered {} instead of something to measure", answer.status.as_u16()));
        }
        let broken = |error| format!("{target} broke off its body: {error}");
        let first = patience.wait(&format!("{target} sent nothing"), answer.chunk()).await?;
        let start = Instant::now();
        let mut transfer = Transfer { bytes: 0, time: Duration::ZERO, ended: false };
        let Some(first) = first else {
            return Ok(Transfer { ended: true, ..transfer });
        };
        first.map_err(broken)?;
        let end = patience.at_most(self.kind.question.time_limit).end;
        while transfer.bytes < self.kind.question.transfer_limit {
            let Ok(chunk) = timeout_at(end, answer.chunk()).await else {
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

#[diagnostic::do_not_recommend]
impl From<Probe<Http<Bandwidth>>> for Check {
    fn from(probe: Probe<Http<Bandwidth>>) -> Self {
        let faults: Vec<_> = probe.kind.faults().into_iter().chain(probe.kind.question.faults()).collect();
        probe.into_task(faults, |probe| async move { probe.observe().await })
    }
}

/// What came in after the first piece.
#[derive(Clone, Copy, Debug)]
struct Transfer {
    bytes: u64,
    time: Duration,
    /// The body was over before a limit was reached.
    ended: bool,
}

impl Bandwidth {
    fn faults(&self) -> impl Iterator<Item = String> + use<> {
        let minimum = (self.minimum == 0).then_some("its minimum is zero, which everything satisfies".to_owned());
        let bytes = (self.transfer_limit < FEWEST_BYTES)
            .then(|| format!("{} bytes are too few to measure: {FEWEST_BYTES} at least", self.transfer_limit));
        let time = self.time_limit.is_zero().then_some("its time to measure is zero".to_owned());
        minimum.into_iter().chain(bytes).chain(time)
    }

    fn judge(&self, Transfer { bytes, time, ended }: Transfer) -> Outcome {
        if bytes < FEWEST_BYTES && (ended || time < SHORTEST) {
            let facts = Facts { bytes_per_second: None, is_bandwidth_sufficient: None };
            let message = format!("{bytes} bytes came after the first piece of the body, too few to measure");
            return Details::warn(facts, message).into_outcome();
        }
        // No clock is so fine that a transfer takes no time at all.
        let nanoseconds = time.as_nanos().max(1);
        let speed = u64::try_from(u128::from(bytes) * 1_000_000_000 / nanoseconds).unwrap_or(u64::MAX);
        let is_sufficient = speed >= self.minimum;
        let facts = Facts { bytes_per_second: Some(speed), is_bandwidth_sufficient: Some(is_sufficient) };
        if is_sufficient {
            Details::pass(facts)
        } else {
            Details::fail(facts, format!("{speed} bytes per second are less than {}", self.minimum))
        }
        .into_outcome()
    }
}

#[derive(Serialize)]
struct Facts {
    bytes_per_second: Option<u64>,
    is_bandwidth_sufficient: Option<bool>,
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::model::Status;
    use serde_json::json;

    fn judge(bytes: u64, milliseconds: u64, ended: bool) -> Outcome {
        let question = Bandwidth { minimum: 1_000_000, transfer_limit: 1 << 20, time_limit: Duration::from_secs(1) };
        question.judge(Transfer { bytes, time: Duration::from_millis(milliseconds), ended })
    }

    #[test]
    fn speed_is_held_against_the_minimum() {
        for (bytes, milliseconds, ended, status, speed, sufficient) in [
            (1_000_000, 1_000, false, Status::Pass, json!(1_000_000), json!(true)),
            (999_999, 1_000, false, Status::Fail, json!(999_999), json!(false)),
            (500_000, 250, true, Status::Pass, json!(2_000_000), json!(true)),
            // A line that carried next to nothing in all its time is slow; a body that has no more tells nothing.
            (0, 1_000, false, Status::Fail, json!(0), json!(false)),
            (0, 99, false, Status::Warn, json!(null), json!(null)),
            (16_383, 1, true, Status::Warn, json!(null), json!(null)),
            (16_384, 1, true, Status::Pass, json!(16_384_000), json!(true)),
            (u64::MAX, 0, false, Status::Pass, json!(u64::MAX), json!(true)),
        ] {
            let outcome = judge(bytes, milliseconds, ended);
            assert_eq!(outcome.status(), status, "{bytes} in {milliseconds}");
            let facts = json!({ "bytes_per_second": speed, "is_bandwidth_sufficient": sufficient });
            assert_eq!(outcome.data(), Some(&facts));
        }
    }

    #[test]
    fn what_cannot_be_measured_is_a_fault() {
        let question = Bandwidth { minimum: 0, transfer_limit: 1, time_limit: Duration::ZERO };
        assert_eq!(question.faults().count(), 3);
    }
}
