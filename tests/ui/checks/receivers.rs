//! Receivers other than `&self`.

use std::{pin::Pin, sync::Arc};

use health_runtime::health_checks;

struct Mailer;

#[health_checks]
impl Mailer {
    #[health_check(level = 3)]
    async fn exclusive(&mut self) {}

    #[health_check(level = 3)]
    async fn owned(self) {}

    #[health_check(level = 3)]
    async fn mutable(mut self: Box<Self>) {}

    #[health_check(level = 3)]
    async fn shared(self: Arc<Self>) {}

    #[health_check(level = 3)]
    async fn pinned(self: Pin<&Self>) {}

    #[health_check(level = 3)]
    async fn forever(&'static self) {}

    #[health_check(level = 3)]
    async fn with_lifetime<'a>(&'a self, _: &'a u8) {}

    #[health_check(level = 3)]
    async fn conditional(#[cfg(unix)] &self) {}

    #[health_check(level = 3)]
    async fn owned_parameter(&self, _: u8, _: Self) {}
}

fn main() {}
