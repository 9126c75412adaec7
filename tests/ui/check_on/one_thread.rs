//! Values and futures that stay on one thread.

use std::{cell::Cell, rc::Rc};

use health_runtime::{Check, Level};

struct Tenant;

impl Tenant {
    async fn storage(&self) -> bool {
        let count = Rc::new(1);
        std::future::ready(()).await;
        *count == 1
    }
}

fn main() {
    let _ = Check::on("run", Level::L3, Tenant, Tenant::storage);
    let _ = Check::on("value", Level::L3, Cell::new(1), async |count: &Cell<u8>| count.get() == 1);
}
