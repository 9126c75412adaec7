//! Clients of a store that are slow, that break, and whose process stands still.

use std::{
    sync::{
        Arc,
        atomic::{AtomicBool, AtomicU64, Ordering},
    },
    time::Duration,
};

use health_runtime::{Fleet, FleetRole, FleetStore, Monitor, Registry, StoreFuture, probes::AskError};
use tokio::{
    sync::Semaphore,
    time::{advance, sleep},
};

use super::{
    INTERVAL, Work, result, role,
    store::{Link, Store},
};

/// Time that a process stands still, in which a read is over and a run is not.
const SHORT_STANDSTILL: Duration = Duration::from_secs(5);

/// Time that a process stands still. The results of its instances are not stale after it.
const STANDSTILL: Duration = Duration::from_secs(25);

/// A client with a fault, between an instance and its link to the store.
struct Client {
    link: Link,
    fault: Fault,
}

#[derive(Clone)]
enum Fault {
    /// Connecting takes this long, and begins anew if the request is dropped meanwhile.
    Connects(Duration, Arc<AtomicBool>),
    /// Every second request fails, by its number.
    Breaks(Arc<AtomicU64>),
    /// Requests wait for a connection of a pool. The answer takes this many milliseconds in each direction.
    Pool([u64; 2], Arc<Semaphore>),
    Panics,
}

impl Fault {
    async fn happen(self) -> Result<(), AskError> {
        match self {
            Self::Connects(time, is_connected) => {
                if !is_connected.load(Ordering::Relaxed) {
                    sleep(time).await;
                    is_connected.store(true, Ordering::Relaxed);
                }
            }
            Self::Breaks(requests) => {
                if requests.fetch_add(1, Ordering::Relaxed).is_multiple_of(2) {
                    return Err(AskError::new("connection reset by peer"));
                }
            }
            Self::Pool(times, pool) => {
                let _connection = pool.acquire().await?;
                for millis in times.into_iter().filter(|millis| *millis > 0) {
                    sleep(Duration::from_millis(millis)).await;
                }
            }
            Self::Panics => panic!("a defect of the client"),
        }
        Ok(())
    }
}

impl FleetStore for Client {
    fn read(&self, key: &str) -> StoreFuture<Option<String>> {
        let (fault, link, key) = (self.fault.clone(), self.link.clone(), key.to_owned());
        Box::pin(async move {
            fault.happen().await?;
            link.read(&key).await
        })
    }

    fn swap(&self, key: &str, expected: Option<&str>, value: &str) -> StoreFuture<bool> {
        self.link.swap(key, expected, value)
    }
}

fn instances(number: usize, store: &Arc<Store>, work: &Work, fault: impl Fn() -> Fault) -> Vec<Monitor> {
    let start = |index| {
        let client = Client { link: store.link(), fault: fault() };
        let fleet = Fleet::new("orders", client).instance(format!("pod-{index}"));
        Monitor::new(Registry::builder().check(work.check()).fleet(fleet).build().expect("a good check"))
    };
    (0..number).map(start).collect()
}

/// Asserts that one instance runs the check in each interval, and that all share its results.
async fn assert_shared(fleet: &[Monitor], work: &Work) {
    let runs = work.runs();
    for _ in 0..100 {
        sleep(INTERVAL / 10).await;
        for monitor in fleet {
            assert_ne!(role(monitor).await, FleetRole::Alone);
        }
    }
    assert!((8..=10).contains(&(work.runs() - runs)), "{} runs in 10 intervals", work.runs() - runs);
}

#[tokio::test(start_paused = true)]
async fn slow_answer_leaves_no_instance_alone() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(4, &store, &work, || Fault::Pool([750, 750], Arc::new(Semaphore::new(1))));
    sleep(INTERVAL * 3).await;
    assert_shared(&fleet, &work).await;
}

#[tokio::test(start_paused = true)]
async fn client_that_connects_slowly_is_connected_at_last() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(4, &store, &work, || Fault::Connects(Duration::from_secs(4), Arc::default()));
    sleep(INTERVAL * 4).await;
    assert_shared(&fleet, &work).await;
}

