//! An attribute that is not a list of keys.

use health_runtime::BuildInfo;

#[derive(BuildInfo)]
#[build_info]
struct Bare;

#[derive(BuildInfo)]
#[build_info = "abc/api"]
struct Value;

#[derive(BuildInfo)]
#[build_info(repo "abc/api", name: "api")]
struct Signs;

fn main() {}
