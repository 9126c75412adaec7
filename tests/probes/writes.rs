//! Writes on request, on clients of which the test knows each step. `tests/drivers` has real ones.

use std::sync::{Arc, Mutex};

use health_runtime::{
    Status,
    probes::{self, AskError, DatabaseProbe},
};
use serde_json::json;

use crate::{fault, faults};

const SERVER_ERROR: &str = "SERVER_ERROR out of memory storing object\r\n";

/// memcached that answers a write so, and the statements that it was asked.
fn memcached(write: Result<&'static str, &'static str>) -> (DatabaseProbe, Arc<Mutex<Vec<&'static str>>>) {
    let statements = Arc::new(Mutex::new(Vec::new()));
    let log = Arc::clone(&statements);
    let probe = probes::memcached(move |statement: &'static str| {
        log.lock().expect("a log").push(statement);
        let answer = if statement == "version" { Ok("1.6.18") } else { write };
        async move { answer.map(str::to_owned).map_err(AskError::new) }
    });
    (probe, statements)
}

#[tokio::test]
async fn answers_of_memcached_are_judged() {
    for (write, status, writeable, text) in [
        (Ok(""), Status::Pass, json!(true), ""),
        (Err(SERVER_ERROR), Status::Fail, json!(false), "a write fails: SERVER_ERROR out of memory storing object"),
    ] {
        let (probe, statements) = memcached(write);
        let outcome = probe.write_key("health:old").write_key("health:probe").observe().await;
        assert_eq!((outcome.status(), outcome.message().unwrap_or_default()), (status, text));
        assert_eq!(outcome.data(), Some(&json!({ "is_db_online": true, "is_db_writeable": writeable })));
        // The last key alone.
        assert_eq!(*statements.lock().expect("a log"), ["version", "set health:probe"]);
    }
    let (probe, statements) = memcached(Err(SERVER_ERROR));
    assert_eq!(probe.observe().await.status(), Status::Pass);
    assert_eq!(*statements.lock().expect("a log"), ["version"]);
}

#[test]
fn key_that_cannot_be_written_is_a_start_up_error() {
    let ask = |_: &'static str| async { Ok::<_, AskError>(String::new()) };
    for probe in [probes::redis(ask), probes::memcached(ask)] {
        let long: &'static str = "x".repeat(251).leak();
        for key in ["", "health probe", "health\u{0}probe", long] {
            let fault = fault(probe.clone().write_key(key));
            let text = "is not a valid key for `write_key`; take one without spaces, such as `health:probe`";
            assert_eq!(fault, format!("`{key}` {text}"));
        }
        for key in ["health:probe", &long[1..]] {
            assert_eq!(faults(probe.clone().write_key(key)), []);
        }
    }
    assert!(fault(probes::mysql(ask).write_key("health:probe")).contains("it asks neither Redis nor memcached"));
}
