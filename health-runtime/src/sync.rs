//! Synchronization of runs and their observers: locks and tasks.
//!
//! Under `cfg(shuttle)` all of them are a model checker's, which chooses the interleavings. `cfg(test)` is required as
//! well, so that a user's own `--cfg shuttle` changes nothing here.

#[cfg(not(all(test, shuttle)))]
use std::sync::{MutexGuard, PoisonError};
#[cfg(not(all(test, shuttle)))]
pub(crate) use std::{sync::Mutex, thread_local};

#[cfg(all(test, shuttle))]
pub(crate) use shuttle::{future::JoinHandle, sync::Mutex, thread_local};
use tokio::runtime::{Handle, RuntimeFlavor};
#[cfg(not(all(test, shuttle)))]
pub(crate) use tokio::task::JoinHandle;

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

#[cfg(not(all(test, shuttle)))]
pub(crate) fn spawn(runtime: &Handle, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
    runtime.spawn(task)
}

#[cfg(all(test, shuttle))]
pub(crate) use model::{shut_down, spawn, start_up};

/// A runtime of the model checker's tasks, which a test may shut down.
#[cfg(all(test, shuttle))]
mod model {
    use std::cell::RefCell;

    use shuttle::future::{AbortHandle, JoinHandle};
    use tokio::runtime::Handle;

    thread_local! {
        /// The tasks, all on one thread; `None` after the shutdown.
        static TASKS: RefCell<Option<Vec<AbortHandle>>> = const { RefCell::new(Some(Vec::new())) };
    }

    /// To be called at the start of a test that shuts the runtime down.
    pub(crate) fn start_up() {
        TASKS.set(Some(Vec::new()));
    }

    /// Drops all tasks, and those that are spawned from now on. A task that is being polled is dropped after that.
    pub(crate) fn shut_down() {
        TASKS.take().into_iter().flatten().for_each(|task| task.abort());
    }

    pub(crate) fn spawn(_: &Handle, task: impl Future<Output = ()> + Send + 'static) -> JoinHandle<()> {
        let is_up = TASKS.with_borrow(Option::is_some);
        let task = if is_up { Some(task) } else { None };
        let task = shuttle::future::spawn(async {
            if let Some(task) = task {
                task.await;
            }
        });
        let is_listed = TASKS.with_borrow_mut(|tasks| tasks.as_mut().map(|tasks| tasks.push(task.abort_handle())));
        if is_listed.is_none() {
            // The runtime was shut down meanwhile.
            task.abort();
        }
        task
    }
}

/// Returns whether a task that blocks its thread leaves others to the runtime. The model checker's tasks always do.
pub(crate) fn has_several_threads(runtime: &Handle) -> bool {
    cfg!(all(test, shuttle)) || runtime.runtime_flavor() != RuntimeFlavor::CurrentThread
}
