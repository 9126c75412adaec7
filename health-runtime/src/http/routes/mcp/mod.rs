//! `POST {base}/mcp`: tools for agents, by the Model Context Protocol over stateless HTTP. A request needs nothing from an
//! earlier one, in the revision 2026-07-28 as well as in those with a handshake.

mod call;
mod exchange;
mod mcp_route;
mod message;
mod methods;
#[cfg(feature = "access-jwt")]
mod protected_resource;
mod protocol;
mod rpc_error;
mod schemas;
mod tool_arguments;
mod tools;

pub(super) use mcp_route::mount;
