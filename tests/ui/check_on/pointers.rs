//! Values of another type than the method, in a pointer.

use std::sync::{Arc, Mutex};

use health_runtime::{Check, Level};

struct Tenant;

impl Tenant {
    async fn storage(&self) -> bool {
        true
    }
}

fn locked(tenant: Tenant) -> Check {
    Check::on("storage", Level::L3, Arc::new(Mutex::new(tenant)), Tenant::storage)
}

fn optional(tenant: Tenant) -> Check {
    Check::on("storage", Level::L3, Some(tenant), Tenant::storage)
}

fn main() {}
