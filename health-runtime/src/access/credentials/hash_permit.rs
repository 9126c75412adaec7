//! Permits to hash passwords: two at a time.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::sync::lock;

/// Each hashing takes a thread and the memory that the hash asks for (19 MiB and more), so wrong passwords occupy no
/// more of the machine than this.
static HASHING_SLOTS: Semaphore = Semaphore::const_new(2);

/// Maximum number of waiting and running hashings. Requests further behind would time out before their turn.
const MAX_QUEUE_LENGTH: usize = 256;
static QUEUE_LENGTH: AtomicUsize = AtomicUsize::new(0);

/// A GiB, in KiB, the unit of hashes. The system kills a process that takes too much memory.
const MAX_MEMORY_KIB: u32 = 1 << 20;

/// Four passes over a GiB, which take seconds.
const MAX_WORK_KIB: u64 = 4 << 20;

/// Memory of free permits. It is kept, because each hashing runs on another thread, and an allocator with an arena for
/// each thread would keep a copy in each.
static SPARE_MEMORY: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// Permission to hash one password, with the memory for it.
pub(super) struct HashPermit {
    memory: Vec<Block>,
    _permit: SemaphorePermit<'static>,
    _entry: QueueEntry,
}

impl HashPermit {
    /// Waits for a permit. `None` if the queue is full.
    pub(super) async fn take() -> Option<Self> {
        let entry = QueueEntry::enter()?;
        let permit = HASHING_SLOTS.acquire().await.ok()?;
        let memory = lock(&SPARE_MEMORY).pop().unwrap_or_default();
        Some(Self { memory, _permit: permit, _entry: entry })
    }

    /// Returns whether a password has this hash. Takes some ten milliseconds of processor time.
    pub(super) fn verify(&mut self, password: &str, hash: &PasswordHash) -> bool {
        self.hash_like(password, hash).is_some_and(|is_same| is_same)
    }

    fn hash_like(&mut self, password: &str, hash: &PasswordHash) -> Option<bool> {
        let HashParameters { argon2, salt, right } = HashParameters::for_hash(hash)?;
        self.memory.resize(argon2.params().block_count(), Block::default());
        let mut given = vec![0; right.len()];
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut given, &mut self.memory).ok()?;
        Some(given.ct_eq(right).into())
    }
}

/// The parameters of a hash.
struct HashParameters<'a> {
    argon2: Argon2<'static>,
    salt: &'a [u8],
    right: &'a [u8],
}

impl<'a> HashParameters<'a> {
    /// `None` if no password can have this hash.
    fn for_hash(hash: &'a PasswordHash) -> Option<Self> {
        let algorithm = Algorithm::try_from(hash.algorithm.as_str()).ok()?;
        let version = hash.version.map(Version::try_from).transpose().ok()?.unwrap_or_default();
        let params = Params::try_from(hash).ok()?;
        let (salt, right) = (hash.salt.as_ref()?, hash.hash.as_ref()?);
        let argon2 = Argon2::new(algorithm, version, params);
        let (memory, passes) = (argon2.params().m_cost(), argon2.params().t_cost());
        let is_affordable = memory <= MAX_MEMORY_KIB && u64::from(memory) * u64::from(passes) <= MAX_WORK_KIB;
        is_affordable.then_some(Self { argon2, salt, right: right.as_bytes() })
    }
}

/// Returns whether passwords can be verified against this hash.
pub(super) fn is_usable(hash: &PasswordHash) -> bool {
    HashParameters::for_hash(hash).is_some()
}

impl Drop for HashPermit {
    fn drop(&mut self) {
        lock(&SPARE_MEMORY).push(std::mem::take(&mut self.memory));
    }
}

/// A waiting or running hashing.
struct QueueEntry;

impl QueueEntry {
    fn enter() -> Option<Self> {
        // Dropping the entry counts down again, also if the queue is full.
        let entry = Self;
        (QUEUE_LENGTH.fetch_add(1, Ordering::Relaxed) < MAX_QUEUE_LENGTH).then_some(entry)
    }
}

impl Drop for QueueEntry {
    fn drop(&mut self) {
        QUEUE_LENGTH.fetch_sub(1, Ordering::Relaxed);
    }
}
