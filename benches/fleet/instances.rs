//! One process of the fleet, with a client that its instances share.

use std::{
    io::{Read as _, stdin},
    process::exit,
    thread,
    time::Duration,
};

use health_runtime::{Cause, Check, FleetRole, FleetRun, Level, Monitor, Registry, Selection, Status};
use tokio::time::sleep;

use crate::{INTERVAL, RUN_TIME, TIMEOUT, client::Client};

/// Runs the instances of a part until the parent is gone. Prints `run <instance>` at each start of the function, and each
/// second the numbers of instances whose latest result is shared, their own alone, or not a pass.
pub(crate) async fn keep(part: &str) {
    thread::spawn(|| {
        let _ = stdin().read(&mut [0]);
        exit(0);
    });
    let mut words = part.split(' ');
    let store = words.next().expect("a store");
    let [port, first, count] = [0; 3].map(|_| words.next().and_then(|word| word.parse().ok()).expect("a number"));
    let client = Client::connect(store, port).await;
    let monitors: Vec<_> = (first..first + count).map(|instance| monitor(&client, instance)).collect();
    loop {
        sleep(Duration::from_secs(1)).await;
        let (mut shared, mut alone, mut failing) = (0, 0, 0);
        for monitor in &monitors {
            let report = monitor.report(&Selection::everything()).await;
            let result = &report.entries()[0].result;
            match result.fleet().map(FleetRun::role) {
                _ if result.cause() == Some(&Cause::Pending) => {}
                Some(FleetRole::Alone) if result.status() == Status::Pass => alone += 1,
                Some(_) if result.status() == Status::Pass => shared += 1,
                _ => failing += 1,
            }
        }
        println!("roles {shared} {alone} {failing}");
    }
}

fn monitor(client: &Client, instance: u16) -> Monitor {
    let run = move || {
        println!("run {instance}");
        sleep(RUN_TIME)
    };
    let check = Check::new("lag", Level::L2, run).interval(INTERVAL).timeout(TIMEOUT).fleet(true);
    let fleet = client.fleet().instance(format!("pod-{instance}"));
    Monitor::new(Registry::builder().check(check).fleet(fleet).build().expect("a good check"))
}
