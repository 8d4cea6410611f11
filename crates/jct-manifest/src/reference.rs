//! The one grammar of secret references: what the scan lets through is exactly what is collected.

use std::fmt;

use serde::Serialize;

use crate::code::ViolationCode;
use crate::limits::REFERENCE_PART_MAX_CHARS;

/// A secret by name. Whoever does the work resolves it; the tower never sees the secret.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Reference {
    /// `${NAME}`: a variable in the environment of the worker.
    Environment(EnvironmentRef),
    /// `profile://provider#field`: a field of the profile of whoever asked for the job.
    Profile(ProfileRef),
    /// `vault://mount/path#field`: a field in a vault that the worker can reach.
    Vault(VaultRef),
}

/// `${NAME}`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct EnvironmentRef {
    /// The variable: `[A-Za-z_][A-Za-z0-9_]*`.
    pub name: String,
}

/// `profile://provider#field`.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[serde(rename_all = "camelCase")]
#[non_exhaustive]
pub struct ProfileRef {
    /// The provider, in lower case.
    pub provider: String,
    /// The field, in lower case.
    pub field: String,
    /// The name that a worker gives it if it hands it to the work in the environment: `PROVIDER_FIELD` in capitals,
    /// everything else as underscores. The tower hands out names only; the worker has to find the secret itself.
    pub env_key: String,
    /// The reference in lower case.
    pub normalized: String,
}

/// `vault://mount/path#field`; capitals are kept.
#[derive(Clone, Debug, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize)]
#[non_exhaustive]
pub struct VaultRef {
    /// The mount of the engine.
    pub mount: String,
    /// The path below the mount.
    pub path: String,
    /// The field of the secret.
    pub field: String,
    /// The reference as it was written.
    #[serde(rename = "ref")]
    pub reference: String,
}

/// Why a text that begins like a reference is none.
pub(crate) type Refusal = (ViolationCode, &'static str);

const WHOLE: &str = "a reference must be the whole value, without anything before or behind it; `${` has no other use";

impl Reference {
    /// Reads a value. `None` if it has nothing to do with references; in prose, `${` in the middle has not.
    pub(crate) fn of_value(text: &str, is_prose: bool) -> Option<Result<Self, Refusal>> {
        if text.starts_with("${") {
            return Some(environment(text));
        }
        let trimmed = text.trim_start();
        let scheme = trimmed.split("://").next().filter(|scheme| scheme.len() < trimmed.len()).unwrap_or_default();
        for (known, read) in [("profile", profile as fn(&str) -> Result<Self, Refusal>), ("vault", vault)] {
            if scheme.eq_ignore_ascii_case(known) {
                return Some(if scheme != known {
                    Err((ViolationCode::ReferenceSchemeCase, "the scheme of a reference is written in lower case"))
                } else if trimmed.len() < text.len() {
                    Err((ViolationCode::ReferenceNotWhole, WHOLE))
                } else {
                    read(text)
                });
            }
        }
        let is_inside = text.contains("${") && !is_prose;
        is_inside.then_some(Err((ViolationCode::ReferenceNotWhole, WHOLE)))
    }

    /// The name under which the worker gets it, where there is one.
    #[must_use]
    pub fn env_key(&self) -> Option<&str> {
        match self {
            Self::Environment(reference) => Some(&reference.name),
            Self::Profile(reference) => Some(&reference.env_key),
            Self::Vault(_) => None,
        }
    }
}

impl fmt::Display for Reference {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Environment(reference) => write!(f, "${{{}}}", reference.name),
            Self::Profile(reference) => f.write_str(&reference.normalized),
            Self::Vault(reference) => f.write_str(&reference.reference),
        }
    }
}

fn environment(text: &str) -> Result<Reference, Refusal> {
    let Some((name, rest)) = text.strip_prefix("${").and_then(|rest| rest.split_once('}')) else {
        return Err((ViolationCode::EnvRefMalformed, "an environment reference is `${NAME}`"));
    };
    if !rest.is_empty() {
        return Err((ViolationCode::ReferenceNotWhole, WHOLE));
    }
    let begins = name.bytes().next().is_some_and(|first| first.is_ascii_alphabetic() || first == b'_');
    let fits = name.len() <= REFERENCE_PART_MAX_CHARS;
    if begins && fits && name.bytes().all(|byte| byte.is_ascii_alphanumeric() || byte == b'_') {
        return Ok(Reference::Environment(EnvironmentRef { name: name.to_owned() }));
    }
    let message =
        "the name of a variable has 1 to 128 letters, digits and underscores, and does not begin with a digit";
    Err((ViolationCode::EnvRefMalformed, message))
}

fn profile(text: &str) -> Result<Reference, Refusal> {
    let malformed = (ViolationCode::ProfileRefMalformed, "a profile reference is `profile://provider#field`");
    let rest = text.strip_prefix("profile://").ok_or(malformed)?;
    let (provider, field) = rest.split_once('#').ok_or(malformed)?;
    if provider.is_empty() || field.is_empty() || rest.contains(['/', '?']) || field.contains('#') {
        return Err(malformed);
    }
    // A part of signs alone would leave nothing for the name that the worker gets.
    let is_part = |part: &str| is_segment(part) && part.bytes().any(|byte| byte.is_ascii_alphanumeric());
    if !is_part(provider) || !is_part(field) {
        let message =
            "provider and field have 1 to 128 letters, digits, `.`, `_` and `-`, at least one letter or digit";
        return Err((ViolationCode::ProfileRefCharset, message));
    }
    let (provider, field) = (provider.to_ascii_lowercase(), field.to_ascii_lowercase());
    Ok(Reference::Profile(ProfileRef {
        env_key: format!("{}_{}", env_part(&provider), env_part(&field)),
        normalized: format!("profile://{provider}#{field}"),
        provider,
        field,
    }))
}

fn vault(text: &str) -> Result<Reference, Refusal> {
    let malformed = (ViolationCode::VaultRefMalformed, "a vault reference is `vault://mount/path#field`");
    let rest = text.strip_prefix("vault://").ok_or(malformed)?;
    let (place, field) = rest.split_once('#').ok_or(malformed)?;
    let (mount, path) = place.split_once('/').ok_or(malformed)?;
    let segments = || path.split('/').chain([mount, field]);
    if segments().any(str::is_empty) || rest.contains('?') || field.contains(['#', '/']) {
        return Err(malformed);
    }
    if segments().any(|segment| matches!(segment, "." | "..")) {
        return Err((ViolationCode::VaultRefTraversal, "no segment of a vault reference may be `.` or `..`"));
    }
    if !segments().all(is_segment) {
        let message = "every segment of a vault reference has 1 to 128 letters, digits, `.`, `_` and `-`";
        return Err((ViolationCode::VaultRefCharset, message));
    }
    Ok(Reference::Vault(VaultRef {
        mount: mount.to_owned(),
        path: path.to_owned(),
        field: field.to_owned(),
        reference: text.to_owned(),
    }))
}

fn is_segment(text: &str) -> bool {
    let inner = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'_' | b'-');
    (1..=REFERENCE_PART_MAX_CHARS).contains(&text.len()) && text.bytes().all(inner) && !matches!(text, "." | "..")
}

/// Every run of signs becomes one underscore; those at the ends go.
fn env_part(text: &str) -> String {
    let words = text.split(|character: char| !character.is_ascii_alphanumeric()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join("_").to_ascii_uppercase()
}
