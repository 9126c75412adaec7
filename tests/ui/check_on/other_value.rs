//! A method of another type.

use health_runtime::{Check, Level};

struct Tenant;
struct Shard;

impl Tenant {
    async fn storage(&self) -> bool {
        true
    }
}

fn main() {
    let _ = Check::on("storage", Level::L3, Shard, Tenant::storage);
}
