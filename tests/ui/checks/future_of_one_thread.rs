//! A value that is not `Send` across an `.await`.

use std::rc::Rc;

use health_runtime::health_checks;

struct Mailer;

#[health_checks]
impl Mailer {
    #[health_check(level = 3)]
    async fn smtp(&self) -> bool {
        let count = Rc::new(1);
        std::future::ready(()).await;
        *count == 1
    }
}

fn main() {}
