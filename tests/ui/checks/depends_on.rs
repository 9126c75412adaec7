//! Dependencies within the block.

use health_runtime::health_checks;

struct Mailer;

#[health_checks]
impl Mailer {
    #[health_check(level = 3)]
    async fn smtp(&self) -> bool {
        true
    }

    #[health_check(level = 3, depends_on(smtp))]
    async fn queue(&self) -> bool {
        true
    }

    #[health_check(level = 3, depends_on(self.smtp))]
    async fn inbox(&self) -> bool {
        true
    }

    #[health_check(level = 3, depends_on(Self::smtp, Mailer::queue, mailer.inbox()))]
    async fn fine(&self) -> bool {
        true
    }
}

fn main() {}
