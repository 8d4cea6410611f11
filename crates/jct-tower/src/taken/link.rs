//! A link to something that lies outside the tower. It is shown beside what the tower keeps, and a person or a program may
//! follow it, so that it has to lead elsewhere and to run nothing.

use std::str::FromStr;

use url::Url;

/// The longest link, in characters.
const MAX_CHARS: usize = 2_000;
/// Where code, images, data and texts lie. What is not here could run in a browser (`javascript`, `data`), name a file of
/// some machine (`file`), or be taken for something of the tower's own (`jct`).
const SCHEMES: [&str; 20] = [
    "https",
    "http",
    "git",
    "git+https",
    "git+ssh",
    "ssh",
    "ftp",
    "ftps",
    "sftp",
    "s3",
    "gs",
    "az",
    "abfs",
    "abfss",
    "oci",
    "docker",
    "pkg",
    "ipfs",
    "doi",
    "urn",
];

/// An absolute URI (RFC 3986) of a scheme that leads elsewhere, 1 to 2000 characters. What
/// the tower keeps itself has relative addresses, so that no link looks like one of them.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Link(String);

/// The text is no link to elsewhere.
#[derive(Clone, Copy, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidLink {
    /// It is empty or too long.
    #[error("a link has 1 to {} characters", MAX_CHARS)]
    Length,
    /// It has a character that no address has as it is (RFC 3986, section 2).
    #[error(
        "a link has no white space, no control characters, none of `\"<>\\^`{{|}}`, and nothing beyond ASCII but as `%` and two digits"
    )]
    Characters,
    /// It is no address, or one that means something only together with another.
    #[error("it is no absolute URI, such as `https://example.org/report`")]
    NotAbsolute,
    /// It may lead to what it should not.
    #[error("the scheme of a link is one of {}", SCHEMES.join(", "))]
    Scheme,
}

impl FromStr for Link {
    type Err = InvalidLink;

    fn from_str(text: &str) -> Result<Self, InvalidLink> {
        if text.is_empty() || text.chars().count() > MAX_CHARS {
            return Err(InvalidLink::Length);
        }
        // The parser would leave out or replace what browsers do; nothing may be hidden in a link.
        if !text.bytes().all(|byte| byte.is_ascii_graphic() && !b"\"<>\\^`{|}".contains(&byte)) {
            return Err(InvalidLink::Characters);
        }
        let url = Url::parse(text).map_err(|_| InvalidLink::NotAbsolute)?;
        if SCHEMES.contains(&url.scheme()) { Ok(Self(text.to_owned())) } else { Err(InvalidLink::Scheme) }
    }
}

impl Link {
    /// The text.
    #[must_use]
    pub fn as_str(&self) -> &str {
        &self.0
    }
}

impl From<Link> for String {
    fn from(link: Link) -> Self {
        link.0
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: Result<(), InvalidLink>) {
        let link = text.parse::<Link>();
        assert_eq!(link.map(String::from), expect.map(|()| text.to_owned()), "{text:?}");
    }

    #[test]
    fn a_link_leads_elsewhere() {
        for text in [
            "https://example.org/pr/7?a=b#c",
            "HTTP://example.org",
            "ssh://git@example.org/a.git",
            "git+https://example.org/a.git@0123",
            "s3://bucket/data.csv",
            "docker://example.org/image:1",
            "pkg:cargo/serde@1.0",
            "urn:isbn:0451450523",
            "https://example.org/gr%C3%B6%C3%9Fe",
        ] {
            check(text, Ok(()));
        }
    }

    #[test]
    fn what_could_pretend_or_run_is_no_link() {
        use InvalidLink::{Characters, Length, NotAbsolute, Scheme};
        check("", Err(Length));
        check(&format!("https://{}", "x".repeat(1_993)), Err(Length));
        for text in [" https://a.example", "https://a.example/b c", "java\tscript:x", "https://a\n", "https://a/\u{0}"]
        {
            check(text, Err(Characters));
        }
        for text in
            ["https://a/\u{a0}", "https://exa\u{200b}mple.org", "https://a/\u{202e}gpj", "https://a/\"><script>"]
        {
            check(text, Err(Characters));
        }
        check("https:\\\\a", Err(Characters));
        for text in [
            "report.md",
            "/api/queue/jobs/018f0000-0000-7000-8000-000000000000/artifacts/a",
            "/tasks/1/trace/a?attempt=1",
            "//example.org/a",
            "../a",
            "?a",
            "#a",
            "://a",
            "https://",
        ] {
            check(text, Err(NotAbsolute));
        }
        for text in [
            "javascript:alert(1)",
            "JavaScript:alert(1)",
            "data:text/html,x",
            "vbscript:x",
            "blob:https://example.org/1",
            "jct://tasks/1/trace/a",
            "JCT:tasks",
            "file:///etc/passwd",
            "nowhere:x",
        ] {
            check(text, Err(Scheme));
        }
    }
}
