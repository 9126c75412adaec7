//! What is running.
