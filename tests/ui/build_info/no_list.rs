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

#[derive(BuildInfo)]
#[build_info(repo = env!("CARGO_PKG_REPOSITORY"), name = NAME)]
struct Calculated;

fn main() {}
