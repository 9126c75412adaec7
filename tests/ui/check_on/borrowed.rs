//! A value that is borrowed from a function.

use health_runtime::{Check, Level};

struct Tenant;

impl Tenant {
    async fn storage(&self) -> bool {
        true
    }
}

fn reference(tenant: &Tenant) -> Check {
    Check::on("storage", Level::L3, tenant, Tenant::storage)
}

fn local() {
    let tenant = Tenant;
    let _ = Check::on("storage", Level::L3, &tenant, Tenant::storage);
}

fn used_afterwards(tenant: Tenant) -> Tenant {
    let _ = Check::on("storage", Level::L3, tenant, Tenant::storage);
    tenant
}

fn main() {}
