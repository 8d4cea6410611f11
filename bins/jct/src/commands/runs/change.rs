//! The change of a run, and whether it is the one that the evidence is about.

use std::io::Read as _;

use jct_contract::Sha256Digest;

use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Failure;

/// The largest patch that is read; the tower keeps none that is larger.
const PATCH_MAX_BYTES: u64 = 128 * 1024 * 1024;

/// Downloads the patch of a run and compares it with the digest that the evidence names.
pub(crate) fn download(client: &Client, run: &str, expected: Option<Sha256Digest>) -> Result<Vec<u8>, Failure> {
    let mut patch = Vec::new();
    let read = client.download(&["runs", run, "diff"], &[])?.take(PATCH_MAX_BYTES + 1).read_to_end(&mut patch);
    read.map_err(|error| Failure::caused(Exit::Unavailable, "the change could not be read to its end", &error))?;
    if u64::try_from(patch.len()).is_ok_and(|length| length > PATCH_MAX_BYTES) {
        return Err(Failure::new(Exit::Unavailable, "the change is larger than any that a tower keeps"));
    }
    match expected {
        Some(expected) if Sha256Digest::of(&patch) != expected => {
            Err(Failure::new(Exit::Conflict, "this is not the change that the evidence is about")
                .detail(format!("the evidence names {expected}"))
                .detail(format!("the tower sent {}", Sha256Digest::of(&patch)))
                .hint("`jct trace verify` compares the trace with what was accepted"))
        }
        _ => Ok(patch),
    }
}
