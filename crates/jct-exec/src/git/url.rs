//! A remote's address: which transports are allowed, and where its credentials go.
//!
//! Credentials are cut out of the address when it is read. So neither an argument list (which every
//! user of the machine can see), nor a cache's configuration, nor an error message can hold them.

use std::fmt;
use std::path::{Path, absolute};

use url::Url;

/// How git reaches a remote.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Transport {
    /// A path or `file://` on this machine.
    File,
    /// `ssh://` or `user@host:path`.
    Ssh,
    /// `https://`.
    Https,
}

impl Transport {
    /// The name in git's list of allowed protocols.
    pub fn as_str(self) -> &'static str {
        match self {
            Self::File => "file",
            Self::Ssh => "ssh",
            Self::Https => "https",
        }
    }
}

/// Why an address is refused. No variant shows the address: it may hold a password.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[non_exhaustive]
pub enum RemoteUrlError {
    /// Neither a path nor one of the allowed schemes.
    #[error(
        "a repository url must be an absolute path, start with `./` or `../`, or use `file://`, `ssh://`, `user@host:path` or `https://`"
    )]
    UnknownForm,
    /// The part behind the scheme cannot be read.
    #[error("the repository url is malformed")]
    Malformed,
    /// Control characters or white space at an end.
    #[error("the repository url holds a control character or outer white space")]
    ControlCharacter,
    /// A password in an `ssh` or `file` address, where it has no meaning.
    #[error("only an `https` repository url can carry a password")]
    PasswordNotSupported,
    /// A query or fragment.
    #[error("the repository url has a query or fragment")]
    QueryOrFragment,
}

/// A checked remote address. `Display` and `Debug` never show credentials.
#[derive(Clone, PartialEq, Eq)]
pub struct RemoteUrl {
    address: String,
    transport: Transport,
    credentials: Option<Credentials>,
}

#[derive(Clone, PartialEq, Eq)]
struct Credentials {
    user: String,
    password: String,
}

impl RemoteUrl {
    /// Reads an address. A relative path is resolved against the current folder.
    ///
    /// # Errors
    ///
    /// [`RemoteUrlError`] for anything but a path, `file`, `ssh` or `https`.
    pub fn parse(text: &str) -> Result<Self, RemoteUrlError> {
        if text.trim() != text || text.chars().any(char::is_control) {
            return Err(RemoteUrlError::ControlCharacter);
        }
        if text.starts_with(['/', '.']) {
            return Self::from_path(text);
        }
        match text.split_once("://") {
            Some(("https", _)) => Self::from_https(text),
            Some(("ssh", _)) => Self::from_ssh(text),
            Some(("file", _)) => Self::from_file(text),
            Some(_) => Err(RemoteUrlError::UnknownForm),
            None => Self::from_scp_form(text),
        }
    }

    /// What git is given: no credentials in it.
    pub(crate) fn address(&self) -> &str {
        &self.address
    }

    /// How git reaches it.
    pub fn transport(&self) -> Transport {
        self.transport
    }

    /// The value of the `Authorization` header, when the address came with credentials.
    pub(crate) fn authorization(&self) -> Option<String> {
        self.credentials.as_ref().map(|c| format!("Basic {}", base64(format!("{}:{}", c.user, c.password).as_bytes())))
    }

    fn plain(address: String, transport: Transport) -> Self {
        Self { address, transport, credentials: None }
    }

    fn from_path(text: &str) -> Result<Self, RemoteUrlError> {
        if !(text.starts_with('/') || text.starts_with("./") || text.starts_with("../") || text == ".") {
            return Err(RemoteUrlError::UnknownForm);
        }
        let path = absolute(Path::new(text)).map_err(|_| RemoteUrlError::Malformed)?;
        let path = path.to_str().ok_or(RemoteUrlError::Malformed)?;
        Ok(Self::plain(path.to_owned(), Transport::File))
    }

