//! A few instances, their clocks, the store and the messages between them, in every order. The decisions are those of the
//! implementation, whose file is a module here.
//!
//! An instance may die, or stop for any time with its clock. A request or its answer may be lost, or arrive after the
//! instance has given it up. The store may restart without its memory. A budget bounds the number of these faults, and nothing
//! bounds the time: states that differ by their age alone are one.

#[allow(dead_code, reason = "the model writes no foreign entry")]
#[path = "../../../health-runtime/src/fleet/lease.rs"]
mod lease;

use std::{
    hash::{BuildHasher, BuildHasherDefault, DefaultHasher},
    process::ExitCode,
    sync::atomic::{AtomicBool, Ordering::Relaxed},
    time::Duration,
};

use lease::{Found, Lease, Pace, Runs, Step};
use stateright::{Checker, Model, Property};

const PACE: Pace =
    Pace { pause: Duration::from_secs(2), lease: Duration::from_secs(2), recheck: Duration::from_secs(1) };
/// Ticks that a run may take, and that a poll may be late. Requests of an instance that works are answered in their tick, in any
/// order; one that takes longer is a pause.
const SLACK: u8 = 1;
/// Ticks from a result, or from a fault, to the next result: an interval, the lease, and the slack of a poll, of the look at
/// the lease and of the run.
const MAX_QUIET: u8 = 2 + 2 + 4 * SLACK;
/// The clock of every instance after a step. Ages above it make no difference.
const NOW: u8 = 4;

