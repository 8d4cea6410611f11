//! What the door answers when it does not open: every violation at once, each with its place, code and reason.

use std::fmt;

use serde::{Serialize, Serializer};

use crate::json::DocumentError;
use crate::limits::{MAX_VIOLATIONS, MAX_VIOLATIONS_BYTES};
use crate::pointer::Path;

macro_rules! violation_codes {
    (
        tasks {$(#[doc = $doc:literal] $name:ident = $text:literal;)+}
        objects {$(#[doc = $object_doc:literal] $object_name:ident = $object_text:literal;)+}
    ) => {
        /// Why a value breaks the contract; the text form is stable and meant for programs.
        #[derive(Clone, Copy, Debug, PartialEq, Eq, Hash)]
        #[non_exhaustive]
        pub enum ViolationCode {
            $(#[doc = $doc] $name,)+
            $(#[doc = $object_doc] $object_name,)+
        }

        impl ViolationCode {
            /// Every code there is.
            pub const ALL: &'static [Self] = &[$(Self::$name,)+ $(Self::$object_name,)+];

            /// The codes that a task can meet; the others are those of work objects.
            pub const OF_TASKS: &'static [Self] = &[$(Self::$name,)+];

            /// The stable text form.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self {
                    $(Self::$name => $text,)+
                    $(Self::$object_name => $object_text,)+
                }
            }

            /// What it means, in one sentence, for the written specification.
            #[must_use]
            pub const fn meaning(self) -> &'static str {
                match self {
                    $(Self::$name => $doc.trim_ascii(),)+
                    $(Self::$object_name => $object_doc.trim_ascii(),)+
                }
            }
        }
    };
}

violation_codes! {
    tasks {
    /// A required field is absent or `null`.
    Required = "REQUIRED";
    /// The contract has no field of that name in that object.
    UnknownField = "UNKNOWN_FIELD";
    /// The same name is written twice in one object.
    DuplicateKey = "DUPLICATE_KEY";
    /// The value is of another JSON type; nothing is converted.
    WrongType = "WRONG_TYPE";
    /// The value is none of those that the field allows.
    ValueNotAllowed = "VALUE_NOT_ALLOWED";
    /// A string has too few characters.
    TooShort = "TOO_SHORT";
    /// A string has too many characters.
    TooLong = "TOO_LONG";
    /// A list has too many entries.
    TooManyItems = "TOO_MANY_ITEMS";
    /// The free-form parts (of a task: `inputs` and `metadata`) together take too many bytes.
    TooLarge = "TOO_LARGE";
    /// Objects and arrays are nested too deep.
    TooDeep = "TOO_DEEP";
    /// A string, or the name of a member, contains U+0000.
    NulCharacter = "NUL_CHARACTER";
    /// The number cannot be carried exactly: a double would change it, or it is an integer beyond 64 bits.
    NumberNotExact = "NUMBER_NOT_EXACT";
    /// `target.ref` is not a name that git takes for a ref.
    InvalidRef = "INVALID_REF";
    /// `target.path` is not a plain relative path.
    InvalidPath = "INVALID_PATH";
    /// `inputs.executor` is not a name of an executor.
    InvalidExecutor = "INVALID_EXECUTOR";
    /// `inputs.command` is not a command, nor a list of commands.
    InvalidCommand = "INVALID_COMMAND";
    /// `inputs.isolation` is not an isolation level.
    InvalidIsolation = "INVALID_ISOLATION";
    /// `inputs.checks` is not a list of checks, or one of them names a criterion that the task does not have.
    InvalidCheck = "INVALID_CHECK";
    /// The `Idempotency-Key` header and the `idempotency_key` field differ.
    IdempotencyKeyConflict = "IDEMPOTENCY_KEY_CONFLICT";
    /// There are more violations than are reported one by one.
    TooManyViolations = "TOO_MANY_VIOLATIONS";
    }
    objects {
        /// The number is smaller or larger than the field allows.
        OutOfRange = "OUT_OF_RANGE";
        /// The text is not a moment in RFC 3339.
        InvalidTime = "INVALID_TIME";
        /// The text is not an id: a UUID in lower case with hyphens.
        InvalidId = "INVALID_ID";
        /// The text is not a digest: `sha256:` and 64 hexadecimal digits in lower case.
        InvalidDigest = "INVALID_DIGEST";
        /// The reference names another kind of object than the field holds.
        ReferenceKind = "REFERENCE_KIND";
        /// The list names the same object twice.
        ReferenceRepeated = "REFERENCE_REPEATED";
        /// The object that the reference names does not exist.
        ReferenceNotFound = "REFERENCE_NOT_FOUND";
        /// The object that the reference names exists, but does not belong to the others that are named.
        ReferenceMismatch = "REFERENCE_MISMATCH";
        /// The list lacks an entry that it had; it may only grow.
        EntryRemoved = "ENTRY_REMOVED";
    }
}

impl fmt::Display for ViolationCode {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(self.as_str())
    }
}

impl Serialize for ViolationCode {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.as_str())
    }
}

