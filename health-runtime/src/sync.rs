//! Synchronization of runs and their observers: locks, the channel of a run's progress, tasks.
//!
//! Under `cfg(shuttle)` all of them are a model checker's, which chooses the interleavings. `cfg(test)` is required as
//! well, so that a user's own `--cfg shuttle` changes nothing here.

#[cfg(not(all(test, shuttle)))]
pub(crate) use std::sync::Mutex;
#[cfg(not(all(test, shuttle)))]
use std::sync::{MutexGuard, PoisonError};

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::{future::JoinHandle, sync::Mutex};
use tokio::runtime::Handle;
#[cfg(not(all(test, shuttle)))]
pub(crate) use tokio::{sync::watch, task::JoinHandle};

/// Locks a mutex. A poisoned one is as good as any: no code of this crate panics while it holds a lock.
#[cfg(not(all(test, shuttle)))]
pub(crate) fn lock<T: ?Sized>(mutex: &Mutex<T>) -> MutexGuard<'_, T> {
    mutex.lock().unwrap_or_else(PoisonError::into_inner)
}

#[cfg(all(test, shuttle))]
pub(crate) use lock::lock;

/// Locks the model checker's mutexes, and those of std outside of the model.
#[cfg(all(test, shuttle))]
mod lock {
    pub(crate) trait Lock {
        type Guard<'a>
        where
            Self: 'a;

        fn lock(&self) -> Self::Guard<'_>;
    }

    impl<T> Lock for std::sync::Mutex<T> {
        type Guard<'a>
            = std::sync::MutexGuard<'a, T>
        where
            T: 'a;

        fn lock(&self) -> Self::Guard<'_> {
            self.lock().expect("no panic")
        }
    }

    impl<T> Lock for shuttle::sync::Mutex<T> {
        type Guard<'a>
            = shuttle::sync::MutexGuard<'a, T>
        where
            T: 'a;

        fn lock(&self) -> Self::Guard<'_> {
            self.lock().expect("no panic")
        }
    }

    impl<M: Lock> Lock for std::sync::Arc<M> {
        type Guard<'a>
            = M::Guard<'a>
        where
            M: 'a;

        fn lock(&self) -> Self::Guard<'_> {
            (**self).lock()
        }
    }

    pub(crate) fn lock<M: Lock>(mutex: &M) -> M::Guard<'_> {
        mutex.lock()
    }
}

/// Spawns a task that may block its thread.
///
/// The empty task behind it makes Tokio wake another worker thread: a single task goes to the thread that spawns it. If
/// that thread drives the timers and the task blocks it, no timer of the runtime fires, and no observer gives the run
/// up.
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

/// Tokio's own channel, with a scheduling point around each step. The inside of a step is left to Tokio, which checks
/// the channel with a model checker itself.
#[cfg(all(test, shuttle))]
pub(crate) mod watch {
    use shuttle::sync::atomic::{AtomicBool, Ordering};
    use tokio::sync::watch;
    pub(crate) use tokio::sync::watch::error::RecvError;

    #[derive(Debug)]
    pub(crate) struct Sender<T>(watch::Sender<T>);

    #[derive(Clone, Debug)]
    pub(crate) struct Receiver<T>(watch::Receiver<T>);

    /// Lets the model checker switch tasks, which it does at each step of an atomic.
    fn scheduling_point() {
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
            scheduling_point();
            self.0.send_replace(value);
            scheduling_point();
        }
    }

    impl<T: Clone> Receiver<T> {
        /// Returns a copy: a borrowed value holds a lock that the model checker does not know.
        pub(crate) fn borrow_and_update(&mut self) -> Box<T> {
            scheduling_point();
            Box::new(self.0.borrow_and_update().clone())
        }

        pub(crate) async fn changed(&mut self) -> Result<(), RecvError> {
            scheduling_point();
            self.0.changed().await
        }
    }
}
