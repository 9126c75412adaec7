//! A type without the derive.

use health_runtime::{BuildInfo, BuildMetadata};

struct App;

fn main() {
    let _: BuildMetadata = <App as BuildInfo>::BUILD_INFO;
}
