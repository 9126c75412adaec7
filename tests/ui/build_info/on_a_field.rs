//! The attribute on a field or a variant.

use health_runtime::BuildInfo;

#[derive(BuildInfo)]
struct App {
    #[build_info(repo = "abc/api")]
    _field: u8,
}

#[derive(BuildInfo)]
enum Variants {
    #[build_info(name = "api")]
    _One,
}

fn main() {}
