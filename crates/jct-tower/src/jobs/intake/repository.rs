//! The spellings in which older clients name a repository.

use jct_contract::{InvalidRepoName, RepoName};

/// Reads `owner/name`, an `https` address without user, query and fragment, or `git@host:owner/name`. The host is left
/// out: where a repository is fetched from is configured, and not the business of a job.
pub(super) fn repository(text: &str) -> Result<RepoName, InvalidRepoName> {
    let text = text.trim();
    let name = if let Some(address) = text.strip_prefix("https://") {
        let (host, path) = address.split_once('/').ok_or(InvalidRepoName)?;
        path_at(host, path)?
    } else if let Some(address) = text.strip_prefix("git@") {
        let (host, path) = address.split_once(':').ok_or(InvalidRepoName)?;
        path_at(host, path)?
    } else {
        text
    };
    name.parse()
}

/// The path, if the host is a plain one: whoever writes a password there must not have it kept.
fn path_at<'t>(host: &str, path: &'t str) -> Result<&'t str, InvalidRepoName> {
    let plain = |byte: u8| byte.is_ascii_alphanumeric() || matches!(byte, b'.' | b'-' | b':');
    let fits = !host.is_empty() && host.bytes().all(plain) && !path.contains(['?', '#', '@']);
    if fits { Ok(path) } else { Err(InvalidRepoName) }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Option<&str>) {
        assert_eq!(repository(text).ok().as_ref().map(RepoName::as_str), expect, "{text}");
    }

    #[test]
    fn every_spelling_becomes_owner_and_name() {
        for text in [
            "myorg/app",
            " MyOrg/App.git ",
            "https://git.example.com/myorg/app",
            "https://git.example.com:8443/myorg/app.git/",
            "git@git.example.com:myorg/app.git",
        ] {
            check(text, Some("myorg/app"));
        }
        check("https://git.example.com/group/team/app", Some("group/team/app"));
    }

    #[test]
    fn passwords_other_schemes_and_half_names_are_refused() {
        for text in [
            "",
            "app",
            "https://",
            "https://git.example.com",
            "https://git.example.com/app",
            "https:///myorg/app",
            "https://user@git.example.com/myorg/app",
            "https://user:secret@git.example.com/myorg/app",
            "https://git.example.com/myorg/app?ref=x",
            "https://git.example.com/myorg/app#x",
            "https://git.example.com/../app",
            "http://git.example.com/myorg/app",
            "ssh://git@git.example.com/myorg/app",
            "file:///myorg/app",
            "git@git.example.com/myorg/app",
            "git@:myorg/app",
            "git@a@b:myorg/app",
            "-o/app",
        ] {
            check(text, None);
        }
    }
}
