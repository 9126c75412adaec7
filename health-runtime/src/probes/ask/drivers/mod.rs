//! Arms of [`ask!`](crate::ask!): how each driver is asked, by the kind of its client. They expand in the user's crate, with the
//! user's own version, under the name in brackets.

mod calls;
mod pools;
mod postgres;
mod redis;
mod sql;
