//! Listening sockets: accepting connections, and closing some of them when there are too many.

mod accept;
mod activity;
mod bind;
mod connections;

pub(crate) use accept::accept_connections;
pub(crate) use activity::Activity;
pub(crate) use bind::{BACKLOG, bind};
