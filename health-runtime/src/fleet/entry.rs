//! The entry of a check in the store, as JSON. It comes from outside, so nothing in it is trusted.

use std::{
    fmt::Write as _,
    time::{Duration, SystemTime},
};

use serde::{Deserialize, Serialize};
use serde_json::Value;

use super::{fleet::is_instance, lease};
use crate::{
    mask::{mask_text, mask_value},
    model::{FleetRole, FleetRun, Outcome, RemoteRootCauses, RootCause, Status},
    probes::root_cause_path,
    render::StatusWord,
    run_result::{RunResult, SharedRun},
    text::floor_char_boundary,
};

/// Maximum length of an entry. The data of a longer one stays with the instance that ran the check. Stores read one byte more.
pub(super) const MAX_ENTRY_BYTES: usize = 64 * 1024;

/// Maximum length of a message whose data was left out.
const MAX_MESSAGE_BYTES: usize = 1024;

/// The last millisecond of the year 9999, behind which no time can be written.
const MAX_MILLIS: u64 = 253_402_300_799_999;

#[derive(Debug, Serialize, Deserialize)]
pub(super) struct FleetEntry {
    run: u64,
    #[serde(skip_serializing_if = "Option::is_none")]
    done: Option<RunDone>,
    #[serde(skip_serializing_if = "Option::is_none")]
    running: Option<RunInProgress>,
}

#[derive(Debug, Serialize, Deserialize)]
struct RunInProgress {
    token: u64,
    by: String,
}

#[derive(Debug, Serialize, Deserialize)]
struct RunDone {
    token: u64,
    checked_by: String,
    /// Milliseconds since 1970 by the clock of that instance, for display.
    checked_at: u64,
    duration_us: u64,
    status: StatusWord,
    #[serde(skip_serializing_if = "Option::is_none")]
    cause: Option<SharedCause>,
    #[serde(skip_serializing_if = "Option::is_none")]
    message: Option<String>,
    #[serde(skip_serializing_if = "Option::is_none")]
    data: Option<Value>,
    #[serde(skip_serializing_if = "Option::is_none")]
    public_data: Option<Value>,
    /// Paths of the checks of other services that are at fault.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    root_causes: Vec<String>,
    #[serde(default, skip_serializing_if = "std::ops::Not::not")]
    root_causes_are_details: bool,
}

#[derive(Clone, Copy, Debug, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum SharedCause {
    TimedOut,
    Panicked,
}

impl FleetEntry {
    /// Returns the entry of this text.
    ///
    /// # Errors
    /// The reason why it is not one, without anything of its content.
    pub(super) fn parse(text: &str) -> Result<Self, &'static str> {
        if text.len() > MAX_ENTRY_BYTES {
            return Err("it is longer than 64 KiB");
        }
        let entry: Self = serde_json::from_str(text).map_err(|_| "it is not the JSON of an entry")?;
        let names =
            entry.done.iter().map(|done| &done.checked_by).chain(entry.running.iter().map(|running| &running.by));
        if !names.into_iter().all(|name| is_instance(name)) {
            return Err("its instance has a name that is not valid");
        }
        if entry.done.as_ref().is_some_and(|done| done.checked_at > MAX_MILLIS) {
            return Err("its time is not valid");
        }
        if entry.done.is_none() && entry.running.is_none() {
            return Err("it has neither a result nor a run");
        }
        Ok(entry)
    }

    /// Returns the entry of a run by this instance, which keeps the latest result.
    pub(super) fn leased(before: Option<Self>, run: u64, token: u64, by: &str) -> Self {
        let done = before.and_then(|before| before.done);
        Self { run, done, running: Some(RunInProgress { token, by: by.to_owned() }) }
    }

    /// Returns the text of the entry with the result of its run, and the entry. Credentials are masked before they leave the
    /// process. The data of a result that is too large is left out.
    pub(super) fn done(run: u64, token: u64, result: &mut RunResult, shared: &SharedRun) -> (String, lease::Runs) {
        let SharedRun { fleet, duration, checked_at } = shared;
        let (outcome, cause) = match result {
            RunResult::Answered(outcome) => {
                outcome.data.iter_mut().chain(&mut outcome.public_data).for_each(mask_value);
                outcome.message.iter_mut().for_each(mask_text);
                (outcome.clone(), None)
            }
            RunResult::Panicked(text) => {
                mask_text(text);
                (Outcome::fail(text.clone()), Some(SharedCause::Panicked))
            }
            _ => (Outcome::new(Status::Fail), Some(SharedCause::TimedOut)),
        };
        let Outcome { status, message, data, public_data, root_causes } = outcome;
        let since_epoch = checked_at.duration_since(SystemTime::UNIX_EPOCH).unwrap_or_default();
        let done = RunDone {
            token,
            checked_by: fleet.checked_by.clone(),
            checked_at: u64::try_from(since_epoch.as_millis()).unwrap_or(MAX_MILLIS).min(MAX_MILLIS),
            duration_us: u64::try_from(duration.as_micros()).unwrap_or(u64::MAX),
            status: status.into(),
            cause,
            message,
            data,
            public_data,
            root_causes: root_causes.iter().flat_map(|remote| remote.causes()).map(RootCause::to_string).collect(),
            root_causes_are_details: root_causes.is_some_and(|remote| remote.are_details),
        };
        let mut entry = Self { run, done: Some(done), running: None };
        let mut text = entry.to_text();
        if Self::parse(&text).is_err()
            && let Some(done) = &mut entry.done
        {
            (done.data, done.public_data) = (None, None);
            if let Some(message) = &mut done.message {
                message.truncate(floor_char_boundary(message, MAX_MESSAGE_BYTES));
            }
            text = entry.to_text();
        }
        (text, entry.runs())
    }

    /// Returns its text in ASCII, because stores and their clients have encodings.
    pub(super) fn to_text(&self) -> String {
        let json = serde_json::to_string(self).unwrap_or_default();
        if json.is_ascii() {
            return json;
        }
        let mut text = String::with_capacity(json.len() * 2);
        for char in json.chars() {
            if char.is_ascii() {
                text.push(char);
            } else {
                for unit in char.encode_utf16(&mut [0; 2]) {
                    let _ = write!(text, "\\u{unit:04x}");
                }
            }
        }
        text
    }

    /// Returns the entry as far as the lease depends on it.
    pub(super) fn runs(&self) -> lease::Runs {
        let (done, running) = (self.done.as_ref(), self.running.as_ref());
        lease::Runs { run: self.run, done: done.map(|done| done.token), running: running.map(|running| running.token) }
    }

    /// Returns its result, as that of another instance.
    pub(super) fn into_result(self) -> Option<(RunResult, SharedRun)> {
        let done = self.done?;
        let result = match done.cause {
            Some(SharedCause::TimedOut) => RunResult::TimedOut,
            Some(SharedCause::Panicked) => RunResult::Panicked(done.message.unwrap_or_default()),
            None => {
                let causes = done.root_causes.iter().filter_map(|path| root_cause_path::parse(path)).collect();
                RunResult::Answered(Outcome {
                    status: done.status.into(),
                    message: done.message,
                    // The parser's limit of nesting is that of data.
                    data: done.data,
                    public_data: done.public_data,
                    root_causes: RemoteRootCauses::new(causes, done.root_causes_are_details),
                })
            }
        };
        let shared = SharedRun {
            fleet: FleetRun { role: FleetRole::Follower, checked_by: done.checked_by },
            duration: Duration::from_micros(done.duration_us),
            checked_at: SystemTime::UNIX_EPOCH + Duration::from_millis(done.checked_at),
        };
        Some((result, shared))
    }
}

