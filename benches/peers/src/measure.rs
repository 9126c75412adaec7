//! The cost of a request: instructions by callgrind, allocations by a counting allocator.

use std::{
    env, fmt,
    io::{Error, Result},
    process::Command,
};

use crate::{
    callgrind::{self, Instructions},
    case::Case,
};

/// Cost of one request.
#[derive(Clone, Copy, Debug)]
pub struct Cost {
    /// Instructions outside the kernel.
    pub all: f64,
    /// Instructions of the program itself.
    pub own: f64,
    /// Allocations and reallocations.
    pub allocations: f64,
    /// Allocated bytes.
    pub bytes: f64,
    /// Bytes that each connection holds between requests.
    pub held_bytes: f64,
}

impl Cost {
    /// Heads of the columns.
    pub const HEAD: &str = "workload       subject       conn.        Ir    own Ir   allocs    bytes     held";

    /// Measures a case in processes of its own: two under callgrind, whose difference leaves the start out, and one without.
    #[allow(clippy::cast_precision_loss, reason = "these are no numbers beyond 2^52")]
    pub fn measure(case: &Case) -> Result<Self> {
        let [before, until] = case.requests();
        let requests = (until - before) as f64;
        let (first, last) = (count(case, before)?, count(case, until)?);
        let per_request = |first: u64, last: u64| last.saturating_sub(first) as f64 / requests;
        let [allocations, bytes, held_bytes] = allocations(case)?;
        Ok(Self {
            all: per_request(first.all, last.all),
            own: per_request(first.own, last.own),
            allocations,
            bytes,
            held_bytes,
        })
    }
}

impl fmt::Display for Cost {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { all, own, allocations, bytes, held_bytes } = self;
        write!(formatter, "{all:>9.0} {own:>9.0} {allocations:>8.2} {bytes:>8.0} {held_bytes:>8.0}")
    }
}

fn count(case: &Case, requests: usize) -> Result<Instructions> {
    let mut arguments = vec!["--serve".to_owned()];
    arguments.extend(case.arguments());
    arguments.push(requests.to_string());
    callgrind::count(&env::current_exe()?.with_file_name("instructions"), &arguments)
}

fn allocations(case: &Case) -> Result<[f64; 3]> {
    let program = env::current_exe()?.with_file_name("allocations");
    let output = Command::new(program).args(case.arguments()).output()?;
    if !output.status.success() {
        return Err(Error::other(String::from_utf8_lossy(&output.stderr).into_owned()));
    }
    let line = String::from_utf8_lossy(&output.stdout).into_owned();
    let numbers = line.split_whitespace().map(str::parse).collect::<std::result::Result<Vec<f64>, _>>();
    numbers.map_err(Error::other)?.try_into().map_err(|_| Error::other(format!("no allocations were counted: {line}")))
}
