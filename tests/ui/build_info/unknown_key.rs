//! An unknown key.

use health_runtime::BuildInfo;

#[derive(BuildInfo)]
#[build_info(version = "1.0.0")]
struct App;

fn main() {}
