//! A borrowed value.

use health_runtime::{Check, Level};

struct Tenant;

impl Tenant {
    async fn storage(&self) -> bool {
        true
    }
}

fn main() {
    let tenant = Tenant;
    let _ = Check::on("borrowed", Level::L3, &tenant, Tenant::storage);
}
