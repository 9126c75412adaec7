//! Keys of the block.

use health_runtime::health_checks;

struct Mailer;

#[health_checks(level = 3, crate)]
impl Mailer {
    #[health_check(level = 3)]
    async fn smtp(&self) {}
}

#[health_checks(runtime = health_runtime, crate = "health_runtime")]
impl Mailer {
    #[health_check]
    async fn imap(&self) {}
}

#[health_checks(crate = health_runtime, crate = ::health_runtime)]
impl Mailer {
    #[health_check()]
    async fn pop3(&self) {}
}

fn main() {}
