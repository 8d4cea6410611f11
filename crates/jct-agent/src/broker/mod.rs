//! The one way out of the sandbox: a proxy of the worker's between an agent and its model.
//!
//! The agent speaks plain HTTP to a port of its own, empty network; what it says arrives here over a
//! UNIX socket. Here it is decided what is let through, here TLS is opened, and here the credential is
//! added, so that none is ever inside. Every decision is reported.

mod body;
mod credential;
mod headers;
mod rules;
mod serve;
mod server;
mod upstream;

pub use credential::{CredentialError, CredentialSource};
pub use rules::{Origin, Rules, Upstream};
pub use server::{Broker, BrokerError};
