//! Probes of this process.

#[cfg(any(feature = "probe-system", target_os = "linux"))]
mod cgroup;
mod heartbeat;
#[cfg(target_os = "linux")]
mod load_average;
#[cfg(target_os = "linux")]
mod open_files;
mod percent;
#[cfg(target_os = "linux")]
mod pressure;
#[cfg(target_os = "linux")]
mod proc_files;
mod runtime_load;
#[cfg(target_os = "linux")]
mod threads;

pub use heartbeat::{Heartbeat, HeartbeatProbe, heartbeat};
#[cfg(target_os = "linux")]
pub use load_average::{LoadAverageProbe, load_average};
#[cfg(target_os = "linux")]
pub use open_files::{OpenFilesProbe, open_files};
#[cfg(target_os = "linux")]
pub use pressure::{PressureProbe, pressure};
pub use runtime_load::{RuntimeLoadProbe, runtime_load};
#[cfg(target_os = "linux")]
pub use threads::{ThreadsProbe, threads};

#[cfg(feature = "probe-system")]
pub(super) use cgroup::{CgroupVersion, Cgroups};
#[cfg(feature = "probe-system")]
pub(super) use percent::{PercentLimits, format_apart, percent_of, rounded, to_f64};
