//! Keys of Spring, ASP.NET, Kubernetes and others.

use health_runtime::health_check;

#[health_check(level = 3, group = "readiness")]
async fn check_0() {}

#[health_check(level = 3, description = "Is it up?")]
async fn check_1() {}

#[health_check(level = 3, enabled = false)]
async fn check_2() {}

#[health_check(level = 3, profile = "production")]
async fn check_3() {}

#[health_check(level = 3, cfg = "test")]
async fn check_4() {}

#[health_check(level = 3, when = "production")]
async fn check_5() {}

#[health_check(level = 3, every = "30s")]
async fn check_6() {}

#[health_check(level = 3, periodSeconds = 10)]
async fn check_7() {}

#[health_check(level = 3, cron = "* * * * *")]
async fn check_8() {}

#[health_check(level = 3, fixedRate = 1000)]
async fn check_9() {}

#[health_check(level = 3, delay = "30s")]
async fn check_10() {}

#[health_check(level = 3, retries = 3)]
async fn check_11() {}

#[health_check(level = 3, failureThreshold = 3)]
async fn check_12() {}

#[health_check(level = 3, timeoutSeconds = 2)]
async fn check_13() {}

#[health_check(level = 3, initialDelaySeconds = 5)]
async fn check_14() {}

#[health_check(level = 3, ttl = "10s")]
async fn check_15() {}

#[health_check(level = 3, cache = "10s")]
async fn check_16() {}

#[health_check(level = 3, tag = "db")]
async fn check_17() {}

#[health_check(level = 3, category = "db")]
async fn check_18() {}

#[health_check(level = 3, severity = "warning")]
async fn check_19() {}

#[health_check(level = 3, required = false)]
async fn check_20() {}

#[health_check(level = 3, optional)]
async fn check_21() {}

#[health_check(level = 3, dependsOn("db"))]
async fn check_22() {}

#[health_check(level = 3, slow_after = "1s")]
async fn check_23() {}

#[health_check(level = 3, title = "Orders")]
async fn check_24() {}

#[health_check(level = 3, team = "payments")]
async fn check_25() {}

#[health_check(level = 3, runbook_url = "https://wiki")]
async fn check_26() {}

#[health_check(level = 3, ready)]
async fn check_27() {}

#[health_check(level = 3, live)]
async fn check_28() {}

#[health_check(level = 3, state = pool)]
async fn check_29() {}

#[health_check(level = 3, blocking)]
async fn check_30() {}

#[health_check(level = 3, roles("admin"))]
async fn check_31() {}

// One mistake: the level is given, under another name.
#[health_check(depth = 3)]
async fn level_under_another_name() {}

fn main() {}
