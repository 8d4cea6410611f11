//! Files that workers send while their job runs: named by what is in them, each below the job it belongs to.
//!
//! They are no trace folders: they arrive one by one over the network, before anybody knows how the attempt ends. What
//! a file is called lies in the database; here it is known by the digest of its content alone, so that no name from
//! outside ever becomes a path.

mod root;
#[cfg(test)]
mod tests;
mod upload;

pub use root::{BlobFolder, BlobRoot, OpenBlobError};
pub use upload::{BlobUpload, FinishedUpload};
