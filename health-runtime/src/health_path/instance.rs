use std::{path::Path, sync::Arc};

use crate::time::random;

/// Maximum number of bytes of a service's name in a path.
const MAX_SERVICE_BYTES: usize = 64;

/// This instance of this service, as paths name it: `orders/7f3a91c2`. The second part is random, so that two instances of
/// one service are not taken for a loop.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(crate) struct Instance {
    id: String,
    service: Arc<str>,
    /// Whether the name is the service's own, and not that of its program, which other services may have, too.
    is_declared: bool,
}

impl Instance {
    /// Returns an instance of a service with a random id. Letters, digits, `.` and `_` stay, and everything else becomes a hyphen.
    pub(crate) fn new(service: &str) -> Self {
        let is_kept = |letter: char| letter.is_ascii_alphanumeric() || matches!(letter, '.' | '_');
        let mut name: String = service.chars().map(|letter| if is_kept(letter) { letter } else { '-' }).collect();
        name.truncate(MAX_SERVICE_BYTES);
        let name = if name.is_empty() { "service" } else { &name };
        Self { id: format!("{name}/{:08x}", random() >> 32), service: name.into(), is_declared: true }
    }

    /// Returns an instance that is named after the program.
    pub(crate) fn of_program() -> Self {
        let program = std::env::args_os().next().unwrap_or_default();
        let name = Path::new(&program).file_stem().unwrap_or_default().to_string_lossy();
        Self { is_declared: false, ..Self::new(&name) }
    }

    /// Returns the name of its service.
    pub(crate) const fn service(&self) -> &Arc<str> {
        &self.service
    }

    /// Returns the name by which a service recognizes itself in what others say; `None` if it was not given one.
    #[cfg(feature = "probe-http")]
    pub(crate) fn declared_service(&self) -> Option<Arc<str>> {
        self.is_declared.then(|| Arc::clone(&self.service))
    }

    /// Returns its name in paths.
    pub(crate) fn id(&self) -> &str {
        &self.id
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn instance_is_a_valid_element_of_a_path() {
        for (service, name) in [
            ("orders", "orders"),
            ("", "service"),
            ("my shop, v2;é", "my-shop--v2--"),
            (&"x".repeat(99), &*"x".repeat(64)),
        ] {
            let id = Instance::new(service).id;
            let (own, random) = id.split_once('/').expect("two parts");
            assert_eq!(own, name);
            assert!(random.len() == 8 && random.bytes().all(|digit| digit.is_ascii_hexdigit()), "{id}");
        }
        assert_ne!(Instance::of_program(), Instance::of_program());
    }
}
