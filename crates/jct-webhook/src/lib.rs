#![doc = include_str!("../README.md")]

mod connect;
mod sender;

pub use connect::ConnectError;
pub use sender::{Answer, Message, SendError, Sender};
