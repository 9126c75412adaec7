//! Not public API. Used by generated code.
//!
//! Everything that an expansion names comes from here, so that nothing a caller has in scope can break it.

pub use core::{
    clone::Clone, concat, convert::Into, env, file, include_bytes, iter::IntoIterator, line, module_path,
    option::Option, option_env, stringify, time::Duration,
};
pub use std::sync::Arc;

pub use inventory;

pub use crate::{
    model::{Check, IntoOutcome, Level, Location, Work},
    registry::{Binder, Lend, Registration},
};
