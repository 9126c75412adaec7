//! Four mistakes in one attribute.

use health_runtime::BuildInfo;

#[derive(BuildInfo)]
#[build_info(version = "1.0.0", repo = 5, name = "", crate = "health_runtime")]
struct App;

fn main() {
    // No error of its own: there is a constant.
    let _ = App::BUILD_INFO;
}
