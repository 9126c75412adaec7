//! Two checks of one name in one block.

use health_runtime::health_checks;

struct Mailer;

#[health_checks]
impl Mailer {
    #[health_check(level = 3)]
    async fn smtp(&self) {}

    #[health_check(level = 3, name = "smtp")]
    async fn submission(&self) {}

    #[health_check(level = 3, name = "imap")]
    async fn inbox(&self) {}

    #[health_check(level = 4)]
    async fn imap(&self) {}

    #[cfg(all())]
    #[health_check(level = 3, name = "smtp")]
    async fn alternative(&self) {}

    #[health_check(level = 2)]
    #[health_check(level = 3)]
    async fn twice(&self) {}
}

fn main() {}
