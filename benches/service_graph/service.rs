//! One process of the graph: some of its services, and the faults that the parent orders.

use std::{
    io::{Write, stdin, stdout},
    net::SocketAddr,
    sync::{
        Arc,
        atomic::{AtomicU8, AtomicUsize, Ordering},
    },
    time::Duration,
};

use axum::{
    Router,
    extract::Request,
    middleware::{Next, from_fn},
    response::Response,
};
use health_runtime::{BuildMetadata, Check, Endpoint, Level, probes};
use tokio::{net::TcpListener, time::sleep};

use crate::{MAX_AGE, TIMEOUT, graph::Graph};

/// A fault of a service.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Fault {
    None,
    /// Its own check fails.
    Failing,
    /// Its own check fails every other second.
    Flapping,
    /// Each answer takes 300 ms longer, which no check calls a failure.
    Slow,
    /// No request is answered.
    Hung,
    /// Connections are closed without an answer.
    Dead,
}

impl Fault {
    pub(crate) const ALL: [Self; 6] = [Self::None, Self::Failing, Self::Flapping, Self::Slow, Self::Hung, Self::Dead];
}

/// Binds ports and prints them, reads those of all services, serves, and obeys: `<service> <fault>` or `runs`.
pub(crate) fn serve_part(graph: &Graph, own: Vec<usize>) {
    let runtime = tokio::runtime::Runtime::new().expect("a runtime");
    let _context = runtime.enter();
    let bind = |_: &usize| runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a free port");
    let listeners: Vec<_> = own.iter().map(bind).collect();
    let ports = listeners.iter().map(|listener| listener.local_addr().expect("an address").port().to_string());
    println!("{}", ports.collect::<Vec<_>>().join(" "));
    stdout().flush().expect("a parent");

    let mut lines = stdin().lines().map(|line| line.expect("text"));
    let ports = lines.next().expect("the ports of all services");
    let addresses: Vec<_> =
        ports.split(' ').map(|port| SocketAddr::from(([127, 0, 0, 1], port.parse().expect("a port")))).collect();
    let runs = Arc::new(AtomicUsize::new(0));
    let faults: Vec<_> = graph.edges.iter().map(|_| Arc::new(AtomicU8::new(0))).collect();
    for (service, listener) in own.into_iter().zip(listeners) {
        let others = graph.edges[service].iter().map(|asked| (*asked, addresses[*asked]));
        let router = router(service, others, &runs, &faults[service]);
        runtime.spawn(async move { axum::serve(listener, router).await });
    }
    for line in lines {
        if let Some((service, fault)) = line.split_once(' ') {
            let service: usize = service.parse().expect("a service");
            faults[service].store(fault.parse().expect("a fault"), Ordering::SeqCst);
        } else {
            println!("{}", runs.load(Ordering::SeqCst));
            stdout().flush().expect("a parent");
        }
    }
}

fn router(
    service: usize,
    others: impl Iterator<Item = (usize, SocketAddr)>,
    runs: &Arc<AtomicUsize>,
    fault: &Arc<AtomicU8>,
) -> Router {
    let own = Arc::clone(fault);
    let own = Check::new("db", Level::L4, move || {
        let fault = Fault::ALL[usize::from(own.load(Ordering::SeqCst))];
        let now = std::time::SystemTime::now().duration_since(std::time::UNIX_EPOCH).unwrap_or_default();
        let fails = fault == Fault::Failing || fault == Fault::Flapping && now.as_secs().is_multiple_of(2);
        async move { !fails }
    });
    let others = others.map(|(asked, address)| {
        let runs = Arc::clone(runs);
        let probe = probes::service(format!("http://{address}")).remote_level(Level::L1).timeout(TIMEOUT);
        let probe = Arc::new(probe.connect_timeout(TIMEOUT));
        let check = Check::new(format!("s{asked}"), Level::L3, move || {
            runs.fetch_add(1, Ordering::Relaxed);
            let probe = Arc::clone(&probe);
            async move { probe.observe().await }
        });
        check.max_age(MAX_AGE).timeout(TIMEOUT)
    });
    let name: &'static str = Box::leak(format!("s{service}").into_boxed_str());
    let endpoint = Endpoint::builder()
        .without_declared_checks()
        .muted("")
        .checks([own].into_iter().chain(others))
        .build_info(BuildMetadata::new(name, "1.0.0"))
        .build()
        .expect("a good endpoint");
    let fault = Arc::clone(fault);
    endpoint.router().layer(from_fn(move |request: Request, next: Next| {
        let fault = Fault::ALL[usize::from(fault.load(Ordering::SeqCst))];
        async move { answer(fault, request, next).await }
    }))
}

async fn answer(fault: Fault, request: Request, next: Next) -> Response {
    match fault {
        Fault::Slow => sleep(Duration::from_millis(300)).await,
        Fault::Hung => std::future::pending().await,
        // A panic ends the connection without a response.
        Fault::Dead => std::panic::resume_unwind(Box::new(())),
        Fault::None | Fault::Failing | Fault::Flapping => {}
    }
    next.run(request).await
}
