//! `jct audit verify`: six answers, each with an exit code of its own.

use std::fs::File;
use std::io::{BufRead as _, BufReader};
use std::path::{Path, PathBuf};

use clap::Args;
use jct_audit::{AnchorFile, BundleVerifier, Outside, PublicKey, Report, Verdict};
use jct_tower::audit::{CheckpointFileError, read_checkpoint_file, verify};

use super::{open, report};
use crate::context::{Context, block_on};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct audit verify`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct audit verify
  jct audit verify --checkpoints /mnt/elsewhere/audit-checkpoints.jsonl
  jct audit verify --bundle audit.jsonl --checkpoints kept.jsonl --public-key ed25519:11qYAYKx…

Reads the database that DATABASE_URL names, also while the tower runs or is down, or a file that \
`jct audit export` wrote. Without --checkpoints the database is compared with the file that \
JCT_AUDIT_CHECKPOINT_FILE names, if it is there; whoever could write that file as well could rewrite \
both. Without any copy the best answer is 10.

Ends with 0 if everything is intact and covered by a checkpoint that is also outside the database, \
10 if nothing was changed but not everything is covered like that, 11 if entries were altered, 12 if \
they are out of order, 13 if the end of a chain or of the log is missing, 14 if a checkpoint or key is \
missing or forged.")]
pub(crate) struct VerifyArgs {
    /// Verify the configured database (the default)
    #[arg(long, conflicts_with = "bundle")]
    database: bool,
    /// Verify an exported file instead of the database
    #[arg(long, value_name = "FILE")]
    bundle: Option<PathBuf>,
    /// Copy of the checkpoints to compare with
    #[arg(long, value_name = "FILE")]
    checkpoints: Option<PathBuf>,
    /// Key to trust, whatever keys the log names: itself, or a file that holds it
    #[arg(long, value_name = "KEY|FILE")]
    public_key: Option<String>,
}

pub(super) fn run(args: VerifyArgs, context: &Context) -> Result<Exit, Failure> {
    let output = context.output();
    let pinned = args.public_key.as_deref().map(public_key).transpose()?;
    let report = match args.bundle {
        Some(bundle) => {
            let outside = args.checkpoints.as_deref().map(copy).transpose()?;
            of_bundle(&bundle, pinned, outside)?
        }
        None => of_database(args.checkpoints.as_deref(), pinned, context)?,
    };
    report::show(&report, output)?;
    Ok(exit(report.verdict))
}

/// The exit code of an answer.
const fn exit(verdict: Verdict) -> Exit {
    match verdict {
        Verdict::Intact => Exit::Success,
        Verdict::NotYetAnchored => Exit::NotAnchored,
        Verdict::Altered => Exit::Altered,
        Verdict::Reordered => Exit::Reordered,
        Verdict::Truncated => Exit::Truncated,
        Verdict::CheckpointBroken => Exit::CheckpointBroken,
    }
}

fn of_database(checkpoints: Option<&Path>, pinned: Option<PublicKey>, context: &Context) -> Result<Report, Failure> {
    let config = context.config(Vec::new())?;
    let output: Output = *context.output();
    // Before the database is read: a checkpoint that is made in between would seem to be missing there.
    let outside = match checkpoints {
        Some(path) => Some(copy(path)?),
        None => configured_copy(&config.audit.checkpoint_file)?,
    };
    block_on(async {
        let store = open::existing(&config).await?;
        let total = store.audit_position().await.map_err(|error| crate::database::failed(&error))?;
        let bar = open::bar(&output, total);
        let report = verify(&store, pinned, outside, |read| bar.set_position(read)).await;
        bar.finish_and_clear();
        store.close().await;
        report.map_err(|error| Failure::caused(Exit::Unavailable, "the log cannot be verified", &error))
    })
}

/// The copy that the configuration names. That there is none is an answer and no failure.
fn configured_copy(path: &Path) -> Result<Option<AnchorFile>, Failure> {
    if path.exists() { copy(path).map(Some) } else { Ok(None) }
}

fn copy(path: &Path) -> Result<AnchorFile, Failure> {
    read_checkpoint_file(path).map_err(|error| {
        // A copy that is none says more about the copy than about this machine.
        let exit = if matches!(error, CheckpointFileError::Io { .. }) { Exit::Local } else { Exit::CheckpointBroken };
        Failure::caused(exit, "the copy of the checkpoints cannot be read", &error)
    })
}

fn of_bundle(path: &Path, pinned: Option<PublicKey>, outside: Option<AnchorFile>) -> Result<Report, Failure> {
    let unreadable =
        |error: &std::io::Error| Failure::caused(Exit::Local, format!("{} cannot be read", path.display()), error);
    let no_bundle = |error: &jct_audit::BundleError| {
        Failure::caused(Exit::Altered, format!("{} is not an exported log", path.display()), error)
    };
    let mut lines = BufReader::new(File::open(path).map_err(|error| unreadable(&error))?);
    let mut verifier = BundleVerifier::new(pinned, outside.map(Outside::file));
    let mut line = Vec::new();
    while lines.read_until(b'\n', &mut line).map_err(|error| unreadable(&error))? > 0 {
        verifier.line(&String::from_utf8_lossy(&line)).map_err(|error| no_bundle(&error))?;
        line.clear();
    }
    verifier.finish().map(|(_, report)| report).map_err(|error| no_bundle(&error))
}

/// A key, or the key in a file.
pub(crate) fn public_key(text: &str) -> Result<PublicKey, Failure> {
    let invalid = |error| Failure::caused(Exit::Usage, "the public key is not usable", &error);
    if text.starts_with("ed25519:") {
        return text.parse().map_err(invalid);
    }
    let held = std::fs::read_to_string(text)
        .map_err(|error| Failure::caused(Exit::Local, format!("the public key cannot be read from {text}"), &error))?;
    held.trim().parse().map_err(invalid)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_verdict_has_an_exit_code_of_its_own() {
        let mut codes: Vec<u8> = Verdict::ALL.iter().map(|verdict| exit(*verdict).code()).collect();
        assert_eq!(codes, [0, 10, 11, 12, 13, 14]);
        codes.dedup();
        assert_eq!(codes.len(), Verdict::ALL.len());
    }

    #[test]
    fn a_public_key_comes_as_itself_or_in_a_file() {
        let key = "ed25519:11qYAYKxCrfVS/7TyWQHOg7hcvPapiMlrwIaaPcHURo=";
        let folder = tempfile::tempdir().expect("a folder");
        let file = folder.path().join("key");
        std::fs::write(&file, format!("{key}\n")).expect("written");
        for text in [key, file.to_str().expect("a path")] {
            assert_eq!(public_key(text).expect("a key").to_string(), key);
        }
        assert_eq!(public_key("ed25519:short").expect_err("no key").exit(), Exit::Usage);
        assert_eq!(public_key("/nowhere/at/all").expect_err("no file").exit(), Exit::Local);
    }
}
