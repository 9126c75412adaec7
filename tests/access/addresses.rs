//! Client addresses, from the connection and from proxies.

use health_runtime::{
    Level, Levels, Server,
    access::{Access, Proxies, address, all_of, any_of, closed, not, public},
};
use health_tests::{Log, exchange, get, get_with, serve};
use tokio::net::UnixStream;

use crate::service::{Runs, start, with_access};

fn inside(ranges: &[&str]) -> Access {
    Access::new().levels(Level::L5, public()).levels(Level::L1..=Level::L4, address(ranges.iter().copied()))
}

#[tokio::test]
async fn the_address_of_the_connection_counts() {
    for (ranges, status) in [
        (&["127.0.0.0/8"][..], 200),
        (&["::1", "127.0.0.1"], 200),
        (&["10.0.0.0/8", "::1"], 403),
        (&["127.0.0.2"], 403),
    ] {
        let (address, runs, _) = start(inside(ranges)).await;
        // Nobody declared proxies, so nobody is believed.
        let lies = [("X-Forwarded-For", "127.0.0.2"), ("Forwarded", "for=10.0.0.1"), ("X-Real-IP", "10.0.0.1")];
        let answer = get_with(address, "/health/levels/1", &lies).await;
        assert_eq!((answer.status, answer.header("www-authenticate")), (status, ""), "{ranges:?}");
        assert_eq!(answer.body.contains("detail-1"), status == 200, "{ranges:?}");
        assert_eq!(runs.take()[0] == 1, status == 200, "{ranges:?}");
        assert_eq!(get(address, "/health/levels/5").await.status, 200, "{ranges:?}");
    }
}

