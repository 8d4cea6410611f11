//! What can be told about a document beside its text. Nothing of it leaves unless the manifest lists it.

/// One thing that is known of a document.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Fact {
    Path,
    FileName,
    Extension,
    SizeBytes,
    ModifiedAt,
    Repo,
    Ref,
    Commit,
}

impl Fact {
    pub(crate) const ALL: [Self; 8] = [
        Self::Path,
        Self::FileName,
        Self::Extension,
        Self::SizeBytes,
        Self::ModifiedAt,
        Self::Repo,
        Self::Ref,
        Self::Commit,
    ];

    /// The name in metadata.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::Path => "path",
            Self::FileName => "file_name",
            Self::Extension => "extension",
            Self::SizeBytes => "size_bytes",
            Self::ModifiedAt => "modified_at",
            Self::Repo => "repo",
            Self::Ref => "ref",
            Self::Commit => "commit",
        }
    }

    /// Reads a name; `fileName` and `file_name` are one.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let plain = |text: &str| text.trim().replace('_', "").to_ascii_lowercase();
        let text = plain(text);
        Self::ALL.into_iter().find(|fact| plain(fact.name()) == text)
    }

    /// All names, for messages.
    pub(crate) fn names() -> String {
        Self::ALL.map(Self::name).join(", ")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_are_read_in_either_spelling() {
        for fact in Fact::ALL {
            assert_eq!(Fact::parse(fact.name()), Some(fact));
        }
        assert_eq!(Fact::parse("fileName"), Some(Fact::FileName));
        assert_eq!(Fact::parse("content"), None);
    }
}
