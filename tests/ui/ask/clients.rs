//! Clients where a probe wants a function that asks one.

use health_runtime::probes::{self, AskError};

struct Pool;

fn main() {
    let _ = probes::postgres(Pool);
    let _ = probes::mysql("mysql://localhost/orders");
    // The answer is text, and the error is one of std.
    let _ = probes::sqlite(|_: &'static str| async { Ok::<u8, AskError>(1) });
    let _ = probes::redis(|_: &'static str| async { Err::<String, _>("no answer") });
    let _ = probes::database(|_: &'static str| async { "1" }, |_| async { todo!() });
}
