//! Implementations of a trait.

use health_runtime::health_checks;

trait Remote {
    async fn smtp(&self) -> bool;
}

struct Mailer;

#[health_checks]
impl Remote for Mailer {
    #[health_check(level = 3)]
    async fn smtp(&self) -> bool {
        true
    }
}

fn main() {}
