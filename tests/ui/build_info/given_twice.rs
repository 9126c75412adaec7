//! A key given twice.

use health_runtime::BuildInfo;

#[derive(BuildInfo)]
#[build_info(repo = "abc/api", repo = "abc/other")]
#[build_info(name = "api")]
#[build_info(name = "other")]
struct App;

fn main() {}
