//! Where passwords are hashed: at two places, whatever comes.

use std::sync::{
    Mutex,
    atomic::{AtomicUsize, Ordering},
};

use argon2::{Algorithm, Argon2, Block, Params, PasswordHash, Version};
use subtle::ConstantTimeEq as _;
use tokio::sync::{Semaphore, SemaphorePermit};

use crate::sync::lock;

/// How many are hashed at the same time, each of which takes a thread, and as much memory as its hash says (19 MiB and
/// more): so that wrong passwords keep busy no more of the machine than this.
static HASHING_SLOTS: Semaphore = Semaphore::const_new(2);

/// How many may wait or be at it. Those further behind would not have their turn before they gave up.
const MAX_QUEUE_LENGTH: usize = 256;
static QUEUE_LENGTH: AtomicUsize = AtomicUsize::new(0);

/// A GiB, in KiB, as hashes say it. A process that is not given the memory that it asks for is ended.
const MAX_MEMORY_KIB: u32 = 1 << 20;

/// Four passes over as much: seconds, in which a place is taken.
const MAX_WORK_KIB: u64 = 4 << 20;

/// The memory of places that are free. It is kept, because the thread is another one each time, and an allocator that has
/// an arena for each thread would keep it once for each.
static SPARE_MEMORY: Mutex<Vec<Vec<Block>>> = Mutex::new(Vec::new());

/// The right to hash one password, with the memory for it.
pub(super) struct HashPermit {
    memory: Vec<Block>,
    _permit: SemaphorePermit<'static>,
    _entry: QueueEntry,
}

impl HashPermit {
    /// Waits for its turn. `None` if too many do so already.
    pub(super) async fn take() -> Option<Self> {
        let entry = QueueEntry::enter()?;
        let permit = HASHING_SLOTS.acquire().await.ok()?;
        let memory = lock(&SPARE_MEMORY).pop().unwrap_or_default();
        Some(Self { memory, _permit: permit, _entry: entry })
    }

    /// Whether a password has this hash. It takes some ten milliseconds of a processor.
    pub(super) fn verify(&mut self, password: &str, hash: &PasswordHash) -> bool {
        self.hash_like(password, hash).is_some_and(|is_same| is_same)
    }

    fn hash_like(&mut self, password: &str, hash: &PasswordHash) -> Option<bool> {
        let HashParameters { argon2, salt, right } = HashParameters::of(hash)?;
        self.memory.resize(argon2.params().block_count(), Block::default());
        let mut given = vec![0; right.len()];
        argon2.hash_password_into_with_memory(password.as_bytes(), salt, &mut given, &mut self.memory).ok()?;
        Some(given.ct_eq(right).into())
    }
}

/// How passwords are hashed to be held against a hash.
struct HashParameters<'a> {
    argon2: Argon2<'static>,
    salt: &'a [u8],
    right: &'a [u8],
}

impl<'a> HashParameters<'a> {
    /// `None` if no password can have this hash.
    fn of(hash: &'a PasswordHash) -> Option<Self> {
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

/// Whether passwords can be held against this hash at all.
pub(super) fn is_usable(hash: &PasswordHash) -> bool {
    HashParameters::of(hash).is_some()
}

impl Drop for HashPermit {
    fn drop(&mut self) {
        lock(&SPARE_MEMORY).push(std::mem::take(&mut self.memory));
    }
}

/// One of those that wait or are at it.
struct QueueEntry;

impl QueueEntry {
    fn enter() -> Option<Self> {
        // It counts down again when it is dropped, also if there was no room.
        let entry = Self;
        (QUEUE_LENGTH.fetch_add(1, Ordering::Relaxed) < MAX_QUEUE_LENGTH).then_some(entry)
    }
}

impl Drop for QueueEntry {
    fn drop(&mut self) {
        QUEUE_LENGTH.fetch_sub(1, Ordering::Relaxed);
    }
}
