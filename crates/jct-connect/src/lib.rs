#![doc = include_str!("../README.md")]

mod connect;
mod stream;
mod tls;

pub use connect::{ConnectError, Target};
pub use stream::Stream;
pub use tls::{Tls, machines_roots};
