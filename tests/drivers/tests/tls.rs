//! Clients over TLS: the probe passes, and a certificate of another authority has a message of its own, as far as the client tells
//! the reason. PostgreSQL is in `postgres.rs`.
//!
//! Not tested: Kafka, because the mock brokers of librdkafka speak no TLS, and memcached, whose client needs OpenSSL.
#![allow(clippy::expect_used, reason = "tests fail by panicking")]

use std::sync::Arc;

use async_nats::ConnectOptions;
use health_drivers::{CANARY, OFFLINE, RabbitMq, Server, TIMEOUT, WRITEABLE, assert_facts, eventually};
use health_runtime::{Status, ask, probes};
use lapin::{Connection, ConnectionProperties, runtime::default_runtime, tcp::OwnedTLSConfig};
use mysql_async::{OptsBuilder, SslOpts, prelude::Queryable};
use redis::{
    Client, TlsCertificates,
    aio::{ConnectionManager, ConnectionManagerConfig},
};
use rustls::{
    ClientConfig, RootCertStore,
    pki_types::{CertificateDer, pem::PemObject},
};

/// Two crates of cryptography are in this program, so rustls wants to know which one.
fn choose_cryptography() {
    let _ = rustls::crypto::ring::default_provider().install_default();
}

#[tokio::test]
#[ignore = "needs MariaDB and openssl: scripts/peers"]
async fn mariadb_of_another_authority_is_named() {
    choose_cryptography();
    let (mut server, authority) = Server::mariadb_with_tls();
    let tls = SslOpts::default().with_root_certs(vec![authority.into()]);
    let options = OptsBuilder::default().ip_or_hostname("127.0.0.1").tcp_port(server.port).ssl_opts(tls);
    let pool = mysql_async::Pool::new(options.user(Some("app")).pass(Some(CANARY)).prefer_socket(false));
    let probe = probes::mysql(ask!(mysql_async: pool)).timeout(TIMEOUT);
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;
    let mut connection = pool.get_conn().await.expect("a connection");
    let cipher = connection.query_first::<(String, String), _>("SHOW SESSION STATUS LIKE 'Ssl_cipher'");
    assert!(cipher.await.expect("a row").is_some_and(|(_, cipher)| !cipher.is_empty()));
    drop(connection);

    server.change_authority();
    eventually(&probe, Status::Fail, "invalid peer certificate").await;
    assert_facts(&probe, Status::Fail, "invalid peer certificate", OFFLINE).await;
}

#[tokio::test]
#[ignore = "needs Redis and openssl: scripts/peers"]
async fn redis_of_another_authority_is_named() {
    choose_cryptography();
    let (mut server, authority) = Server::redis_with_tls();
    let url = format!("rediss://default:{CANARY}@127.0.0.1:{}/", server.port);
    let roots = TlsCertificates { client_tls: None, root_cert: Some(authority) };
    let client = Client::build_with_tls(url.as_str(), roots).expect("a URL");
    let manager = ConnectionManager::new_lazy_with_config(client, ConnectionManagerConfig::new()).expect("a manager");
    let pool =
        deadpool_redis::Pool::builder(deadpool_redis::Manager::new(url).expect("a URL")).build().expect("a pool");
    let probe = probes::redis(ask!(redis: manager)).timeout(TIMEOUT);
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;
    // The authorities of this machine do not know it.
    let strange = probes::redis(ask!(deadpool_redis: pool)).timeout(TIMEOUT);
    assert_facts(&strange, Status::Fail, "invalid peer certificate", OFFLINE).await;

    server.change_authority();
    eventually(&probe, Status::Fail, "invalid peer certificate").await;
}

#[tokio::test]
#[ignore = "needs NATS and openssl: scripts/peers"]
async fn nats_of_another_authority_is_offline() {
    choose_cryptography();
    let (mut server, authority) = Server::nats_with_tls();
    let address = format!("127.0.0.1:{}", server.port);
    let connect = async |authority: &[u8]| {
        let mut roots = RootCertStore::empty();
        roots.add(CertificateDer::from_pem_slice(authority).expect("PEM")).expect("a certificate");
        let tls = ClientConfig::builder().with_root_certificates(roots).with_no_client_auth();
        let options = ConnectOptions::with_user_and_password("app".to_owned(), CANARY.to_owned()).require_tls(true);
        options.tls_client_config(tls).retry_on_initial_connect().connect(&address).await.expect("a client")
    };
    let client = connect(&authority).await;
    let probe = probes::nats(ask!(async_nats: client)).timeout(TIMEOUT);
    eventually(&probe, Status::Pass, "").await;
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;

    server.change_authority();
    // The client reports the certificate to its `event_callback` alone.
    eventually(&probe, Status::Fail, "the client is disconnected").await;
    let strange = probes::nats(ask!(async_nats: connect(&authority).await)).timeout(TIMEOUT);
    assert_facts(&strange, Status::Fail, "the client is not connected yet", OFFLINE).await;
}

#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
#[ignore = "needs RabbitMQ and openssl: scripts/peers"]
async fn rabbitmq_of_another_authority_is_offline() {
    choose_cryptography();
    let (mut broker, port, authority) = RabbitMq::start_with_tls();
    let connect = async |properties: ConnectionProperties| {
        let url = format!("amqps://app:{CANARY}@127.0.0.1:{port}/%2f");
        let authority = String::from_utf8(authority.clone()).expect("PEM");
        let tls = OwnedTLSConfig { identity: None, cert_chain: Some(authority) };
        Connection::connect_with_config(&url, properties, tls, default_runtime().expect("a runtime")).await
    };
    let connection = connect(ConnectionProperties::default().enable_auto_recover()).await.expect("a connection");
    let probe = probes::amqp(ask!(lapin: Arc::new(connection))).timeout(TIMEOUT);
    assert_facts(&probe, Status::Pass, "", WRITEABLE).await;

    broker.server.change_authority();
    // The client reports the certificate to the one who connects alone.
    eventually(&probe, Status::Fail, "connecting").await;
    let Err(error) = connect(ConnectionProperties::default()).await else {
        panic!("a certificate of another authority")
    };
    let text = format!("{error} {error:?}");
    assert!(text.contains("certificate") && !text.contains(CANARY), "{text}");
}
