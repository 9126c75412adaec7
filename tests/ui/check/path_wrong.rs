//! Values that are neither the path of a check nor its name.

use health_runtime::{check, health_check};

#[health_check(level = 3, depends_on(itself))]
async fn itself() {}

#[health_check(level = 3, depends_on(itself, "name", itself))]
async fn twice() {}

#[health_check(level = 3, depends_on(itself::<u8>, itself(), 3, itself twice))]
async fn no_paths() {}

#[health_check(level = 3, depends_on = itself)]
async fn without_parentheses() {}

#[health_check(level = 3, tags(itself))]
async fn tags() {}

#[health_check(level = 3, depends_on(self.itself, &itself, check!(itself), crate, 'i'))]
async fn expressions() {}

fn main() {
    let _ = check!("itself");
    let _ = check!();
    let _ = check!(itself());
    let _ = check!(itself, twice);
    let _ = check!(&itself);
    let _ = check!(crate);
    let _ = check!(mailer.smtp);
}
