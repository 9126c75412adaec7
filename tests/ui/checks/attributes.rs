//! Further attributes of the methods.

use health_runtime::health_checks;

struct Mailer;

#[health_checks]
impl Mailer {
    #[cfg_attr(all(), health_check(level = 3))]
    #[inline]
    async fn conditional(&self) -> u8 {
        5
    }

    #[health_runtime::health_check(level = 3)]
    async fn by_path(&self) -> u8 {
        5
    }
}

impl Mailer {
    #[cfg_attr(all(), health_runtime::health_check(level = 3))]
    async fn outside(&self) -> bool {
        true
    }
}

fn main() {}
