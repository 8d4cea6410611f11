//! The file outside the database that keys, rotations and checkpoints are appended to, one JSON object a line.
//!
//! Whoever can rewrite the database cannot rewrite this file, if it lies where they have no rights. It is appended to
//! after the database has committed, so that it never knows a checkpoint that the database does not.

use jct_contract::Timestamp;
use serde::{Deserialize, Serialize};

use crate::{Origin, PublicKey, SignedCheckpoint, SignedRotation};

/// One line.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(tag = "type", rename_all = "snake_case", deny_unknown_fields)]
pub enum AnchorLine {
    /// The tower's first key.
    Key {
        /// The tower.
        origin: Origin,
        /// Its key.
        public_key: PublicKey,
        /// When the key was made.
        at: Timestamp,
    },
    /// A change of the key.
    Rotation {
        /// The signed text.
        text: SignedRotation,
    },
    /// A checkpoint.
    Checkpoint {
        /// The signed text.
        text: SignedCheckpoint,
        /// The text of its leaves. Optional: with them the file alone can tell which entities have lost entries.
        #[serde(default, skip_serializing_if = "Option::is_none")]
        leaves: Option<String>,
    },
}

/// The text is not a line of the file.
#[derive(Debug, thiserror::Error)]
#[error("not a key, rotation or checkpoint")]
pub struct InvalidAnchorLine(#[source] serde_json::Error);

/// What a file holds.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct AnchorFile {
    /// The lines in order.
    pub lines: Vec<AnchorLine>,
    /// How many bytes the whole lines take. Before appending again, a file is cut to this length.
    pub whole_bytes: usize,
    /// The number, from 1, of a last line without an end: a crash interrupted its writing, and it does not count.
    pub torn_line: Option<usize>,
}

/// A line within the file cannot be read. Unlike a torn last line, no crash does this.
#[derive(Debug, thiserror::Error)]
#[error("line {line} of the checkpoint file cannot be read")]
pub struct AnchorFileError {
    /// The line's number, from 1.
    pub line: usize,
    /// Why.
    #[source]
    pub source: InvalidAnchorLine,
}

impl AnchorLine {
    /// Reads one line, with or without its end.
    ///
    /// # Errors
    ///
    /// [`InvalidAnchorLine`] if it is none of the three.
    pub fn parse(line: &str) -> Result<Self, InvalidAnchorLine> {
        serde_json::from_str(line).map_err(InvalidAnchorLine)
    }

    /// The line, with its end, to be appended in one write.
    #[must_use]
    pub fn to_line(&self) -> String {
        // Strings and numbers only: there is nothing here that could fail to serialise.
        serde_json::to_string(self).map(|line| line + "\n").unwrap_or_default()
    }
}

impl AnchorFile {
    /// Reads the whole file.
    ///
    /// # Errors
    ///
    /// [`AnchorFileError`] names the first line that cannot be read. A torn last line is no error.
    pub fn parse(text: &str) -> Result<Self, AnchorFileError> {
        let mut file = Self::default();
        for (number, line) in (1..).zip(text.split_inclusive('\n')) {
            if !line.ends_with('\n') {
                file.torn_line = Some(number);
                break;
            }
            file.lines.push(AnchorLine::parse(line).map_err(|source| AnchorFileError { line: number, source })?);
            file.whole_bytes += line.len();
        }
        Ok(file)
    }

    /// The checkpoint with the highest number.
    #[must_use]
    pub fn last_checkpoint(&self) -> Option<&SignedCheckpoint> {
        let checkpoints = self.lines.iter().filter_map(|line| match line {
            AnchorLine::Checkpoint { text, .. } => Some(text),
            AnchorLine::Key { .. } | AnchorLine::Rotation { .. } => None,
        });
        checkpoints.max_by_key(|checkpoint| checkpoint.statement().number)
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::{Checkpoint, KeyRotation, Leaves, SigningKey};

    fn lines() -> Vec<AnchorLine> {
        let (old, new) = (SigningKey::from_entropy(&[1; 32]), SigningKey::from_entropy(&[2; 32]));
        let origin: Origin = "tower".parse().unwrap();
        let at = Timestamp::from_micros(1);
        let checkpoint = Checkpoint {
            origin: origin.clone(),
            number: 1,
            sealed_at: at,
            through: 0,
            entries: 0,
            leaves: 0,
            root: Leaves::default().root(),
            previous: None,
        };
        vec![
            AnchorLine::Key { origin: origin.clone(), public_key: old.public(), at },
            AnchorLine::Checkpoint { text: checkpoint.sign(&old), leaves: None },
            AnchorLine::Rotation { text: KeyRotation::sign(origin, &old, new.public(), at, 1) },
        ]
    }

    fn text() -> String {
        lines().iter().map(AnchorLine::to_line).collect()
    }

    #[test]
    fn the_file_reads_back() {
        let file = AnchorFile::parse(&text()).unwrap();
        assert_eq!(file, AnchorFile { lines: lines(), whole_bytes: text().len(), torn_line: None });
        assert_eq!(file.last_checkpoint().unwrap().statement().number, 1);
        assert_eq!(AnchorFile::parse("").unwrap(), AnchorFile::default());
    }

    #[test]
    fn a_torn_last_line_does_not_count_wherever_it_is_torn() {
        let whole = lines()[0].to_line().len();
        let second = lines()[1].to_line();
        for cut in 1..second.len() {
            if second.is_char_boundary(cut) {
                let file = AnchorFile::parse(&text()[..whole + cut]).unwrap();
                assert_eq!((file.lines.len(), file.whole_bytes, file.torn_line), (1, whole, Some(2)));
            }
        }
    }

    #[test]
    fn a_bad_line_is_named() {
        for bad in ["", "{}", r#"{"type":"other"}"#, &lines()[0].to_line().trim_end().replace("at", "att")] {
            let file = format!("{}{bad}\n{}", lines()[0].to_line(), lines()[1].to_line());
            assert_eq!(AnchorFile::parse(&file).unwrap_err().line, 2, "{bad}");
        }
    }
}
