//! `jct evidence verify`: what a statement says, and whether the tower said it.

use std::fs::File;
use std::io::Read as _;
use std::path::{Path, PathBuf};

use clap::Args;
use jct_audit::PublicKey;
use jct_evidence::attestation::{Envelope, MAX_BYTES, RunStatement, VerifyError};

use super::report;
use crate::commands::audit::public_key;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct evidence verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct evidence verify run.intoto.json --key tower.pub
  jct evidence verify run.intoto.json --key ed25519:11qYAYKx…
  jct --json evidence verify run.intoto.json --key tower.pub | jq -r .statement.predicate.review.decision

Works offline, on any machine. The key comes from the tower by another way than the file: \
`jct --json audit key show | jq -r '.keys[-1].public_key' > tower.pub`. Without a key only this is \
checked: that the parts of the statement fit each other, which a forger can arrange.

Ends with 0 if a trusted key signed the statement and its parts fit each other, 10 if they do but no key \
was given, 11 if it was altered or is no such statement, and 14 if another key signed it.

With --json: {\"verdict\", \"key_id\", \"problem\", \"statement\"}; the verdict is verified, not_pinned, \
altered or unknown_key, and there is no statement unless it is one of the first two.")]
pub(crate) struct VerifyArgs {
    /// File that `jct evidence export` wrote
    file: PathBuf,
    /// Public key to trust: itself, or a file that holds it; repeatable
    #[arg(long, value_name = "KEY|FILE")]
    key: Vec<String>,
}

/// What was found.
#[derive(Debug)]
pub(super) enum Finding {
    /// A trusted key signed it.
    Verified(Box<RunStatement>),
    /// Nobody was trusted; its parts fit each other.
    NotPinned(Box<RunStatement>),
    /// It is not what was signed, or nothing that could be signed.
    Altered(Failure),
    /// Somebody else signed it.
    UnknownKey(Failure),
}

impl Finding {
    /// The exit code of an answer.
    pub(super) const fn exit(&self) -> Exit {
        match self {
            Self::Verified(_) => Exit::Success,
            Self::NotPinned(_) => Exit::NotAnchored,
            Self::Altered(_) => Exit::Altered,
            Self::UnknownKey(_) => Exit::CheckpointBroken,
        }
    }
}

pub(super) fn run(args: &VerifyArgs, context: &Context) -> Result<Exit, Failure> {
    let trusted = args.key.iter().map(|key| public_key(key)).collect::<Result<Vec<_>, _>>()?;
    let (key_id, finding) = find(&read(&args.file)?, &trusted);
    report::show(key_id.as_deref(), &finding, context.output())?;
    Ok(finding.exit())
}

/// Reads no more than an envelope can have, and one byte that says that it has more.
fn read(path: &Path) -> Result<Vec<u8>, Failure> {
    let most = u64::try_from(MAX_BYTES).unwrap_or(u64::MAX).saturating_add(1);
    let mut text = Vec::new();
    File::open(path)
        .and_then(|file| file.take(most).read_to_end(&mut text))
        .map_err(|error| Failure::caused(Exit::Local, format!("{} cannot be read", path.display()), &error))?;
    Ok(text)
}

/// The finding, and the key that is said to have signed.
fn find(text: &[u8], trusted: &[PublicKey]) -> (Option<String>, Finding) {
    let envelope = match Envelope::parse(text) {
        Ok(envelope) => envelope,
        Err(error) => {
            let failure = Failure::caused(Exit::Altered, "this is no statement about a run", &error);
            return (None, Finding::Altered(failure));
        }
    };
    let key_id = Some(envelope.key_id().to_string());
    let pinned = !trusted.is_empty();
    let statement =
        if pinned { envelope.verify(trusted).map(|verified| verified.statement) } else { unpinned(&envelope) };
    let finding = match statement.map(Box::new) {
        Ok(statement) if pinned => Finding::Verified(statement),
        Ok(statement) => Finding::NotPinned(statement),
        Err(error @ VerifyError::UnknownKey(_)) => {
            Finding::UnknownKey(Failure::caused(Exit::CheckpointBroken, "another key signed this", &error))
        }
        Err(error) => Finding::Altered(Failure::caused(Exit::Altered, "this was altered", &error)),
    };
    (key_id, finding)
}

/// A statement whose parts fit each other, whoever signed it.
fn unpinned(envelope: &Envelope) -> Result<RunStatement, VerifyError> {
    let statement = envelope.unverified();
    statement.check().map_err(VerifyError::Inconsistent)?;
    Ok(statement.clone())
}
