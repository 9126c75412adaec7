//! Clients that block their thread.

use std::{
    sync::{Arc, Mutex, mpsc},
    thread,
    time::Duration,
};

use health_runtime::{
    Status,
    probes::{self, Ask, AskError, Asking, DatabaseState},
};

const TIMEOUT: Duration = Duration::from_secs(2);

#[tokio::test]
async fn blocking_client_gets_the_time_that_is_left() {
    let limits = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&limits);
    let runtime_thread = thread::current().id();
    let ask = Ask::blocking(move |statement, limit| {
        log.lock().expect("a log").push(limit);
        assert_ne!(thread::current().id(), runtime_thread);
        match statement {
            "f" => Ok("f,off".to_owned()),
            "panic" => panic!("canary"),
            _ => Err(AskError::new("refused")),
        }
    });
    let look = |statements: &'static [&'static str]| {
        probes::database(ask.clone(), move |db: Asking| async move {
            for statement in statements {
                db.ask(statement).await?;
            }
            Ok(DatabaseState::Online)
        })
        .timeout(TIMEOUT)
    };
    let outcome = look(&["f", "f"]).observe().await;
    assert_eq!(outcome.status(), Status::Pass, "{outcome:?}");
    let passed = limits.lock().expect("a log").clone();
    assert!(passed.iter().all(|limit| *limit <= TIMEOUT / 10 * 9 / 10 * 9), "{passed:?}");
    assert!(passed[1] < passed[0] && passed[1] > TIMEOUT / 2, "{passed:?}");
    assert_eq!(look(&["else"]).observe().await.message(), Some("refused"));
    assert_eq!(look(&["panic"]).observe().await.status(), Status::Fail);
}

#[tokio::test]
async fn client_that_ignores_its_limit_blocks_one_thread() {
    let asked = Arc::new(Mutex::new(0));
    let count = Arc::clone(&asked);
    let (free, is_free) = mpsc::channel::<()>();
    let ask = Ask::blocking(move |_, _| {
        *count.lock().expect("a count") += 1;
        let _ = is_free.recv();
        Ok::<_, AskError>("f,off".to_owned())
    });
    let probe = probes::postgres(ask).timeout(Duration::from_millis(50));
    for _ in 0..5 {
        assert_eq!(probe.observe().await.message(), Some("no answer came within 45ms"));
    }
    assert_eq!(*asked.lock().expect("a count"), 1);
    drop(free);
    assert_eq!(probe.timeout(TIMEOUT).observe().await.status(), Status::Pass);
}
