//! The agent's line, over HTTP and TCP.

use std::{net::SocketAddr, time::Duration};

use health_runtime::{
    Check, Endpoint, Forced, Group, HaproxyAgent, Level, Levels,
    access::{Access, AnyPolicy, Limits, address, any_of, closed, public},
    serve_agent,
};
use health_tests::{builder, get, request, serve};
use tokio::{
    io::{AsyncReadExt, AsyncWriteExt},
    net::TcpStream,
    time::{Instant, timeout},
};

use crate::switch::Switch;

fn endpoint(checks: impl IntoIterator<Item = Check>) -> Endpoint {
    builder(checks).agent(HaproxyAgent::new().warn_weight(50)).build().expect("a good endpoint")
}

/// Returns the line that the agent sends to a client that only listens.
async fn line(address: SocketAddr) -> String {
    let mut stream = TcpStream::connect(address).await.expect("an agent");
    let mut line = String::new();
    stream.read_to_string(&mut line).await.expect("a line");
    line
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_reports_readiness() {
    let (db, queue) = (Switch::default(), Switch::default());
    let apart = Switch::default();
    apart.fail();
    let of_level_2 = Check::new("not asked", Level::L2, || async { false });
    let endpoint = endpoint([db.check("db"), queue.check("queue #1"), apart.check("apart"), of_level_2]);
    endpoint.monitor().mute("apart", Duration::from_hours(1), "it is known").expect("a check");
    let http = serve(endpoint.router()).await;
    let tcp = serve_agent("127.0.0.1:0", &endpoint).expect("an agent");
    let said = async || {
        let answer = get(http, "/health/agent").await;
        assert_eq!(answer.header("content-type"), "text/plain; charset=utf-8");
        let line = line(tcp.local_addrs()[0]).await;
        assert_eq!(answer.body, line);
        (answer.status, line)
    };
    let says = |status: u16, line: &str| (status, format!("{line}\n"));
    assert_eq!(said().await, says(200, "up 100%"));
    queue.warn();
    assert_eq!(said().await, says(200, "up 50%"));
    db.fail();
    assert_eq!(said().await, says(503, "down #db"), "and nothing of its message");
    db.pass();
    assert_eq!(said().await, says(200, "up 50%"));
    endpoint.monitor().drill("db", Forced::fail("why"), Duration::from_mins(5)).expect("a drill");
    assert_eq!(said().await, says(503, "down #db (drill)"));
    endpoint.monitor().undrill("db").expect("a check");
    db.fail();
    queue.fail();
    endpoint.monitor().drain();
    assert_eq!(said().await, says(503, "down #db, queue #1"));
    db.pass();
    queue.warn();
    assert_eq!(said().await, says(503, "up 0%"));
    assert_eq!(request(http, "OPTIONS", "/health/agent").await.status, 503);
    tcp.stop().await;
    assert!(TcpStream::connect(http).await.is_ok());
}

/// The TCP port takes no credentials, so its line holds only facts for everybody.
#[tokio::test(flavor = "multi_thread")]
async fn agent_names_checks_only_to_callers_who_may_see_readiness() {
    let access = |who: AnyPolicy| Access::new().levels(Levels::ALL, closed()).group(Group::Readiness, who);
    for (access, line_over_tcp) in [
        (Access::new().levels(Levels::ALL, closed()), "down #db\n"),
        (access(public()), "down #db\n"),
        (access(public()).limits(Limits::new()), "down #db\n"),
        (access(closed()), "down\n"),
        (access(any_of([public(), closed()])), "down #db\n"),
        (access(any_of([public(), address(["192.0.2.1"])])), "down\n"),
    ] {
        let db = Switch::default();
        let checks = [db.check("db")];
        let endpoint = builder(checks).agent(HaproxyAgent::new().warn_weight(50)).access(access).build().expect("good");
        let tcp = serve_agent("127.0.0.1:0", &endpoint).expect("an agent");
        assert_eq!(line(tcp.local_addrs()[0]).await, "up 100%\n");
        db.fail();
        assert_eq!(line(tcp.local_addrs()[0]).await, line_over_tcp);
        tcp.stop().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_sends_one_line_however_many_checks_fail() {
    let many = (0..500).map(|number| Check::new(format!("é {number}"), Level::L1, || async { false }).readiness());
    let tcp = serve_agent("127.0.0.1:0", &endpoint(many)).expect("an agent");
    let line = line(tcp.local_addrs()[0]).await;
    assert!(line.len() < 256 && line.starts_with("down #é 0, é 1, ") && line.ends_with('\n'), "{line:?}");
    assert_eq!(line.chars().filter(|char| char.is_control()).count(), 1, "{line:?}");
    tcp.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn misbehaving_clients_do_not_harm_the_agent() {
    let tcp = serve_agent("127.0.0.1:0", &endpoint([])).expect("an agent");
    let mut odd = Vec::new();
    for number in 0..600 {
        let mut stream = TcpStream::connect(tcp.local_addrs()[0]).await.expect("an agent");
        if number % 2 == 0 {
            stream.write_all(&[0xff; 4096]).await.expect("room");
        }
        odd.push(stream);
    }
    // Behind all of these, and in time for a check that has 10 s at most: two rounds of patience and a little.
    let asked = Instant::now();
    assert_eq!(timeout(Duration::from_secs(10), line(tcp.local_addrs()[0])).await.expect("in time"), "up 100%\n");
    assert!(asked.elapsed() < Duration::from_secs(5), "{:?}", asked.elapsed());
    // Their lines are still there to be read, whatever they sent.
    for stream in &mut odd {
        let mut line = Vec::new();
        stream.read_to_end(&mut line).await.expect("no reset");
        assert_eq!(line, b"up 100%\n");
    }
    tcp.stop().await;
}

/// Connections that stay open after their line give up their places.
#[tokio::test(flavor = "multi_thread")]
async fn silent_connections_do_not_delay_the_line() {
    let tcp = serve_agent("127.0.0.1:0", &endpoint([])).expect("an agent");
    let (mut silent, mut quickest) = (Vec::new(), Duration::MAX);
    for _ in 0..5 {
        for _ in 0..600 {
            silent.push(TcpStream::connect(tcp.local_addrs()[0]).await.expect("an agent"));
        }
        let asked = Instant::now();
        assert_eq!(line(tcp.local_addrs()[0]).await, "up 100%\n");
        quickest = quickest.min(asked.elapsed());
        silent.clear();
    }
    assert!(quickest < Duration::from_millis(300), "{quickest:?}");
    tcp.stop().await;
}

/// The application has one thread, and blocks it.
#[tokio::test]
async fn agent_answers_while_the_application_is_stuck() {
    let never_run = Check::new("pool", Level::L1, || async { true }).readiness();
    let tcp = serve_agent("127.0.0.1:0", &endpoint([never_run])).expect("an agent");
    let mut stream = std::net::TcpStream::connect(tcp.local_addrs()[0]).expect("an agent");
    let mut line = String::new();
    std::io::Read::read_to_string(&mut stream, &mut line).expect("a line");
    assert_eq!(line, "down #pool (timed_out)\n");
    drop(stream);
    tcp.stop().await;
}

#[tokio::test(flavor = "multi_thread")]
async fn agent_stops_on_request_and_not_on_drop() {
    let endpoint = endpoint([]);
    let tcp = serve_agent("127.0.0.1:0", &endpoint).expect("an agent");
    let address = tcp.local_addrs()[0];
    let idle = TcpStream::connect(address).await.expect("an agent");
    endpoint.monitor().drain();
    assert_eq!(line(address).await, "up 0%\n", "as long as there is a process");
    let asked = Instant::now();
    tcp.stop().await;
    assert!(asked.elapsed() < Duration::from_secs(4), "{:?}", asked.elapsed());
    assert!(TcpStream::connect(address).await.is_err(), "nobody listens");
    drop(idle);

    let address = serve_agent("127.0.0.1:0", &endpoint).expect("an agent").local_addrs()[0];
    assert_eq!(line(address).await, "up 0%\n");
    assert!(serve_agent(address, &endpoint).is_err(), "the port is taken");
}
