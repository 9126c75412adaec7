//! Keys of other tools, and facts that are found by themselves.

use health_runtime::BuildInfo;

#[derive(BuildInfo)]
#[build_info(repository = "abc/api", title = "api", version = "1.0.0", commit = "0123456", date = "today", environment = "test")]
struct App;

#[derive(BuildInfo)]
#[build_info("abc/api")]
struct WithoutKey;

#[derive(BuildInfo)]
#[build_info(repo = abc/api; name = api)]
struct WithoutQuotes;

fn main() {}
