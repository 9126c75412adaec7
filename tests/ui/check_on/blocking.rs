//! Methods that are not asynchronous.

use health_runtime::{Check, Level};

struct Tenant;

impl Tenant {
    fn storage(&self) -> bool {
        true
    }
}

fn main() {
    let _ = Check::on("storage", Level::L3, Tenant, Tenant::storage);
}
