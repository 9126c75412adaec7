//! Generic blocks and methods.

use health_runtime::health_checks;

struct Mailer<T>(T);
struct Borrowed<'a>(&'a str);
struct Shards<const N: usize>([u8; N]);

#[health_checks]
impl<T: Send + Sync + 'static> Mailer<T> {
    #[health_check(level = 3)]
    async fn smtp(&self) {}
}

#[health_checks]
impl<'a> Borrowed<'a> {
    #[health_check(level = 3)]
    async fn host(&self) {}
}

#[health_checks]
impl<const N: usize> Shards<N> {
    #[health_check(level = 3)]
    async fn shards(&self) {}

    #[health_check(level = 3)]
    async fn generic<U>(&self) {}
}

fn main() {}
