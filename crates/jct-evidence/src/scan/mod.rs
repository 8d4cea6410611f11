//! Finds secrets in what a run left behind: in its diff, its log, its artifacts.
//!
//! It is a net for accidents. Whoever wants to smuggle a secret out can encode it; against that stands the sandbox,
//! into which no secret is brought. So there is no marker in the text that says "this one is fine": what is scanned was
//! written by the one who would set it.
//!
//! Every pattern is of bounded length and is matched by an automaton, so that the time is linear in the input. No
//! finding carries the secret, nor anything from which it could be had.

mod finding;
mod key_block;
mod lines;
mod patch;
mod plausible;
mod rules;
mod scanner;
mod stream;
mod text;

pub use finding::{Fingerprint, SecretFinding, SecretMatch, SecretPlace};
pub use lines::{LineScanner, ScannedLine};
pub use patch::ScannedPatch;
pub use scanner::{MARKER, Scanner};
pub use stream::SecretStream;
