//! Mistakes of all kinds in one block.

use health_runtime::health_checks;

struct Mailer;

#[health_checks(colour = 3)]
impl Mailer {
    /// A method without a mistake.
    #[health_check(level = 3)]
    async fn smtp(&self) {}

    #[health_check(level = 9, timeout = "2")]
    async fn imap(&self, _: u8) {}

    #[health_check(critical = false)]
    unsafe fn pop3(self) -> ! {
        loop {}
    }

    #[health_check(level = 3, liveness)]
    extern "C" fn queue(&self) {}

    #[health_check(level = 3)]
    const PORT: u16 = 25;
}

fn main() {
    // The methods are still there.
    let _ = Mailer.smtp();
    let _ = Mailer.imap(Mailer::PORT as u8);
}
