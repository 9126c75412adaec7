//! Blocks without a check.

use health_runtime::{health_check as check, health_checks};

struct Mailer;

#[health_checks]
impl Mailer {
    async fn smtp(&self) {}
}

#[health_checks]
impl Mailer {
    #[check(level = 3)]
    async fn renamed(&self) {}
}

#[health_checks]
impl Mailer {
    #[health(level = 3)]
    async fn short(&self) {}
}

fn main() {}
