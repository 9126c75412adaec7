//! Closures that capture a value.

use health_runtime::{Check, Level};

struct Tenant;

impl Tenant {
    async fn storage(&self, path: &str) -> bool {
        !path.is_empty()
    }
}

fn main() {
    let path = "/data".to_owned();
    let _ = Check::on("storage", Level::L3, Tenant, async move |tenant: &Tenant| tenant.storage(&path).await);
}