/// One way in which a document breaks the contract.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, thiserror::Error)]
#[error("{}: {message}", if pointer.is_empty() { "the document" } else { pointer })]
pub struct Violation {
    /// JSON Pointer (RFC 6901) to the place, as the caller wrote it; `""` is the document itself. Names longer than 128
    /// characters are cut, with `…` for the rest.
    pub pointer: String,
    /// Why, for programs.
    pub code: ViolationCode,
    /// Why, for people: the limit and what was found.
    pub message: String,
}

/// The bytes are not a task.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum SpecError {
    /// Not one JSON text in UTF-8; over HTTP this is a 400.
    #[error("malformed JSON: {message} at line {line}, column {column}")]
    Malformed {
        /// What is wrong there.
        message: String,
        /// Counted from one.
        line: usize,
        /// In characters, counted from one.
        column: usize,
    },
    /// JSON, but not a task; over HTTP this is a 422.
    #[error("the task breaks the contract: {}", Listed(.0))]
    Violations(Vec<Violation>),
}

impl From<DocumentError> for SpecError {
    fn from(error: DocumentError) -> Self {
        Self::Malformed { message: error.message().to_owned(), line: error.line(), column: error.column() }
    }
}

struct Listed<'a>(&'a [Violation]);

impl fmt::Display for Listed<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        for (index, violation) in self.0.iter().enumerate() {
            write!(f, "{}{violation}", if index == 0 { "" } else { "; " })?;
        }
        Ok(())
    }
}

/// Collects violations while a door walks a document, at most [`MAX_VIOLATIONS`] of them and at most
/// [`MAX_VIOLATIONS_BYTES`] of text; what is beyond is counted.
#[derive(Debug, Default)]
pub struct Violations {
    reported: Vec<Violation>,
    reported_bytes: usize,
    unreported: usize,
}

impl Violations {
    /// Adds one.
    pub fn report(&mut self, path: Path<'_>, code: ViolationCode, message: impl Into<String>) {
        if self.is_full() {
            self.unreported += 1;
            return;
        }
        let violation = Violation { pointer: path.to_pointer(), code, message: message.into() };
        self.reported_bytes += violation.pointer.len() + violation.message.len();
        self.reported.push(violation);
    }

    /// Whether further messages are no longer worth making.
    #[must_use]
    pub const fn is_full(&self) -> bool {
        self.reported.len() >= MAX_VIOLATIONS || self.reported_bytes >= MAX_VIOLATIONS_BYTES
    }

    /// Whether there is none.
    #[must_use]
    pub const fn is_empty(&self) -> bool {
        self.reported.is_empty()
    }

    /// All of them, in the order in which they were reported; the last says how many were only counted.
    #[must_use]
    pub fn into_vec(mut self) -> Vec<Violation> {
        if self.unreported > 0 {
            self.reported.push(Violation {
                pointer: String::new(),
                code: ViolationCode::TooManyViolations,
                message: format!("{} more violations are not listed", self.unreported),
            });
        }
        self.reported
    }
}
