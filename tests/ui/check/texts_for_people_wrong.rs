//! Names, owners and runbooks for people.

use health_runtime::health_check;

#[health_check(level = 3, display = "", owner = "two\nlines", runbook = "/runbooks/orders")]
async fn three_at_once() {}

#[health_check(level = 3, runbook = "https://ada:secret@wiki.example.com/orders")]
async fn credentials() {}

#[health_check(level = 3, runbook = "javascript:alert(1)")]
async fn script() {}

#[health_check(level = 3, runbook = "https://wiki.example.com/the orders")]
async fn space() {}

#[health_check(level = 3, owner = payments, runbook(https), display)]
async fn forms() {}

fn main() {}
