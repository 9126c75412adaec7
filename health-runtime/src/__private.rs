//! Not public API. Used by generated code.
//!
//! Expansions take every name from here, so that no name in the scope of a caller can break them.

pub use core::{
    cfg, concat, convert::From, env, file, include_bytes, iter::IntoIterator, line, module_path, option::Option,
    option_env, panic::Location, primitive::u8, stringify, time::Duration,
};
pub use std::vec::Vec;

pub use health_macros::{build_facts, health_endpoint};
pub use inventory;

pub use crate::{
    access::AccessValue,
    build_info::{build_date, with_first_revision, with_package_repo},
    const_rules::{ensure, is_above_zero, is_level_5, is_shorter, outlasts},
    model::{
        AnswerOption, Check, CheckName, ClientOutcome, HandlerOutcome, IntoOutcome, Level, OptionResult, Outcome,
        ValueOption,
    },
    registry::{Arguments, CheckList, CheckValue, Declaration, DeclaredWork, ParameterType, RunFuture, no_keys, run},
    render::DetailsValue,
    text::PathValue,
};
