//! Paths that lead to no check.

use health_runtime::{check, health_check};

mod billing {
    use health_runtime::health_check;

    #[health_check(level = 3)]
    pub(crate) async fn quota() {}

    #[health_check(level = 3)]
    async fn private() {}

    pub(crate) async fn not_annotated() {}

    #[cfg(any())]
    #[health_check(level = 3)]
    pub(crate) fn compiled_out() {}
}

struct Mailer;

impl Mailer {
    fn smtp(&self) {}
}

use billing::quota;

#[health_check(level = 3, depends_on(billing::quoto))]
async fn on_a_misspelt_one() {}

#[health_check(level = 3, depends_on(billing::not_annotated))]
async fn on_a_plain_function() {}

#[health_check(level = 3, depends_on(quota))]
async fn on_an_imported_name() {}

#[health_check(level = 3, depends_on(billing::private))]
async fn on_a_private_one() {}

#[health_check(level = 3, depends_on(billing::compiled_out))]
async fn on_one_that_is_compiled_out() {}

#[health_check(level = 3, depends_on(Mailer::smtp))]
async fn on_a_plain_method() {}

fn main() {
    let _ = check!(billing::not_annotated);
    let _ = check!(Self::not_annotated);
}
