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
    let _ = Check::on("boxed", Level::L3, Tenant, |tenant: &Tenant| Box::pin(tenant.storage()));
}

fn without_a_type() {
    let _ = Check::on("storage", Level::L3, Tenant, |tenant| tenant.storage());
    let _ = Check::on("storage", Level::L3, Tenant, async |tenant| tenant.storage().await);
}
