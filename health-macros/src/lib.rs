//! The macros of `health-runtime`, which re-exports and documents them.
