//! The faults, one after the other, and what becomes of the runs.

use std::{
    collections::HashMap,
    time::{Duration, Instant},
};

use health_drivers::{Proxy, Server};
use tokio::time::sleep;

use crate::{
    INTERVAL, PROCESSES, TIMEOUT,
    client::{Client, start_server},
    counters::{Watch, requests},
    processes::{Processes, Run},
    table::Table,
};

/// The process behind the proxy.
const FAR: usize = PROCESSES - 1;

/// Time for a fault, and for the fleet to take it.
const FAULT: Duration = Duration::from_secs(35);

/// Slack for a busy machine, in times that are not those of the store.
const SLACK: Duration = Duration::from_secs(2);

struct Bench<'a> {
    store: &'a str,
    server: Server,
    client: Client,
    watch: Watch,
    processes: Processes,
    table: &'a mut Table,
}

pub(crate) async fn measure(store: &str, instances: usize, table: &mut Table) {
    let server = start_server(store);
    let proxy = Proxy::start(server.port).await;
    let mut ports = [server.port; PROCESSES];
    ports[FAR] = proxy.port;
    let client = Client::connect(store, server.port).await;
    let processes = Processes::start(store, ports, instances);
    let started = processes.all_shared().await;
    sleep(INTERVAL).await;
    let watch = Watch::start(Client::connect(store, server.port).await);
    let mut bench = Bench { store, server, client, watch, processes, table };
    bench.figure("start", "every instance has a result", format!("{:.1} s", started.as_secs_f64()));
    bench.no_fault(instances).await;
    bench.leader_killed().await;
    bench.leader_frozen().await;
    bench.partition(&proxy).await;
    bench.store_restarted().await;
    bench.store_gone().await;
    let worst = bench.processes.books.lock().expect("no panic").worst_failing;
    bench.goal("all the time", "instances of a process without a result that passes", "0", worst, worst == 0);
}

