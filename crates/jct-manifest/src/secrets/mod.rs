//! Keeps secrets out of manifests: what is written in one is stored, shown and sent around.
//!
//! What a token looks like is said once for the whole tower, in `jct-evidence`; here stands what only a manifest has:
//! keys that promise a secret, addresses with passwords, and references, the one form in which a secret may be named.
//! Every key, value and comment is looked at after its escapes are resolved, and the raw text once more as a whole.

mod assignment;
mod keys;
mod shapes;
mod url;
mod walk;

pub(crate) use shapes::{MASK, rule_of};
pub(crate) use walk::{scan_comments, scan_raw, scan_request, scan_tree};
