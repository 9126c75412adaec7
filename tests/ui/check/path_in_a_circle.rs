//! Circles by path.

use health_runtime::health_check;

mod billing {
    use health_runtime::health_check;

    #[health_check(level = 3, depends_on(super::db))]
    pub(crate) async fn quota() {}
}

#[health_check(level = 3, depends_on(billing::quota))]
async fn db() {}

fn main() {}
