//! The processes of the fleet, and everything that they print.

use std::{
    env, fs,
    io::{BufRead, BufReader},
    process::{Child, Command, Stdio},
    sync::{Arc, Mutex},
    thread,
    time::{Duration, Instant},
};

use tokio::time::sleep;

use crate::{PART, PROCESSES};

/// A start of the function of the check.
#[derive(Clone, Copy)]
pub(crate) struct Run {
    pub(crate) at: Instant,
    pub(crate) process: usize,
    pub(crate) instance: usize,
}

/// The instances of one process, by their latest results.
#[derive(Clone, Copy, Default)]
pub(crate) struct Roles {
    pub(crate) shared: usize,
    pub(crate) alone: usize,
    /// Without a result that passes.
    pub(crate) failing: usize,
}

#[derive(Default)]
pub(crate) struct Books {
    pub(crate) runs: Vec<Run>,
    roles: [Roles; PROCESSES],
    /// Most instances at a time without a result that passes.
    pub(crate) worst_failing: usize,
}

/// All processes, which end with this value.
pub(crate) struct Processes {
    store: String,
    /// The port of the store for each process: the last one has a proxy between.
    ports: [u16; PROCESSES],
    instances: usize,
    children: [Option<Child>; PROCESSES],
    pub(crate) books: Arc<Mutex<Books>>,
}

impl Processes {
    pub(crate) fn start(store: &str, ports: [u16; PROCESSES], instances: usize) -> Self {
        let children = [const { None }; PROCESSES];
        let mut all = Self { store: store.to_owned(), ports, instances, children, books: Arc::default() };
        (0..PROCESSES).for_each(|process| all.start_one(process));
        all
    }

    /// Returns the number of instances of each process.
    pub(crate) const fn share(&self) -> usize {
        self.instances / PROCESSES
    }

    pub(crate) fn start_one(&mut self, process: usize) {
        let mut child = spawn(&self.store, self.ports[process], process * self.share(), self.share());
        let (output, books) = (child.stdout.take().expect("its output"), Arc::clone(&self.books));
        thread::spawn(move || {
            for line in BufReader::new(output).lines().map_while(Result::ok) {
                let mut words = line.split(' ');
                let name = words.next();
                let mut number = || words.next().and_then(|word| word.parse().ok()).unwrap_or_default();
                let mut books = books.lock().expect("no panic");
                if name == Some("run") {
                    books.runs.push(Run { at: Instant::now(), process, instance: number() });
                } else if name == Some("roles") {
                    let roles = Roles { shared: number(), alone: number(), failing: number() };
                    books.roles[process] = roles;
                    books.worst_failing = books.worst_failing.max(roles.failing);
                }
            }
        });
        self.children[process] = Some(child);
    }

    pub(crate) fn kill(&mut self, process: usize) {
        let mut child = self.children[process].take().expect("a process that runs");
        let _ = child.kill();
        let _ = child.wait();
        self.books.lock().expect("no panic").roles[process] = Roles::default();
    }

    pub(crate) fn signal(&self, process: usize, signal: &str) {
        let id = self.children[process].as_ref().expect("a process that runs").id().to_string();
        let status = Command::new("kill").arg(format!("-{signal}")).arg(id).status().expect("kill is installed");
        assert!(status.success(), "{signal}");
    }

    pub(crate) fn roles(&self, process: usize) -> Roles {
        self.books.lock().expect("no panic").roles[process]
    }

    /// Returns the roles of all instances together.
    pub(crate) fn all_roles(&self) -> Roles {
        let roles = |sum: Roles, process| {
            let roles = self.roles(process);
            Roles {
                shared: sum.shared + roles.shared,
                alone: sum.alone + roles.alone,
                failing: sum.failing + roles.failing,
            }
        };
        (0..PROCESSES).fold(Roles::default(), roles)
    }

    /// Waits until every instance shares its result, and returns the time that it took.
    pub(crate) async fn all_shared(&self) -> Duration {
        let began = Instant::now();
        while self.all_roles().shared < self.share() * PROCESSES && began.elapsed() < Duration::from_secs(120) {
            sleep(Duration::from_millis(50)).await;
        }
        began.elapsed()
    }

    /// Waits for the next run.
    pub(crate) async fn next_run(&self) -> Run {
        let known = self.books.lock().expect("no panic").runs.len();
        loop {
            if let Some(run) = self.books.lock().expect("no panic").runs.get(known) {
                return *run;
            }
            sleep(Duration::from_millis(2)).await;
        }
    }

    /// Returns the runs from a time on.
    pub(crate) fn runs_since(&self, began: Instant) -> Vec<Run> {
        let books = self.books.lock().expect("no panic");
        books.runs.iter().filter(|run| run.at >= began).copied().collect()
    }

    /// Returns the memory of an instance: that of a process, less that of a process with one instance.
    pub(crate) async fn bytes_per_instance(&self) -> f64 {
        let mut single = spawn(&self.store, self.ports[0], self.instances, 1);
        sleep(Duration::from_secs(5)).await;
        let id = self.children[0].as_ref().expect("a process that runs").id();
        let bytes = resident_bytes(id) - resident_bytes(single.id());
        let _ = single.kill();
        let _ = single.wait();
        #[allow(clippy::cast_precision_loss, reason = "a number of instances")]
        let others = (self.share() - 1) as f64;
        bytes / others
    }
}

impl Drop for Processes {
    fn drop(&mut self) {
        for child in self.children.iter_mut().flatten() {
            let _ = child.kill();
            let _ = child.wait();
        }
    }
}

fn spawn(store: &str, port: u16, first: usize, count: usize) -> Child {
    let mut command = Command::new(env::current_exe().expect("this program"));
    command.env(PART, format!("{store} {port} {first} {count}"));
    command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::null()).spawn().expect("a process")
}

fn resident_bytes(process: u32) -> f64 {
    let status = fs::read_to_string(format!("/proc/{process}/status")).expect("a process that runs");
    let line = status.lines().find_map(|line| line.strip_prefix("VmRSS:")).expect("its memory");
    line.trim().trim_end_matches(" kB").parse::<f64>().expect("a number") * 1_024.0
}
