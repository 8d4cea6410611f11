//! The tower as a server of the Model Context Protocol, driven by the protocol's own client.

mod claims;
mod hostile;
mod reading;
mod support;
mod tasks;
