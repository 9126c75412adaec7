//! What runs and those who wait for them meet at: locks, the channel of a run's progress, tasks.
//!
//! In the tests of interleavings (`cfg(shuttle)`) they are a model checker's, which says at each of them who goes on.
//! `cfg(test)` stands beside it, so that a user's own `--cfg shuttle` changes nothing here.

#[cfg(not(all(test, shuttle)))]
pub(crate) use std::sync::{Mutex, MutexGuard};

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::{
    future::JoinHandle,
    sync::{Mutex, MutexGuard},
};
use tokio::runtime::Handle;
#[cfg(not(all(test, shuttle)))]
pub(crate) use tokio::{sync::watch, task::JoinHandle};

/// Has a task run that may block its thread.
///
/// The empty task behind it makes Tokio wake another worker thread. One task alone goes to the thread that spawns it,
/// without a word to the others; should that thread be the one that waits for timers, and be blocked by the task, no
/// timer of the whole runtime would fire again, and nobody could give the run up.
#[cfg(not(all(test, shuttle)))]
pub(crate) fn spawn(runtime: &Handle, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    let task = runtime.spawn(task);
    runtime.spawn(async {});
    task
}

#[cfg(all(test, shuttle))]
pub(crate) fn spawn(_: &Handle, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    shuttle::future::spawn(task)
}

/// Tokio's own channel, with a moment before each step in which others may go on. What goes on inside a step is for
/// Tokio's tests: it checks the channel with a model checker itself.
#[cfg(all(test, shuttle))]
pub(crate) mod watch {
    use shuttle::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::watch;
    pub(crate) use tokio::sync::watch::error::RecvError;

    #[derive(Debug)]
    pub(crate) struct Sender<T>(watch::Sender<T>);

    #[derive(Clone, Debug)]
    pub(crate) struct Receiver<T>(watch::Receiver<T>);

    /// Steps of an atomic are what the model checker looks at; what it holds does not matter.
    fn others_may_go_on() {
        AtomicBool::new(true).load(Ordering::SeqCst);
    }

    pub(crate) fn channel<T>(value: T) -> (Sender<T>, Receiver<T>) {
        let (sender, receiver) = watch::channel(value);
        (Sender(sender), Receiver(receiver))
    }

    impl<T> Sender<T> {
        pub(crate) fn subscribe(&self) -> Receiver<T> {
            Receiver(self.0.subscribe())
        }

        pub(crate) fn send_replace(&self, value: T) {
            others_may_go_on();
            self.0.send_replace(value);
            others_may_go_on();
        }
    }

    impl<T: Clone> Receiver<T> {
        /// A copy, because the lock in a borrowed value is one that the model checker does not know.
        pub(crate) fn borrow_and_update(&mut self) -> Box<T> {
            others_may_go_on();
            Box::new(self.0.borrow_and_update().clone())
        }

        pub(crate) async fn changed(&mut self) -> Result<(), RecvError> {
            others_may_go_on();
            self.0.changed().await
        }
    }
}
