//! Methods that do not return an answer.

use health_runtime::{Check, Level};

struct Tenant;

impl Tenant {
    async fn owner(&self) -> Option<u8> {
        None
    }
}

fn main() {
    let _ = Check::on("owner", Level::L3, Tenant, Tenant::owner);
}
