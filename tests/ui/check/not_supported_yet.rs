use health_runtime::health_check;

#[health_check(
    level = 3,
    interval = "30s",
    retry_interval = "5s",
    stale_after = "95s",
    failure_threshold = 3,
    success_threshold = 1
)]
async fn background() {}

fn main() {}
