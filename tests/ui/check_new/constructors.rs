//! Arguments of `Check::new` and `Check::blocking`.

use health_runtime::{Check, Level};

async fn ping(host: &str) -> bool {
    !host.is_empty()
}

fn main() {
    let _ = Check::new("level", 3, || async { true });
    let _ = Check::new("not async", Level::L3, || true);
    let _ = Check::new("parameter", Level::L3, ping);
    let _ = Check::new("future", Level::L3, ping("db"));
    let _ = Check::new("number", Level::L3, || async { 5 });
    let _ = Check::blocking("async", Level::L3, || async { true });
    let _ = Check::blocking("number", Level::L3, || 5);
}
