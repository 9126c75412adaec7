//! The host of this process.

use std::{env, fs, sync::LazyLock};

/// Name of the host, as it was at the first call.
static HOST_NAME: LazyLock<Option<String>> = LazyLock::new(|| {
    let kernel = fs::read_to_string("/proc/sys/kernel/hostname").ok();
    first_name([kernel, env::var("HOSTNAME").ok(), env::var("COMPUTERNAME").ok()])
});

/// Returns the name of the host, by which an operator distinguishes instances; `None` if nothing states it.
///
/// The kernel of Linux states it in a file, Windows in a variable, and elsewhere only a person does, in another variable.
pub(crate) fn host_name() -> Option<&'static str> {
    HOST_NAME.as_deref()
}

fn first_name(names: [Option<String>; 3]) -> Option<String> {
    names.into_iter().flatten().map(|name| name.trim().to_owned()).find(|name| !name.is_empty())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    #[cfg(target_os = "linux")]
    fn host_name_is_that_of_the_kernel() {
        let name = fs::read_to_string("/proc/sys/kernel/hostname").expect("the kernel states it");
        assert_eq!(host_name(), Some(name.trim()));
    }

    #[test]
    fn first_stated_name_counts() {
        let first = |names: [Option<&str>; 3]| first_name(names.map(|name| name.map(ToOwned::to_owned)));
        assert_eq!(first([Some("kernel\n"), Some("variable"), None]).as_deref(), Some("kernel"));
        assert_eq!(first([None, Some(" "), Some("windows")]).as_deref(), Some("windows"));
        assert_eq!(first([None, None, None]), None);
    }
}
