//! Closures that do not name the type of their parameter, and methods without their type.

use health_runtime::{Check, Level};

struct Tenant;

impl Tenant {
    async fn storage(&self) -> bool {
        true
    }
}

fn main() {
    let _ = Check::on("future", Level::L3, Tenant, |tenant| async move { tenant.storage().await });
    let tenant = Tenant;
    let _ = Check::on("method", Level::L3, tenant, tenant.storage);
    let tenant = Tenant;
    let _ = Check::on("call", Level::L3, tenant, tenant.storage());
}