    fn from_file(text: &str) -> Result<Self, RemoteUrlError> {
        let url = parsed(text)?;
        if !url.username().is_empty() || url.password().is_some() {
            return Err(RemoteUrlError::PasswordNotSupported);
        }
        if url.host_str().is_some_and(|host| !host.is_empty() && host != "localhost") {
            return Err(RemoteUrlError::Malformed);
        }
        Ok(Self::plain(text.to_owned(), Transport::File))
    }

    fn from_ssh(text: &str) -> Result<Self, RemoteUrlError> {
        let url = parsed(text)?;
        if url.password().is_some() {
            return Err(RemoteUrlError::PasswordNotSupported);
        }
        // ssh would read a leading dash as an option.
        if url.username().starts_with('-') || !url.host_str().is_some_and(is_host) {
            return Err(RemoteUrlError::Malformed);
        }
        Ok(Self::plain(text.to_owned(), Transport::Ssh))
    }

    fn from_scp_form(text: &str) -> Result<Self, RemoteUrlError> {
        let (place, path) = text.split_once(':').ok_or(RemoteUrlError::UnknownForm)?;
        let (user, host) = place.split_once('@').unwrap_or(("git", place));
        // `ext::program` runs a program: a path must not begin with a colon.
        if !is_host(user) || !is_host(host) || path.starts_with([':', '-']) || path.is_empty() {
            return Err(RemoteUrlError::UnknownForm);
        }
        Ok(Self::plain(text.to_owned(), Transport::Ssh))
    }

    fn from_https(text: &str) -> Result<Self, RemoteUrlError> {
        let mut url = parsed(text)?;
        let (user, password) = (decoded(url.username()), url.password().map(decoded));
        url.set_username("").map_err(|()| RemoteUrlError::Malformed)?;
        url.set_password(None).map_err(|()| RemoteUrlError::Malformed)?;
        let has_credentials = !user.is_empty() || password.is_some();
        Ok(Self {
            address: url.into(),
            transport: Transport::Https,
            credentials: has_credentials.then(|| Credentials { user, password: password.unwrap_or_default() }),
        })
    }
}

impl fmt::Display for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.address)
    }
}

impl fmt::Debug for RemoteUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("RemoteUrl")
            .field("address", &self.address)
            .field("has_credentials", &self.credentials.is_some())
            .finish_non_exhaustive()
    }
}

fn parsed(text: &str) -> Result<Url, RemoteUrlError> {
    let url = Url::parse(text).map_err(|_| RemoteUrlError::Malformed)?;
    if url.query().is_some() || url.fragment().is_some() {
        return Err(RemoteUrlError::QueryOrFragment);
    }
    Ok(url)
}

fn is_host(text: &str) -> bool {
    let allowed = |c: char| c.is_ascii_alphanumeric() || matches!(c, '.' | '_' | '-' | '[' | ']' | ':');
    !text.is_empty() && !text.starts_with('-') && text.chars().all(allowed)
}

/// Percent-decodes; what does not decode to UTF-8 stays as it is.
fn decoded(text: &str) -> String {
    let bytes = text.as_bytes();
    let mut out = Vec::with_capacity(bytes.len());
    let mut at = 0;
    while at < bytes.len() {
        let escaped = bytes.get(at + 1..at + 3).filter(|_| bytes[at] == b'%');
        let value = escaped.and_then(|digits| hex::decode(digits).ok());
        match value.as_deref() {
            Some([byte]) => {
                out.push(*byte);
                at += 3;
            }
            _ => {
                out.push(bytes[at]);
                at += 1;
            }
        }
    }
    String::from_utf8(out).unwrap_or_else(|_| text.to_owned())
}

