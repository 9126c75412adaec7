//! Items that are not a block.

use health_runtime::health_checks;

#[health_checks]
#[derive(Clone)]
struct Mailer;

#[health_checks]
async fn smtp() -> impl Send {}

#[health_checks]
mod checks {
    use health_runtime::health_check;

    #[health_check(level = 3)]
    async fn imap() {}
}

#[health_checks]
trait Remote {
    #[health_check(level = 3)]
    async fn pop3(&self);
}

fn main() {}
