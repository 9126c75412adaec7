//! Closures with other parameters.

use health_runtime::{Check, Level};

struct Tenant;

impl Tenant {
    async fn storage(&self) -> bool {
        true
    }
}

fn main() {
    let _ = Check::on("two parameters", Level::L3, Tenant, async |tenant: &Tenant, _: &str| tenant.storage().await);
    let _ = Check::on("mutable", Level::L3, Tenant, async |_: &mut Tenant| true);
}