impl Bench<'_> {
    fn state(&self, fault: &str) -> String {
        format!("{}, {fault}", self.store)
    }

    fn figure(&mut self, fault: &str, subject: &str, measured: String) {
        let state = self.state(fault);
        self.table.figure(&state, subject, measured);
    }

    fn goal(&mut self, fault: &str, subject: &str, goal: &str, measured: impl std::fmt::Display, is_met: bool) {
        let state = self.state(fault);
        self.table.goal(&state, subject, goal, measured, is_met);
    }

    /// Adds the runs of some processes since a time, while the store answers them. A leader that was stopped in its run adds one.
    fn one_run(&mut self, fault: &str, began: Instant, stopped: usize, is_counted: impl Fn(&Run) -> bool) {
        let runs: Vec<_> = self.processes.runs_since(began).into_iter().filter(is_counted).collect();
        let intervals = began.elapsed().as_secs_f64() / INTERVAL.as_secs_f64();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
        let most = intervals as usize + 1;
        let accepted = self.watch.accepted_since(began);
        let stopped_word = if stopped > 0 { " and that of the stopped leader" } else { "" };
        let measured = format!("{} in {intervals:.1} intervals", runs.len());
        self.goal(fault, "runs", &format!("1 per interval{stopped_word}"), measured, runs.len() <= most + stopped);
        let measured = format!("{accepted} in {intervals:.1} intervals");
        // The first may be of a run that began before.
        self.goal(fault, "accepted results", "1 per interval", measured, accepted <= most);
        let times = runs.iter().map(|run| run.at);
        let gap = longest_gap(began, times, Instant::now());
        let limit = INTERVAL + TIMEOUT;
        let goal = format!("{} s", limit.as_secs());
        self.goal(fault, "longest time without a run", &goal, format!("{:.1} s", gap.as_secs_f64()), gap <= limit);
    }

    /// Waits, and returns the most requests of a second.
    async fn busiest_second(&self, time: Duration) -> i64 {
        let (began, mut busiest) = (Instant::now(), 0);
        let mut before = self.count().await;
        while began.elapsed() < time {
            sleep(Duration::from_secs(1)).await;
            let after = self.count().await;
            if let (Some(before), Some(after)) = (before, after) {
                busiest = busiest.max(after - before);
            }
            before = after;
        }
        busiest
    }

    /// Returns the requests of the instances, to be compared with an earlier number. A server that was started again counts anew.
    async fn count(&self) -> Option<i64> {
        let own = self.watch.own_requests();
        requests(&self.server, &self.client).await.map(|all| all.cast_signed() - own.cast_signed())
    }

    async fn no_fault(&mut self, instances: usize) {
        let (before, began) = (self.count().await.expect("an answer"), Instant::now());
        let busiest = self.busiest_second(Duration::from_secs(60)).await;
        let (after, seconds) = (self.count().await.expect("an answer"), began.elapsed().as_secs_f64());
        self.one_run("no fault", began, 0, |_| true);
        #[allow(clippy::cast_precision_loss, reason = "a rate needs no more digits")]
        let [all, instances] = [(after - before) as f64, instances as f64];
        let each = all / seconds * INTERVAL.as_secs_f64() / instances;
        let measured = format!("{each:.2}, which are {:.0} per second, {busiest} in the busiest", all / seconds);
        self.goal("no fault", "requests per instance and interval", "2", measured, each <= 2.0);
        let bytes = self.processes.bytes_per_instance().await;
        let measured = format!("{:.1} KiB", bytes / 1_024.0);
        self.goal("no fault", "memory per instance, without the client", "64 KiB", measured, bytes <= 65_536.0);
    }

    async fn leader_killed(&mut self) {
        let run = self.processes.next_run().await;
        self.processes.kill(run.process);
        let takeover = async { self.processes.next_run().await };
        let (busiest, next) = tokio::join!(self.busiest_second(FAULT), takeover);
        self.took_over("kill -9 of the leader", run, next, busiest);
        self.processes.start_one(run.process);
        self.processes.all_shared().await;
    }

    async fn leader_frozen(&mut self) {
        let run = self.processes.next_run().await;
        self.processes.signal(run.process, "STOP");
        let (busiest, next) = tokio::join!(self.busiest_second(FAULT), self.processes.next_run());
        self.took_over("SIGSTOP of the leader", run, next, busiest);
        let failing = self.processes.books.lock().expect("no panic").worst_failing;
        self.processes.signal(run.process, "CONT");
        let began = Instant::now();
        // Its results are as old as they say, until its instances have read.
        sleep(SLACK).await;
        self.processes.books.lock().expect("no panic").worst_failing = failing;
        sleep(FAULT).await;
        self.one_run("SIGCONT of it", began, 0, |_| true);
        self.processes.all_shared().await;
    }

    fn took_over(&mut self, fault: &str, stopped: Run, next: Run, busiest: i64) {
        let (time, limit) = (next.at - stopped.at, INTERVAL + TIMEOUT);
        let goal = format!("{} s", limit.as_secs());
        self.goal(fault, "the next takes over", &goal, format!("{:.1} s", time.as_secs_f64()), time <= limit);
        self.one_run(fault, stopped.at, 1, |_| true);
        self.figure(fault, "requests in the busiest second", busiest.to_string());
    }

    async fn partition(&mut self, proxy: &Proxy) {
        let fault = "partition of a quarter";
        proxy.cut(true);
        let began = Instant::now();
        sleep(FAULT).await;
        self.one_run(fault, began, 0, |run| run.process != FAR);
        let alone = self.processes.roles(FAR).alone;
        let share = self.processes.share();
        self.goal(fault, "instances behind it that say `alone`", &share.to_string(), alone, alone == share);
        self.each_alone(fault, began, |run| run.process == FAR, share);
        proxy.cut(false);
        self.shared_again("partition healed").await;
    }

    async fn store_restarted(&mut self) {
        self.server.stop();
        self.server.start();
        self.shared_again("store restarted").await;
    }

    async fn store_gone(&mut self) {
        let fault = "store gone for a minute";
        self.server.stop();
        let began = Instant::now();
        sleep(Duration::from_secs(60)).await;
        let instances = self.processes.share() * PROCESSES;
        let alone = self.processes.all_roles().alone;
        self.goal(fault, "instances that say `alone`", &instances.to_string(), alone, alone == instances);
        self.each_alone(fault, began, |_| true, instances);
        self.server.start();
        self.shared_again("store back").await;
    }

    /// Adds the runs of instances that are alone since a time.
    fn each_alone(&mut self, fault: &str, began: Instant, is_counted: impl Fn(&Run) -> bool, instances: usize) {
        let ended = Instant::now();
        let mut times = HashMap::<usize, Vec<Instant>>::new();
        for run in self.processes.runs_since(began).into_iter().filter(is_counted) {
            times.entry(run.instance).or_default().push(run.at);
        }
        let intervals = (ended - began).as_secs_f64() / INTERVAL.as_secs_f64();
        #[allow(clippy::cast_possible_truncation, clippy::cast_sign_loss, reason = "a small number")]
        let most = intervals as usize + 1;
        let worst = times.values().map(Vec::len).max().unwrap_or_default();
        let measured = format!("{worst} in {intervals:.1} intervals");
        self.goal(fault, "runs of the busiest instance", "1 per interval", measured, worst <= most);
        let gaps = times.values().map(|times| longest_gap(began, times.iter().copied(), ended));
        let gap = gaps.max().filter(|_| times.len() == instances).unwrap_or(Duration::MAX);
        let limit = INTERVAL + TIMEOUT + SLACK;
        let (goal, measured) = (format!("{} s", limit.as_secs()), format!("{:.1} s", gap.as_secs_f64()));
        self.goal(fault, "longest time of an instance without a run", &goal, measured, gap <= limit);
    }

    /// Waits until every instance shares its result, and adds the runs from then on.
    async fn shared_again(&mut self, fault: &str) {
        let (busiest, time) = tokio::join!(self.busiest_second(INTERVAL * 2), self.processes.all_shared());
        // Clients connect again in their own time.
        self.figure(fault, "every instance shares again", format!("{:.1} s", time.as_secs_f64()));
        self.figure(fault, "requests in the busiest second", busiest.to_string());
        let began = Instant::now();
        sleep(FAULT).await;
        self.one_run(fault, began, 0, |_| true);
    }
}

/// Returns the longest time between two runs, or between one and an end of the period.
fn longest_gap(began: Instant, times: impl Iterator<Item = Instant>, ended: Instant) -> Duration {
    let mut before = began;
    let mut longest = Duration::ZERO;
    for at in times.chain([ended]) {
        longest = longest.max(at.saturating_duration_since(before));
        before = at;
    }
    longest
}