#[tokio::test]
async fn declared_proxies_are_believed_up_to_the_last_hop_that_is_none() {
    let access = inside(&["192.0.2.0/24"]).behind(Proxies::x_forwarded_for(["127.0.0.0/8", "10.0.0.0/8"]));
    let (address, ..) = start(access).await;
    for (forwarded, status) in [
        ("192.0.2.1", 200),
        ("192.0.2.1, 10.0.0.1", 200),
        ("198.51.100.7, 192.0.2.1, 10.0.0.1, 127.0.0.1", 200),
        ("192.0.2.1, 198.51.100.7", 403),
        ("192.0.2.1, unknown", 403),
        ("", 403),
        ("10.0.0.1", 403),
    ] {
        let answer = get_with(address, "/health/levels/1", &[("X-Forwarded-For", forwarded)]).await;
        assert_eq!(answer.status, status, "{forwarded:?}");
    }
    assert_eq!(get_with(address, "/health/levels/1", &[("Forwarded", "for=192.0.2.1")]).await.status, 403);
    let access = inside(&["2001:db8::/32"]).behind(Proxies::forwarded(["127.0.0.1"]));
    let (address, ..) = start(access).await;
    let forwarded = ("Forwarded", r#"for=127.0.0.1;by=x, for="[2001:db8::5]:4711";proto=https"#);
    assert_eq!(get_with(address, "/health/levels/1", &[forwarded]).await.status, 200);
    assert_eq!(get_with(address, "/health/levels/1", &[("X-Forwarded-For", "2001:db8::5")]).await.status, 403);
}

/// Proxies append to what the client wrote, whatever that was: it must not make them lose the client's address.
#[tokio::test]
async fn nothing_that_a_client_writes_hides_its_address() {
    for (proxies, name, hop, with_malformed_quotes) in [
        (Proxies::x_forwarded_for(["127.0.0.1"]), "X-Forwarded-For", "192.0.2.1", 200),
        // Nobody knows which of its parts a proxy wrote.
        (Proxies::forwarded(["127.0.0.1"]), "Forwarded", "for=192.0.2.1", 403),
    ] {
        let (address, ..) = start(inside(&["192.0.2.0/24"]).behind(proxies)).await;
        for (written, status) in [
            ("é", 200),
            ("unknown", 200),
            (",,", 200),
            ("for=\"", with_malformed_quotes),
            ("\"a", with_malformed_quotes),
        ] {
            let answer = get_with(address, "/health/levels/1", &[(name, &format!("{written}, {hop}"))]).await;
            assert_eq!(answer.status, status, "{name}: {written}");
        }
    }
}

/// A proxy quotes what the client wrote as its host.
#[tokio::test]
async fn quoted_commas_in_forwarded_add_no_hop() {
    let forwarded = r#"for=203.0.113.5;host="a, for=192.0.2.9;x=""#;
    for (range, status) in [("192.0.2.0/24", 403), ("203.0.113.0/24", 200)] {
        let (address, ..) = start(inside(&[range]).behind(Proxies::forwarded(["127.0.0.1"]))).await;
        let answer = get_with(address, "/health/levels/1", &[("Forwarded", forwarded)]).await;
        assert_eq!(answer.status, status, "{range}");
        for malformed in [r#"for=192.0.2.9;host="a"#, r#"for=192.0.2.9;host="a"b"#, r#"for=203.0.113.5;host=a"b""#] {
            let answer = get_with(address, "/health/levels/1", &[("Forwarded", malformed)]).await;
            assert_eq!(answer.status, 403, "{range}: {malformed}");
        }
    }
}

/// A log reader finds the proxy that passed a refused request on. The only test here that reads the log, which is
/// one for the whole process.
#[tokio::test]
async fn audit_names_the_proxy_that_hides_its_client() {
    let log = Log::default();
    let subscriber = tracing_subscriber::fmt().with_ansi(false).with_writer(log.clone()).finish();
    tracing::subscriber::set_global_default(subscriber).expect("the first");
    let (address, ..) = start(inside(&["192.0.2.0/24"]).behind(Proxies::x_forwarded_for(["127.0.0.1"]))).await;
    for (hop, why, expected, unexpected) in [
        ("unknown", "the proxies do not report the address", "peer=127.0.0.1", " address="),
        ("198.51.100.99", "address=198.51.100.99", "address=198.51.100.99", " peer="),
    ] {
        let answer = get_with(address, "/health/levels/1", &[("X-Forwarded-For", hop)]).await;
        assert_eq!(answer.status, 403);
        let text = log.text();
        let line = text.lines().find(|line| line.contains("access refused") && line.contains(why)).expect("a refusal");
        assert!(line.contains(expected) && !line.contains(unexpected), "{line}");
    }
}

/// Connections of IPv4 to a socket of IPv6 come from such addresses, so that is how somebody may write them.
#[tokio::test]
async fn addresses_of_ipv4_may_be_written_as_those_of_ipv6() {
    for (range, status) in [
        ("::ffff:127.0.0.1", 200),
        ("::ffff:127.0.0.0/104", 200),
        ("::ffff:0:0/96", 200),
        ("::ffff:10.0.0.0/104", 403),
        ("::/0", 403),
    ] {
        let (address, ..) = start(inside(&[range])).await;
        assert_eq!(get(address, "/health/levels/1").await.status, status, "{range}");
    }
}

#[tokio::test]
async fn unknown_address_is_in_no_range() {
    let runs = Runs::default();
    let endpoint = with_access(&runs, inside(&["0.0.0.0/0", "::/0"])).build().expect("good");
    let address = serve(endpoint.router()).await;
    assert_eq!(get_with(address, "/health/levels/1", &[("X-Forwarded-For", "127.0.0.1")]).await.status, 403);
    assert_eq!(get(address, "/health/levels/5").await.status, 200);
    assert_eq!(runs.take(), [0, 0, 0, 0, 1]);
}

/// An unknown address is not a reason to let anybody in.
#[tokio::test]
async fn unknown_address_grants_nothing_inside_not() {
    let stranger = || address(["10.0.0.0/8"]);
    for (policy, status) in [
        (not(stranger()), 403),
        (not(not(stranger())), 403),
        (not(any_of([stranger(), closed()])), 403),
        (not(all_of([stranger(), public()])), 403),
        (all_of([public(), not(stranger())]), 403),
        (any_of([not(stranger()), closed()]), 403),
        (not(stranger().only_levels(Level::L1..=Level::L2)), 403),
        (any_of([not(stranger()), public()]), 200),
    ] {
        let endpoint = with_access(&Runs::default(), Access::new().levels(Levels::ALL, policy)).build().expect("good");
        let address = serve(endpoint.router()).await;
        assert_eq!(get(address, "/health/levels/1").await.status, status);
    }
    // Proxies that do not report the address.
    let access = Access::new().levels(Levels::ALL, not(stranger())).behind(Proxies::x_forwarded_for(["127.0.0.1"]));
    let (address, ..) = start(access).await;
    for (forwarded, status) in [("unknown", 403), ("192.0.2.1", 200), ("10.0.0.1", 403)] {
        let answer = get_with(address, "/health/levels/1", &[("X-Forwarded-For", forwarded)]).await;
        assert_eq!(answer.status, status, "{forwarded}");
    }
}

/// A proxy on the same machine may reach the service over a socket, which has no address.
#[tokio::test]
async fn proxies_at_a_socket_are_believed_where_they_are_declared() {
    let folder = tempfile::tempdir().expect("a folder");
    let declared = || Proxies::x_forwarded_for(["10.0.0.0/8"]);
    for (number, proxies, statuses) in
        [(1, declared().over_unix_sockets(), [200, 200, 403, 403, 403]), (2, declared(), [403; 5])]
    {
        let socket = folder.path().join(format!("{number}.sock"));
        let endpoint = with_access(&Runs::default(), inside(&["192.0.2.0/24"]).behind(proxies)).build().expect("good");
        let server = Server::new().listen_unix(&*socket, endpoint.router()).start().expect("a server");
        let mut seen = Vec::new();
        for header in [
            "X-Forwarded-For: 192.0.2.1\r\n",
            "X-Forwarded-For: 198.51.100.1, 192.0.2.1, 10.0.0.1\r\n",
            "X-Forwarded-For: 192.0.2.1, 198.51.100.1\r\n",
            "Forwarded: for=192.0.2.1\r\n",
            "",
        ] {
            let head = format!("GET /health/levels/1 HTTP/1.1\r\nHost: a\r\n{header}Connection: close\r\n\r\n");
            seen.push(exchange(UnixStream::connect(&socket).await.expect("a server"), &head).await.status);
        }
        assert_eq!(seen, statuses);
        server.stop().await;
    }
    // Over TCP it is still the address that decides.
    let (address, ..) = start(inside(&["192.0.2.0/24"]).behind(declared().over_unix_sockets())).await;
    assert_eq!(get_with(address, "/health/levels/1", &[("X-Forwarded-For", "192.0.2.1")]).await.status, 403);
}

#[tokio::test]
async fn own_thread_sees_client_addresses() {
    let runs = Runs::default();
    let endpoint = with_access(&runs, inside(&["127.0.0.1"])).build().expect("good");
    let server = health_runtime::serve_isolated("127.0.0.1:0", endpoint.router()).expect("a thread");
    assert_eq!(get(server.local_addrs()[0], "/health/levels/1").await.status, 200);
    server.stop().await;
}
