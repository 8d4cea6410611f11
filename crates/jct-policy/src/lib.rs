#![doc = include_str!("../README.md")]
#![cfg_attr(
    not(test),
    deny(
        clippy::unwrap_used,
        clippy::expect_used,
        clippy::panic,
        clippy::unreachable,
        clippy::indexing_slicing,
        clippy::string_slice,
        clippy::todo,
        clippy::unimplemented
    )
)]

mod code;
mod config;
mod decision;
mod error;
mod gate;
mod prefix;

pub use code::PolicyCode;
pub use config::{PolicyConfig, PolicyConfigBuilder, PolicyConfigError};
pub use decision::{AdmittedTask, DecisionId, InvalidDecisionId};
pub use error::PolicyError;
pub use gate::{decide, evaluate, evaluate_normalized, refuse_spelling};
pub use prefix::{InvalidRepoPrefix, RepoPrefix};
