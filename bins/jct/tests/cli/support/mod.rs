//! What the tests share: the binary, a real tower, and a server that plays one.

mod binary;
mod server;
mod tower;

pub(crate) use binary::{checked, git, jct};
pub(crate) use server::Server;
pub(crate) use tower::Tower;
