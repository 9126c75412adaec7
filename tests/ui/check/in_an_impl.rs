//! Checks inside of `impl` and `trait`.

use health_runtime::health_check;

struct Mailer;

impl Mailer {
    #[health_check(level = 3)]
    async fn method(&self) -> bool {
        true
    }

    #[health_check(level = 3)]
    async fn owner(self: std::sync::Arc<Self>) -> bool {
        true
    }

    #[health_check(level = 3)]
    async fn of_its_type(_mailer: &Self) -> bool {
        true
    }

    #[health_check(level = 3)]
    async fn without_self() -> bool {
        true
    }
}

trait Checks {
    #[health_check(level = 3)]
    fn without_a_body() -> bool;

    #[health_check(level = 3)]
    fn provided() -> bool {
        true
    }
}

fn main() {}
