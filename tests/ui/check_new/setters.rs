//! Arguments of the settings of a check.

use health_runtime::{Check, Level};

fn check() -> Check {
    Check::new("db", Level::L3, || async { true })
}

fn main() {
    let _ = check().timeout("2s");
    let _ = check().depends_on("a");
    let _ = check().tags("a");
    let _ = check().critical();
}
