//! Closures that are not `async`.

use health_runtime::{Check, Level};

struct Tenant;

impl Tenant {
    async fn storage(&self) -> bool {
        true
    }
}

fn main() {
    let _ = Check::on("storage", Level::L3, Tenant, |tenant: &Tenant| tenant.storage());
}
