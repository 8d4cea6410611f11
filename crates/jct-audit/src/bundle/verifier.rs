//! Verifies a bundle line by line: the same verification as over a database, fed from a file.

use crate::{BundleHeader, BundleLine, EntryVerifier, InvalidBundleLine, Outside, PublicKey, Report, Verifier};

/// Takes the lines of a bundle, one at a time.
#[derive(Debug)]
pub struct BundleVerifier {
    pinned: Option<PublicKey>,
    outside: Option<Outside>,
    header: Option<BundleHeader>,
    stage: Stage,
    line: usize,
}

#[derive(Debug)]
enum Stage {
    Start,
    Checkpoints(Box<Verifier>),
    Entries(Box<EntryVerifier>),
    Ended(Box<EntryVerifier>),
}

/// The file is no bundle. What is wrong with the log in a bundle is told by the [`Report`] instead.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum BundleError {
    /// A line cannot be read.
    #[error("line {line} of the bundle cannot be read")]
    Line {
        /// The line's number, from 1.
        line: usize,
        /// Why.
        #[source]
        source: InvalidBundleLine,
    },
    /// A line stands where it does not belong.
    #[error("line {line} of the bundle: `{name}` does not belong here")]
    Misplaced {
        /// The line's number, from 1.
        line: usize,
        /// What it is.
        name: &'static str,
    },
    /// There is no line at all.
    #[error("the bundle is empty")]
    Empty,
}

impl BundleVerifier {
    /// A verification that trusts this key and those that it leads to, and compares with these outside copies.
    #[must_use]
    pub const fn new(pinned: Option<PublicKey>, outside: Option<Outside>) -> Self {
        Self { pinned, outside, header: None, stage: Stage::Start, line: 0 }
    }

    /// Takes the next line, with or without its end.
    ///
    /// # Errors
    ///
    /// [`BundleError`] names a line that is none or stands in the wrong place. The verification cannot go on.
    pub fn line(&mut self, line: &str) -> Result<(), BundleError> {
        self.line += 1;
        let number = self.line;
        let line = BundleLine::parse(line).map_err(|source| BundleError::Line { line: number, source })?;
        let name = line.name();
        let stage = std::mem::replace(&mut self.stage, Stage::Start);
        self.stage = self.step(stage, line).ok_or(BundleError::Misplaced { line: number, name })?;
        Ok(())
    }

    /// Every line was read: what the bundle says it is, and the conclusion.
    ///
    /// # Errors
    ///
    /// [`BundleError::Empty`] if there was none.
    pub fn finish(self) -> Result<(BundleHeader, Report), BundleError> {
        let header = self.header.ok_or(BundleError::Empty)?;
        let (mut entries, ended) = match self.stage {
            Stage::Start => return Err(BundleError::Empty),
            Stage::Checkpoints(verifier) => (verifier.entries(), false),
            Stage::Entries(entries) => (*entries, false),
            Stage::Ended(entries) => (*entries, true),
        };
        if !ended {
            entries.torn();
        }
        Ok((header, entries.finish()))
    }

    /// What comes after the line; `None` if it does not belong here.
    fn step(&mut self, stage: Stage, line: BundleLine) -> Option<Stage> {
        match (stage, line) {
            (Stage::Start, BundleLine::Header(header)) if self.header.is_none() => {
                let mut verifier = Verifier::new(header.origin.clone(), header.filter.scope());
                if let Some(key) = self.pinned {
                    verifier = verifier.pin(key);
                }
                if let Some(outside) = self.outside.take() {
                    verifier = verifier.outside(outside);
                }
                self.header = Some(header);
                Some(Stage::Checkpoints(Box::new(verifier)))
            }
            (Stage::Checkpoints(mut verifier), line) => match line {
                BundleLine::Header(_) => None,
                BundleLine::Key { public_key } => {
                    verifier.first_key(public_key);
                    Some(Stage::Checkpoints(verifier))
                }
                BundleLine::Rotation { text } => {
                    verifier.rotation(&text);
                    Some(Stage::Checkpoints(verifier))
                }
                BundleLine::Checkpoint { text, leaves, proofs } => {
                    match leaves {
                        Some(leaves) => verifier.checkpoint(&text, &leaves),
                        None => verifier.checkpoint_with_proofs(&text, &proofs),
                    }
                    Some(Stage::Checkpoints(verifier))
                }
                line @ (BundleLine::Entry(_) | BundleLine::End {}) => {
                    self.step(Stage::Entries(Box::new(verifier.entries())), line)
                }
            },
            (Stage::Entries(mut entries), BundleLine::Entry(entry)) => {
                entries.entry(&entry);
                Some(Stage::Entries(entries))
            }
            (Stage::Entries(entries), BundleLine::End {}) => Some(Stage::Ended(entries)),
            (Stage::Start | Stage::Entries(_) | Stage::Ended(_), _) => None,
        }
    }
}