#[cfg(test)]
mod tests {
    use proptest::{collection::vec, prelude::*, sample::Index};

    use super::*;

    fn text_of(outcome: Outcome) -> String {
        let shared = SharedRun {
            fleet: FleetRun { role: FleetRole::Leader, checked_by: "pod".to_owned() },
            duration: Duration::ZERO,
            checked_at: SystemTime::UNIX_EPOCH,
        };
        FleetEntry::done(1, 2, &mut RunResult::Answered(outcome), &shared).0
    }

    fn root_causes(text: &str) -> Option<Box<RemoteRootCauses>> {
        let (result, _) = FleetEntry::parse(text).expect("an entry").into_result().expect("a result");
        let RunResult::Answered(outcome) = result else { unreachable!("{result:?}") };
        outcome.root_causes
    }

    #[test]
    fn followers_learn_root_causes() {
        for are_details in [false, true] {
            let causes = ["billing/db", "billing/ledger/größe"].map(|path| RootCause::from_path(path.to_owned()));
            let sent = RemoteRootCauses::new(causes.to_vec(), are_details);
            let text = text_of(Outcome::fail("billing fails").with_root_causes(sent.clone()));
            assert_eq!(root_causes(&text), sent, "{text}");
        }
    }

    #[test]
    fn root_causes_of_a_foreign_entry_are_not_trusted() {
        let done = |paths: &[String]| {
            let paths = serde_json::to_string(paths).expect("JSON");
            let rest = r#""token":1,"checked_by":"pod","checked_at":0,"duration_us":1,"status":"fail""#;
            let remote = root_causes(&format!(r#"{{"run":1,"done":{{{rest},"root_causes":{paths}}}}}"#));
            remote.map(|remote| remote.causes().to_vec()).unwrap_or_default()
        };
        let paths = ["billing/db", "a//db", "a/\u{202e}db", "a/x://u:hunter2@h", &"x".repeat(1025)];
        assert_eq!(done(&paths.map(str::to_owned)), [RootCause::from_path("billing/db".to_owned())]);
        let many: Vec<_> = (0..99).map(|index| format!("billing/{index}")).collect();
        assert_eq!(done(&many).len(), 16);
    }

    /// Each character takes twelve bytes in ASCII.
    #[test]
    fn longest_root_causes_fit_into_an_entry() {
        let path = |index: u32| RootCause::from_path(format!("{index:04}{}", "\u{1d11e}".repeat(255)));
        let causes: Vec<_> = (0..16).map(path).collect();
        let sent = RemoteRootCauses::new(causes, false);
        let text = text_of(Outcome::fail("\u{1d11e}".repeat(9_000)).with_root_causes(sent.clone()));
        assert!(root_causes(&text) == sent, "{} bytes", text.len());
    }

    proptest! {
        #[test]
        fn any_entry_is_read_or_refused(
            message in ".{0,60}",
            paths in vec(".{0,40}", 0..30),
            changes in vec((any::<Index>(), any::<u8>()), 0..6),
        ) {
            let causes = paths.into_iter().map(RootCause::from_path).collect();
            let outcome = Outcome::fail(message).with_root_causes(RemoteRootCauses::new(causes, false));
            let mut bytes = text_of(outcome).into_bytes();
            for (at, byte) in changes {
                let at = at.index(bytes.len());
                bytes[at] = byte;
            }
            if let Some((result, shared)) = FleetEntry::parse(&String::from_utf8_lossy(&bytes)).ok().and_then(FleetEntry::into_result) {
                prop_assert!(is_instance(&shared.fleet.checked_by));
                let RunResult::Answered(outcome) = result else { return Ok(()) };
                prop_assert!(outcome.root_causes().len() <= 16);
            }
        }
    }
}
