//! Names, owners and runbooks for people.

use health_runtime::health_check;

#[health_check(level = 3, display = "", owner = "two\nlines", runbook = "/runbooks/orders")]
async fn three_at_once() {}

#[health_check(level = 3, display = "Orders \u{202e}database", owner = "pay\u{200b}ments")]
async fn invisible() {}

#[health_check(
    level = 3,
    owner = "a team with a name that goes on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on and on"
)]
async fn long() {}

#[health_check(level = 3, runbook = "https://ada:secret@wiki.example.com/orders")]
async fn credentials() {}

#[health_check(level = 3, runbook = "javascript:alert(1)")]
async fn script() {}

#[health_check(level = 3, runbook = "https://wiki.example.com/the orders")]
async fn space() {}

#[health_check(level = 3, owner = payments, runbook(https), display)]
async fn forms() {}

fn main() {}