#[tokio::test(start_paused = true)]
async fn client_that_reports_a_broken_connection_is_asked_again() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(4, &store, &work, || Fault::Breaks(Arc::default()));
    sleep(INTERVAL * 3).await;
    assert_shared(&fleet, &work).await;
}

#[tokio::test(start_paused = true)]
async fn panic_of_the_client_leaves_instances_alone() {
    let (store, work) = (Arc::<Store>::default(), Work::default());
    let fleet = instances(2, &store, &work, || Fault::Panics);
    sleep(INTERVAL * 3).await;
    for monitor in &fleet {
        assert_eq!(role(monitor).await, FleetRole::Alone);
    }
}

/// The time for the answer is over before it can come.
#[tokio::test(start_paused = true)]
async fn standstill_during_a_read_leaves_no_instance_alone() {
    let (store, work, pool) = (Arc::<Store>::default(), Work::default(), Arc::new(Semaphore::new(1)));
    let fleet = instances(4, &store, &work, || Fault::Pool([100, 100], Arc::clone(&pool)));
    sleep(INTERVAL * 3).await;
    for _ in 0..20 {
        while pool.available_permits() > 0 {
            sleep(Duration::from_millis(10)).await;
        }
        advance(SHORT_STANDSTILL).await;
        for _ in 0..40 {
            sleep(Duration::from_millis(97)).await;
            for monitor in &fleet {
                assert_ne!(role(monitor).await, FleetRole::Alone);
            }
        }
    }
}

/// All timers of a process that stood still run out at once.
#[tokio::test(start_paused = true)]
async fn instances_that_stood_still_do_not_read_at_once() {
    let (store, work, pool) = (Arc::<Store>::default(), Work::default(), Arc::new(Semaphore::new(200)));
    let _fleet = instances(200, &store, &work, || Fault::Pool([0, 0], Arc::clone(&pool)));
    sleep(INTERVAL * 3).await;
    for _ in 0..5 {
        advance(STANDSTILL).await;
        let before = store.requests();
        sleep(Duration::from_millis(100)).await;
        let requests = store.requests() - before;
        assert!(requests <= 50, "{requests} requests of 200 instances in 100 ms");
        sleep(INTERVAL * 2).await;
    }
}

#[tokio::test(start_paused = true)]
async fn instances_that_stood_still_wait_for_their_pool() {
    let (store, work, pool) = (Arc::<Store>::default(), Work::default(), Arc::new(Semaphore::new(1)));
    let fleet = instances(200, &store, &work, || Fault::Pool([5, 5], Arc::clone(&pool)));
    sleep(INTERVAL * 3).await;
    for _ in 0..3 {
        let runs = work.runs();
        advance(STANDSTILL).await;
        // A read that was in progress is over, as any run that takes longer than its limit.
        sleep(INTERVAL * 2).await;
        assert!(work.runs() - runs <= 3, "{} runs", work.runs() - runs);
        assert_shared(&fleet, &work).await;
    }
}

/// A read that was in progress is over, as any run that takes longer than its limit. The next one follows at once.
#[tokio::test(start_paused = true)]
async fn read_that_a_long_standstill_ends_is_repeated_at_once() {
    // The answer is there when the process goes on, or comes after the end of the run.
    for times in [[200, 0], [100, 100]] {
        let (store, work, pool) = (Arc::<Store>::default(), Work::default(), Arc::new(Semaphore::new(1)));
        let fleet = instances(4, &store, &work, || Fault::Pool(times, Arc::clone(&pool)));
        sleep(INTERVAL * 3).await;
        for _ in 0..20 {
            while pool.available_permits() > 0 {
                sleep(Duration::from_millis(10)).await;
            }
            advance(STANDSTILL).await;
            sleep(Duration::from_secs(3)).await;
            for monitor in &fleet {
                assert_eq!(result(monitor).await.cause(), None, "{times:?}");
            }
            sleep(INTERVAL).await;
        }
    }
}
