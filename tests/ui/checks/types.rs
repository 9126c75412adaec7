//! Types that cannot be lent or returned.

use std::cell::Cell;

use health_runtime::health_checks;

struct Counter(Cell<u8>);
struct Mailer;

#[health_checks]
impl Counter {
    #[health_check(level = 3)]
    async fn count(&self) {}
}

#[health_checks]
impl Mailer {
    #[health_check(level = 3)]
    fn answers_with_itself(&self) -> Self {
        Mailer
    }

    #[health_check(level = 3)]
    async fn answers_with_an_option(&self) -> Option<u8> {
        None
    }

    #[health_check(level = 3)]
    async fn lends_to_one_thread(&self, _: &Counter) {}
}

trait Remote {}

#[health_checks]
impl dyn Remote {
    #[health_check(level = 3)]
    fn without_size(&self) {}
}

fn main() {}