/// Whether a schedule has an instance that follows another, a leader that is refused, and a run that is taken over. Not part
/// of a state, because that would multiply the states.
static HAS_FOLLOWED: AtomicBool = AtomicBool::new(false);
static HAS_FENCED: AtomicBool = AtomicBool::new(false);
static HAS_TAKEN_OVER: AtomicBool = AtomicBool::new(false);

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct Instance {
    is_alive: bool,
    is_paused: bool,
    /// It stands still during a pause, as that of a virtual machine.
    clock: u8,
    lease: Lease,
    phase: Phase,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Phase {
    Idle { until: u8 },
    Read { found: Option<Runs> },
    Leasing { since: u8, swap: Swap },
    Running { since: u8, entry: Runs },
    Publishing { swap: Swap },
}

#[derive(Clone, Copy, Debug, PartialEq, Eq, Hash, PartialOrd, Ord)]
struct Swap {
    expected: Option<[u64; 3]>,
    value: [u64; 3],
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
struct World {
    store: Option<Runs>,
    instances: Vec<Instance>,
    /// Requests that their instance has given up, and that may still arrive.
    late: Vec<Swap>,
    faults_left: u8,
    next_token: u64,
    /// Ticks since the run in progress was leased, and the same of the latest run with a result.
    lease_age: u8,
    done_lease_age: Option<u8>,
    done_run: u64,
    /// Ticks since the latest result or fault, while an instance works.
    quiet: u8,
    flaw: Option<&'static str>,
}

#[derive(Clone, Debug, PartialEq, Eq, Hash)]
enum Event {
    Tick,
    Poll(usize),
    Act(usize),
    Finish(usize),
    GiveUp(usize),
    Arrive(usize),
    Kill(usize),
    Pause(usize),
    Resume(usize),
    Wipe,
}

struct Fleet {
    instances: usize,
    faults: u8,
}

fn packed(entry: Runs) -> [u64; 3] {
    [entry.run, entry.done.unwrap_or_default(), entry.running.unwrap_or_default()]
}

fn unpacked([run, done, running]: [u64; 3]) -> Runs {
    let token = |token| (token != 0).then_some(token);
    Runs { run, done: token(done), running: token(running) }
}

fn seconds(clock: u8) -> Duration {
    Duration::from_secs(u64::from(clock))
}

impl Instance {
    fn works(&self) -> bool {
        self.is_alive && !self.is_paused
    }

    /// Returns whether the next event of this instance has to come before the next tick.
    fn is_urgent(&self) -> bool {
        let is_late = match &self.phase {
            Phase::Idle { until: since } | Phase::Running { since, .. } => self.clock >= since + SLACK,
            Phase::Read { .. } | Phase::Leasing { .. } | Phase::Publishing { .. } => true,
        };
        self.works() && is_late
    }

    fn rest(&mut self) {
        let wait = self.lease.wait(seconds(self.clock), &PACE).as_secs();
        self.phase = Phase::Idle { until: self.clock + u8::try_from(wait).expect("few ticks") };
    }

    fn run_alone(&mut self) {
        self.lease.ran_alone(seconds(self.clock));
        self.rest();
    }
}

impl World {
    fn swap(&mut self, swap: Swap) -> bool {
        let is_swapped = self.store.map(packed) == swap.expected;
        if is_swapped {
            let entry = unpacked(swap.value);
            self.store = Some(entry);
            if entry.running.is_some() {
                let is_taken_over = swap.expected.is_some_and(|before| unpacked(before).running.is_some());
                HAS_TAKEN_OVER.fetch_or(is_taken_over, Relaxed);
                self.lease_age = 0;
            } else {
                self.accept(entry);
            }
        }
        is_swapped
    }

    /// Takes the result of a run into the books.
    fn accept(&mut self, entry: Runs) {
        self.quiet = 0;
        if let Some(before) = self.done_lease_age {
            if u64::from(before - self.lease_age) < PACE.pause.as_secs() {
                self.flaw = Some("two results were accepted in one interval");
            }
            if entry.run <= self.done_run {
                self.flaw = Some("a run that had lost its lease was accepted");
            }
        }
        self.done_lease_age = Some(self.lease_age);
        self.done_run = entry.run;
    }

    fn fault(&mut self) {
        self.faults_left -= 1;
        self.quiet = 0;
    }

    /// Replaces times by their ages, tokens by their order, and numbers of runs by their differences, as far as they matter.
    fn forget(&mut self) {
        let (ages, mut tokens, mut runs) = (u64::from(NOW), Vec::new(), vec![self.done_run]);
        self.each_entry(&mut |entry| {
            tokens.extend(entry.done.into_iter().chain(entry.running));
            runs.push(entry.run);
        });
        self.each_token(&mut |token| tokens.push(*token));
        runs.sort_unstable();
        runs.dedup();
        // A run follows another or does not.
        let gaps = |upto: usize| runs[..=upto].windows(2).map(|pair| (pair[1] - pair[0]).min(2)).sum::<u64>();
        let renumbered = |run: u64| runs.binary_search(&run).map_or(run, gaps);
        tokens.sort_unstable();
        tokens.dedup();
        let renamed = |token: u64| tokens.binary_search(&token).map_or(0, |index| index as u64 + 1);
        self.each_entry(&mut |entry| {
            entry.run = renumbered(entry.run);
            entry.done = entry.done.map(renamed);
            entry.running = entry.running.map(renamed);
        });
        self.each_token(&mut |token| *token = renamed(*token));
        self.done_run = renumbered(self.done_run);
        self.quiet = self.quiet.min(MAX_QUIET + 1);
        self.next_token = tokens.len() as u64 + 1;
        // A gap of an interval is as good as any longer one.
        let limit = PACE.pause.as_secs() as u8;
        let excess = self.lease_age.saturating_sub(limit * 2);
        self.lease_age -= excess;
        self.done_lease_age = self.done_lease_age.map(|age| (age - excess.min(age)).min(self.lease_age + limit));
        for instance in &mut self.instances {
            let clock = u64::from(instance.clock);
            let aged = |time: Duration| Duration::from_secs((time.as_secs() + ages).saturating_sub(clock));
            let Lease { seen, run, alone, .. } = &mut instance.lease;
            *seen = seen.map(|(seen, since)| (seen, aged(since)));
            *run = run.map(|(token, since)| (token, aged(since)));
            *alone = alone.map(aged);
            if let Phase::Idle { until: time }
            | Phase::Leasing { since: time, .. }
            | Phase::Running { since: time, .. } = &mut instance.phase
            {
                *time = (*time + NOW).saturating_sub(instance.clock);
            }
            instance.clock = NOW;
            if !instance.is_alive {
                instance.lease = Lease::default();
                instance.phase = Phase::Idle { until: NOW };
            }
        }
        // The instances are alike.
        let hash = BuildHasherDefault::<DefaultHasher>::default();
        self.instances.sort_by_cached_key(|instance| hash.hash_one(instance));
    }

    fn each_entry(&mut self, visit: &mut dyn FnMut(&mut Runs)) {
        let mut packed_visit = |value: &mut [u64; 3]| {
            let mut entry = unpacked(*value);
            visit(&mut entry);
            *value = packed(entry);
        };
        let mut swaps: Vec<&mut Swap> = self.late.iter_mut().collect();
        let mut entries: Vec<&mut Runs> = self.store.iter_mut().collect();
        for instance in &mut self.instances {
            match &mut instance.phase {
                Phase::Read { found: Some(entry) } | Phase::Running { entry, .. } => entries.push(entry),
                Phase::Leasing { swap, .. } | Phase::Publishing { swap } => swaps.push(swap),
                _ => {}
            }
            if let Some((Found::Entry(entry), _)) = &mut instance.lease.seen {
                entries.push(entry);
            }
        }
        for swap in swaps {
            swap.expected.iter_mut().for_each(&mut packed_visit);
            packed_visit(&mut swap.value);
        }
        entries.into_iter().for_each(visit);
    }

    fn each_token(&mut self, visit: &mut dyn FnMut(&mut u64)) {
        for Instance { lease, .. } in &mut self.instances {
            lease.run.iter_mut().for_each(|(token, _)| visit(token));
            lease.followed.iter_mut().for_each(&mut *visit);
        }
    }

    fn act(&mut self, index: usize) -> Option<()> {
        let clock = self.instances[index].clock;
        match self.instances[index].phase.clone() {
            Phase::Read { found } => {
                let instance = &mut self.instances[index];
                let step = instance.lease.decide(found.map_or(Found::Nothing, Found::Entry), seconds(clock), &PACE);
                match step {
                    Step::Lease { run } => {
                        let done = found.and_then(|entry| entry.done);
                        let entry = Runs { run, done, running: Some(self.next_token) };
                        self.next_token += 1;
                        let swap = Swap { expected: found.map(packed), value: packed(entry) };
                        instance.phase = Phase::Leasing { since: clock, swap };
                    }
                    Step::Follow => {
                        HAS_FOLLOWED.store(true, Relaxed);
                        instance.rest();
                    }
                    Step::RunAlone => instance.run_alone(),
                    Step::Wait => instance.rest(),
                }
            }
            Phase::Leasing { since, swap } => {
                let is_leased = self.swap(swap);
                let instance = &mut self.instances[index];
                if is_leased {
                    let entry = unpacked(swap.value);
                    instance.lease.leased(entry, seconds(since));
                    instance.phase = Phase::Running { since: clock, entry };
                } else {
                    instance.lease.lost();
                    instance.rest();
                }
            }
            Phase::Publishing { swap } => {
                let is_published = self.swap(swap);
                let instance = &mut self.instances[index];
                if is_published {
                    instance.lease.finished(unpacked(swap.value), seconds(clock));
                } else {
                    HAS_FENCED.store(true, Relaxed);
                    instance.lease.lost();
                }
                instance.rest();
            }
            Phase::Idle { .. } | Phase::Running { .. } => return None,
        }
        Some(())
    }
}

impl Model for Fleet {
    type State = World;
    type Action = Event;

    fn init_states(&self) -> Vec<World> {
        let instance = Instance {
            is_alive: true,
            is_paused: false,
            clock: NOW,
            lease: Lease::default(),
            phase: Phase::Idle { until: NOW },
        };
        vec![World {
            store: None,
            instances: vec![instance; self.instances],
            late: Vec::new(),
            faults_left: self.faults,
            next_token: 1,
            lease_age: 0,
            done_lease_age: None,
            done_run: 0,
            quiet: 0,
            flaw: None,
        }]
    }

    fn actions(&self, world: &World, events: &mut Vec<Event>) {
        let has_budget = world.faults_left > 0;
        for (index, instance) in world.instances.iter().enumerate() {
            if instance.is_paused {
                events.push(Event::Resume(index));
            }
            if !instance.works() {
                continue;
            }
            match &instance.phase {
                Phase::Idle { until } if instance.clock >= *until => events.push(Event::Poll(index)),
                Phase::Idle { .. } => {}
                Phase::Running { .. } => events.push(Event::Finish(index)),
                _ => events.push(Event::Act(index)),
            }
            if has_budget {
                events.extend([Event::Kill(index), Event::Pause(index)]);
                if !matches!(instance.phase, Phase::Idle { .. } | Phase::Running { .. }) {
                    events.push(Event::GiveUp(index));
                }
            }
        }
        events.extend((0..world.late.len()).map(Event::Arrive));
        if has_budget && world.store.is_some() {
            events.push(Event::Wipe);
        }
        if !world.instances.iter().any(Instance::is_urgent) {
            events.push(Event::Tick);
        }
    }

    fn next_state(&self, world: &World, event: Event) -> Option<World> {
        let mut world = world.clone();
        match event {
            Event::Tick => {
                world.lease_age += 1;
                world.done_lease_age = world.done_lease_age.map(|age| age + 1);
                world.quiet += u8::from(world.instances.iter().any(Instance::works));
                world.instances.iter_mut().filter(|instance| instance.works()).for_each(|instance| instance.clock += 1);
            }
            Event::Poll(index) => {
                world.instances[index].phase = Phase::Read { found: world.store };
            }
            Event::Act(index) => world.act(index)?,
            Event::Finish(index) => {
                let instance = &mut world.instances[index];
                let Phase::Running { entry, .. } = instance.phase else { return None };
                let done = Runs { run: entry.run, done: entry.running, running: None };
                let swap = Swap { expected: Some(packed(entry)), value: packed(done) };
                instance.phase = Phase::Publishing { swap };
            }
            Event::GiveUp(index) => {
                world.fault();
                // The request may have been lost, or have arrived and its answer was lost, or arrive at any time.
                if let Phase::Leasing { swap, .. } | Phase::Publishing { swap } = world.instances[index].phase {
                    world.late.push(swap);
                    world.late.sort_unstable();
                }
                // It runs the check by itself, or keeps the result that it has.
                world.instances[index].run_alone();
            }
            Event::Arrive(index) => {
                let swap = world.late.remove(index);
                if world.swap(swap) {
                    // The lease of an instance that does not run the check is the same fault once more.
                    world.quiet = 0;
                }
            }
            Event::Kill(index) => {
                world.fault();
                world.instances[index].is_alive = false;
            }
            Event::Pause(index) => {
                world.fault();
                world.instances[index].is_paused = true;
            }
            Event::Resume(index) => world.instances[index].is_paused = false,
            Event::Wipe => {
                world.fault();
                world.store = None;
                world.done_lease_age = None;
            }
        }
        world.forget();
        Some(world)
    }

    fn properties(&self) -> Vec<Property<Self>> {
        vec![
            Property::always("never two results in one interval", |_, world: &World| world.flaw.is_none()),
            Property::always("never none for longer than an interval and the lease", |_, world: &World| {
                world.quiet <= MAX_QUIET
            }),
        ]
    }
}

fn main() -> ExitCode {
    let number = |index, default| std::env::args().nth(index).and_then(|text| text.parse().ok()).unwrap_or(default);
    let (faults, instances) = (number(1, 1), number(2, 3));
    let threads = std::thread::available_parallelism().map_or(1, usize::from);
    let checker = Fleet { instances: instances.into(), faults }.checker().threads(threads).spawn_bfs().join();
    println!(
        "{instances} instances, {faults} faults: {} states, {} of them different",
        checker.state_count(),
        checker.unique_state_count()
    );
    for (name, path) in checker.discoveries() {
        println!("broken: {name}\n{path}");
    }
    let seen = [("follows", &HAS_FOLLOWED), ("is fenced", &HAS_FENCED), ("is replaced", &HAS_TAKEN_OVER)];
    let missing: Vec<&str> = seen.iter().filter(|(_, has)| !has.load(Relaxed)).map(|(word, _)| *word).collect();
    println!("no schedule in which an instance {missing:?}");
    let is_right = checker.is_done() && checker.discoveries().is_empty() && missing.is_empty();
    if is_right { ExitCode::SUCCESS } else { ExitCode::FAILURE }
}
