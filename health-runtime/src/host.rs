//! The host of this process.

use std::{env, fs, sync::LazyLock};

/// Name of the host, as it was at the first call.
static HOST_NAME: LazyLock<String> = LazyLock::new(|| {
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    let names = [kernel, env::var("HOSTNAME").ok(), env::var("COMPUTERNAME").ok()];
    let mut names = names.into_iter().flatten().map(|name| name.trim().to_owned());
    names.find(|name| !name.is_empty()).unwrap_or_default()
});

/// Returns the name of the host, by which an operator distinguishes instances; an empty text if nothing states it.
///
/// The kernel of Linux states it in a file, Windows in a variable, and shells elsewhere in another variable.
pub(crate) fn host_name() -> &'static str {
    &HOST_NAME
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use super::*;

    #[test]
    fn host_name_is_that_of_the_kernel() {
        let name = fs::read_to_string("/proc/sys/kernel/hostname").expect("the kernel states it");
        assert_eq!(host_name(), name.trim());
        assert!(!host_name().is_empty());
    }
}
