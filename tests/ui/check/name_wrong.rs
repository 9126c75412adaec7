//! Names that are not a text.

use health_runtime::health_check;

#[health_check(level = 5, name = "")]
async fn empty() {}

#[health_check(level = 5, name = "  ")]
async fn blank() {}

#[health_check(level = 5, name = "a\nb")]
async fn line_break() {}

#[health_check(level = 5, name = database)]
async fn not_quoted() {}

#[health_check(level = 5, name = 5)]
async fn number() {}

fn main() {}
