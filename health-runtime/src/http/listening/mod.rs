//! Listening sockets: accepting connections, and closing some of them when there are too many.

mod accept;
mod activity;
mod bind;
mod connections;

pub(super) use accept::accept_connections;
pub(super) use activity::Activity;
pub(super) use bind::{BACKLOG, bind};
