//! Each probe against small fakes of broken servers.

use std::time::Duration;

use health_runtime::Status;
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::{TcpListener, TcpStream},
    sync::mpsc,
};

use super::{LONG_TIMEOUT, PROBES, SHORT_TIMEOUT, message, state};

/// Starts a server that treats every connection alike. Returns its address.
async fn fake<F, Fut>(treat: F) -> String
where
    F: Fn(TcpStream) -> Fut + Send + 'static,
    Fut: Future<Output = ()> + Send + 'static,
{
    let listener = TcpListener::bind("127.0.0.1:0").await.expect("a free port");
    let address = listener.local_addr().expect("an address").to_string();
    tokio::spawn(async move {
        while let Ok((stream, _)) = listener.accept().await {
            tokio::spawn(treat(stream));
        }
    });
    address
}

/// Starts a server that sends these bytes and then reads until the client closes.
async fn sending(bytes: &'static [u8]) -> (String, mpsc::UnboundedReceiver<()>) {
    let (closed, closings) = mpsc::unbounded_channel();
    let address = fake(move |mut stream| {
        let closed = closed.clone();
        async move {
            let _ = stream.write_all(bytes).await;
            if stream.read_to_end(&mut Vec::new()).await.is_ok() {
                let _ = closed.send(());
            }
        }
    })
    .await;
    (address, closings)
}

#[tokio::test]
async fn server_that_closes_at_once_is_closed() {
    let address = fake(async |stream| drop(stream)).await;
    for (name, make) in PROBES {
        let outcome = make(&address).timeout(LONG_TIMEOUT).observe().await;
        assert_eq!((state(&outcome), outcome.status()), ("closed", Status::Fail), "{name}: {outcome:?}");
        let text = format!("{address} accepts the connection and closes it without an answer");
        assert!(message(&outcome).starts_with(&text), "{name}: {outcome:?}");
    }
}

#[tokio::test]
async fn silent_server_gives_no_answer_and_sees_an_orderly_end() {
    let (address, mut closings) = sending(b"").await;
    for (name, make) in PROBES {
        let outcome = make(&address).timeout(SHORT_TIMEOUT).observe().await;
        assert_eq!((state(&outcome), outcome.status()), ("no_answer", Status::Fail), "{name}: {outcome:?}");
        closings.recv().await.expect("an orderly end");
    }
}

#[tokio::test]
async fn other_protocol_is_shown_masked_and_short() {
    let answer = b"HTTP/1.1 400 Bad Request\r\nLocation: http://user:canary@host/\r\n\r\n";
    let (address, mut closings) = sending(answer).await;
    for (name, make) in PROBES {
        let outcome = make(&address).timeout(SHORT_TIMEOUT).observe().await;
        assert_eq!(outcome.status(), Status::Fail, "{name}");
        assert!(matches!(state(&outcome), "unexpected_answer" | "error"), "{name}: {outcome:?}");
        assert!(!message(&outcome).contains("canary") && message(&outcome).contains('H'), "{name}: {outcome:?}");
        closings.recv().await.expect("an orderly end");
    }
}

#[tokio::test]
async fn endless_answer_ends_the_run() {
    let address = fake(async |mut stream: TcpStream| {
        let noise = [b'R'; 4096];
        while stream.write_all(&noise).await.is_ok() {}
    })
    .await;
    for (name, make) in PROBES {
        let outcome = make(&address).timeout(LONG_TIMEOUT).observe().await;
        assert_eq!((state(&outcome), outcome.status()), ("unexpected_answer", Status::Fail), "{name}: {outcome:?}");
        assert!(message(&outcome).len() < 400, "{name}: {outcome:?}");
    }
}

#[tokio::test]
async fn slow_answer_is_late() {
    let address = fake(async |mut stream: TcpStream| {
        while stream.write_all(b"2").await.is_ok() {
            tokio::time::sleep(Duration::from_millis(40)).await;
        }
    })
    .await;
    for (name, make) in PROBES {
        let outcome = make(&address).timeout(SHORT_TIMEOUT).observe().await;
        let state = state(&outcome);
        assert!(matches!(state, "no_answer" | "unexpected_answer"), "{name}: {outcome:?}");
        assert_eq!(outcome.status(), Status::Fail, "{name}");
    }
}

#[tokio::test]
async fn dropped_run_closes_its_connection() {
    for (_, make) in PROBES {
        let (address, mut closings) = sending(b"").await;
        let probe = make(&address).timeout(Duration::from_hours(1));
        let run = tokio::spawn(async move { probe.observe().await });
        tokio::time::sleep(Duration::from_millis(50)).await;
        run.abort();
        closings.recv().await.expect("the connection was closed");
    }
}
