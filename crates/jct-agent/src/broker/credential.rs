//! The credential that the broker adds: read by the worker, never by what it runs.

use std::fs;
use std::path::{Path, PathBuf};

use hyper::header::{HeaderName, HeaderValue};
use zeroize::Zeroizing;

/// Longer than any key, shorter than a file that was named by mistake.
const MOST_BYTES: u64 = 16 * 1024;

/// Why there is no credential.
#[derive(Debug, thiserror::Error)]
#[non_exhaustive]
pub enum CredentialError {
    /// The variable is not set, or is empty.
    #[error("the worker's environment has no `{0}`")]
    Unset(String),
    /// The file cannot be read.
    #[error("the file with the agent's credential cannot be read")]
    Unreadable(#[source] std::io::Error),
    /// It is no text that can stand in a header.
    #[error("the agent's credential cannot stand in a header")]
    Unusable,
}

/// Where a credential comes from and how it is shown upstream.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CredentialSource {
    from: From,
    header: HeaderName,
    prefix: String,
}

#[derive(Debug, Clone, PartialEq, Eq)]
enum From {
    Variable(String),
    File(PathBuf),
}

/// A header that holds a credential. Has no `Debug`: it must not be shown.
pub(crate) struct Credential {
    name: HeaderName,
    value: Zeroizing<String>,
}

impl CredentialSource {
    pub(crate) fn variable(name: &str, header: HeaderName, prefix: String) -> Self {
        Self { from: From::Variable(name.to_owned()), header, prefix }
    }

    pub(crate) fn file(path: &Path, header: HeaderName, prefix: String) -> Self {
        Self { from: From::File(path.to_owned()), header, prefix }
    }

    /// The secret itself as it is now, so that it can be looked for where it must not be; `None` if it cannot be read.
    pub fn secret(&self) -> Option<Zeroizing<String>> {
        self.read().ok().map(|text| Zeroizing::new(text.trim().to_owned()))
    }

    fn read(&self) -> Result<Zeroizing<String>, CredentialError> {
        match &self.from {
            From::Variable(name) => {
                std::env::var(name).map(Zeroizing::new).map_err(|_| CredentialError::Unset(name.clone()))
            }
            From::File(path) => {
                let length = fs::metadata(path).map_err(CredentialError::Unreadable)?.len();
                if length > MOST_BYTES {
                    return Err(CredentialError::Unusable);
                }
                fs::read_to_string(path).map(Zeroizing::new).map_err(CredentialError::Unreadable)
            }
        }
    }

    /// Reads the credential as it is now.
    pub(crate) fn load(&self) -> Result<Credential, CredentialError> {
        let secret = self.read()?;
        let trimmed = secret.trim();
        if trimmed.is_empty() {
            return Err(match &self.from {
                From::Variable(name) => CredentialError::Unset(name.clone()),
                From::File(_) => CredentialError::Unusable,
            });
        }
        let mut value = Zeroizing::new(String::with_capacity(self.prefix.len() + trimmed.len()));
        value.push_str(&self.prefix);
        value.push_str(trimmed);
        HeaderValue::from_str(&value).map_err(|_| CredentialError::Unusable)?;
        Ok(Credential { name: self.header.clone(), value })
    }
}

impl Credential {
    pub(crate) fn name(&self) -> &HeaderName {
        &self.name
    }

    /// The header's value, marked so that it is shown nowhere and enters no compression table.
    pub(crate) fn value(&self) -> Option<HeaderValue> {
        let mut value = HeaderValue::from_str(&self.value).ok()?;
        value.set_sensitive(true);
        Some(value)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_credential_is_read_when_it_is_needed() {
        let folder = tempfile::tempdir().unwrap();
        let file = folder.path().join("key");
        let source = CredentialSource::file(&file, HeaderName::from_static("authorization"), "Bearer ".to_owned());
        assert!(matches!(source.load(), Err(CredentialError::Unreadable(_))));
        fs::write(&file, "s3cret\n").unwrap();
        let credential = source.load().ok().unwrap();
        assert_eq!(credential.value().unwrap(), "Bearer s3cret");
        assert!(!format!("{:?}", credential.value()).contains("s3cret"));
        fs::write(&file, "two\nlines").unwrap();
        assert!(matches!(source.load(), Err(CredentialError::Unusable)));
        fs::write(&file, " \n").unwrap();
        assert!(matches!(source.load(), Err(CredentialError::Unusable)));
        let unset =
            CredentialSource::variable("JCT_TEST_NO_SUCH_KEY", HeaderName::from_static("x-api-key"), String::new());
        assert!(matches!(unset.load(), Err(CredentialError::Unset(_))));
    }
}
