//! Every answer that is not a success: one table of codes, one body (RFC 9457), one way from each error to its code.

mod code;
mod controls;
mod conversions;
mod cwom;
mod document;
mod events;
mod jobs;
mod manifests;
mod reviews;
mod violation;
mod workflows;

pub(crate) use code::ErrorCode;
pub(crate) use document::{Located, Problem};
pub(crate) use violation::{Place, Violation};
