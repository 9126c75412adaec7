//! Random schedules of faults, as in the model of `tests/fleet_model`, against the implementation.

use std::{sync::Arc, time::Duration};

use health_runtime::{Monitor, Status};
use proptest::{collection::vec, prelude::*};
use tokio::time::{Instant, advance, sleep};

use super::{
    INTERVAL, LEASE, Work, instance, result,
    store::{Link, Store},
};

#[derive(Clone, Copy, Debug)]
enum Event {
    Wait(u64),
    Kill(usize),
    Start(usize),
    Cut(usize),
    Delay(usize, u64),
    Mend(usize),
    StandStill(u64),
    LoseMemory,
    Poison,
}

fn event() -> impl Strategy<Value = Event> {
    prop_oneof![
        4 => (1..15_000_u64).prop_map(Event::Wait),
        1 => (0..3_usize).prop_map(Event::Kill),
        2 => (0..3_usize).prop_map(Event::Start),
        1 => (0..3_usize).prop_map(Event::Cut),
        1 => (0..3_usize, 1..4_000_u64).prop_map(|(index, millis)| Event::Delay(index, millis)),
        2 => (0..3_usize).prop_map(Event::Mend),
        1 => (1..40_000_u64).prop_map(Event::StandStill),
        1 => Just(Event::LoseMemory),
        1 => Just(Event::Poison),
    ]
}

struct Fleet {
    store: Arc<Store>,
    work: Work,
    links: [Link; 3],
    instances: [Option<Monitor>; 3],
}

impl Fleet {
    fn start(&mut self, index: usize) {
        let name = format!("pod-{index}");
        self.instances[index] = Some(instance(self.work.check(), &name, self.links[index].clone()));
    }

    fn mend(&self, index: usize) {
        self.links[index].cut(false);
        self.links[index].delay(0);
    }
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 48, ..ProptestConfig::default() })]

    #[test]
    fn faults_break_no_promise(events in vec(event(), 1..24)) {
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().start_paused(true).build();
        runtime.expect("a runtime").block_on(survive(events));
    }
}

async fn survive(events: Vec<Event>) {
    let store = Arc::<Store>::default();
    let links = [store.link(), store.link().silent(), store.link()];
    let mut fleet = Fleet { store, work: Work::default(), links, instances: [None, None, None] };
    (0..3).for_each(|index| fleet.start(index));
    // Times at which the books begin anew: the store was without memory, or its entry damaged.
    let mut losses = vec![Instant::now()];
    for event in events {
        match event {
            Event::Wait(millis) => sleep(Duration::from_millis(millis)).await,
            Event::Kill(index) => {
                // A run in progress goes on, and what is dead writes nothing.
                fleet.links[index].cut(true);
                fleet.links[index] = fleet.store.link();
                fleet.instances[index] = None;
            }
            Event::Start(index) if fleet.instances[index].is_some() => {}
            Event::Start(index) => fleet.start(index),
            Event::Cut(index) => fleet.links[index].cut(true),
            Event::Delay(index, millis) => fleet.links[index].delay(millis),
            Event::Mend(index) => fleet.mend(index),
            // The process of all three.
            Event::StandStill(millis) => advance(Duration::from_millis(millis)).await,
            Event::LoseMemory => {
                fleet.store.lose_memory();
                losses.push(Instant::now());
            }
            Event::Poison => {
                fleet.store.poison("poison");
                losses.push(Instant::now());
            }
        }
    }
    // After the last fault there is a result within an interval and the lease, and then one in each interval.
    (0..3).for_each(|index| fleet.mend(index));
    (0..3)
        .filter(|index| fleet.instances[*index].is_none())
        .collect::<Vec<_>>()
        .into_iter()
        .for_each(|index| fleet.start(index));
    let mended = Instant::now();
    let slack = INTERVAL / 2;
    sleep(INTERVAL + LEASE + INTERVAL + slack).await;
    let results = fleet.store.results();
    let first = results.iter().find(|(_, done)| *done >= mended);
    assert!(first.is_some_and(|(_, done)| *done - mended <= INTERVAL + LEASE + INTERVAL + slack), "{first:?}");
    let runs = fleet.work.runs();
    sleep(INTERVAL * 10).await;
    assert!((8..=10).contains(&(fleet.work.runs() - runs)), "{} runs", fleet.work.runs() - runs);
    for monitor in fleet.instances.iter().flatten() {
        assert_eq!(result(monitor).await.status(), Status::Pass);
    }
    // Never two results in one interval, as long as the store keeps its entry.
    for pair in fleet.store.results().windows(2) {
        let (before, next) = (pair[0].0, pair[1].0);
        let is_kept = !losses.iter().any(|lost| (before..=next).contains(lost));
        assert!(!is_kept || next - before >= INTERVAL, "{:?} between two leases", next - before);
    }
}