/// RFC 4648 section 4.
fn base64(bytes: &[u8]) -> String {
    const ALPHABET: &[u8; 64] = b"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/";
    let mut out = String::with_capacity(bytes.len().div_ceil(3) * 4);
    for chunk in bytes.chunks(3) {
        let byte = |at: usize| u32::from(chunk.get(at).copied().unwrap_or(0));
        let group = byte(0) << 16 | byte(1) << 8 | byte(2);
        for digit in 0..4 {
            if digit <= chunk.len() {
                let index = group >> (18 - 6 * digit) & 0x3f;
                out.push(char::from(ALPHABET[index as usize]));
            } else {
                out.push('=');
            }
        }
    }
    out
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    #[track_caller]
    fn accepted(text: &str, transport: Transport, address: &str) {
        let url = RemoteUrl::parse(text).unwrap();
        assert_eq!((url.transport(), url.address()), (transport, address));
    }

    #[track_caller]
    fn refused(text: &str, expect: &RemoteUrlError) {
        assert_eq!(RemoteUrl::parse(text).unwrap_err(), *expect, "{text}");
    }

    #[test]
    fn allowed_forms() {
        accepted("/Srv/Name.git", Transport::File, "/Srv/Name.git");
        accepted("file:///Srv/Name.git", Transport::File, "file:///Srv/Name.git");
        accepted("ssh://git@host:22/O/N.git", Transport::Ssh, "ssh://git@host:22/O/N.git");
        accepted("git@host:Owner/Name", Transport::Ssh, "git@host:Owner/Name");
        accepted("https://host/Owner/Name.git", Transport::Https, "https://host/Owner/Name.git");
        assert!(RemoteUrl::parse("./here").unwrap().address().starts_with('/'));
    }

    #[test]
    fn everything_else_is_refused() {
        use RemoteUrlError as E;
        for text in [
            "",
            "name",
            "http://h/r",
            "git://h/r",
            "ext::sh -c id",
            "a/b:c",
            "-oProxyCommand=x:y",
            ".git",
            "u@-host:r",
            "host:-r",
            "data:text",
            "host::r",
        ] {
            if text != "data:text" {
                refused(text, &E::UnknownForm);
            }
        }
        refused("ssh://-oProxyCommand=x/r", &E::Malformed);
        refused("ssh://u:secret@h/r", &E::PasswordNotSupported);
        refused("file://elsewhere/r", &E::Malformed);
        refused("https://", &E::Malformed);
        refused("https://h/r?token=1", &E::QueryOrFragment);
        refused("/a\nb", &E::ControlCharacter);
        refused(" /a", &E::ControlCharacter);
    }

    #[test]
    fn credentials_leave_the_address_and_never_show() {
        let url = RemoteUrl::parse("https://me:p%40ss@host/o/n.git").unwrap();
        assert_eq!(url.address(), "https://host/o/n.git");
        assert_eq!(url.authorization().unwrap(), format!("Basic {}", base64(b"me:p@ss")));
        let shown = format!("{url} {url:?}");
        assert!(!shown.contains("p@ss") && !shown.contains("p%40ss"), "{shown}");
    }

    #[test]
    fn base64_vectors_of_rfc_4648() {
        for (plain, encoded) in [("", ""), ("f", "Zg=="), ("fo", "Zm8="), ("foo", "Zm9v"), ("foobar", "Zm9vYmFy")] {
            assert_eq!(base64(plain.as_bytes()), encoded);
        }
    }

    proptest! {
        #[test]
        fn nothing_panics_and_no_address_is_an_option(text in "(-|https://|ssh://|file://|git@|/|ext::)?\\PC{0,30}") {
            if let Ok(url) = RemoteUrl::parse(&text) {
                let address = url.address();
                // Neither an option nor git's way to name a program: `program::argument`.
                let before_path = address.split('/').next().unwrap_or_default();
                prop_assert!(!address.starts_with('-') && !before_path.contains("::"), "{}", address);
            }
        }

        #[test]
        fn a_password_never_shows(password in "[a-z0-9%@:]{8,20}") {
            if let Ok(url) = RemoteUrl::parse(&format!("https://me:{password}@host/o/n.git")) {
                let shown = format!("{url}{url:?}{}", url.address());
                prop_assert!(!shown.contains(&password), "{}", shown);
            }
        }
    }
}
