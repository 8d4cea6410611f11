//! The database address: every accepted spelling, parsed once into the engine it means.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

use url::Url;

use crate::InvalidText;
use crate::setting::Setting;

/// A database address. `Debug` and `Display` show it without passwords.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Engine);

/// The engine that a database address picks.
#[derive(Clone, PartialEq, Eq)]
pub enum Engine {
    /// A file of the embedded engine; relative paths are relative to the working directory.
    Sqlite {
        /// The database file.
        path: PathBuf,
    },
    /// A PostgreSQL server.
    Postgres {
        /// Address with password, in the spelling `postgresql://`. Never print it.
        url: String,
    },
}

const SPELLINGS: InvalidText = InvalidText(
    "must be `sqlite:///relative/path`, `sqlite:////absolute/path`, `sqlite:path`, `postgres://…` or `postgresql://…`",
);

impl DatabaseUrl {
    /// What is meant by the address.
    #[must_use]
    pub const fn engine(&self) -> &Engine {
        &self.0
    }

    /// The address in the one spelling that database drivers take, password included. Never print it.
    #[must_use]
    pub fn expose(&self) -> String {
        match &self.0 {
            Engine::Sqlite { path } => format!("sqlite://{}", slashed(path)),
            Engine::Postgres { url } => url.clone(),
        }
    }
}

/// A relative path behind one slash, an absolute one behind two, as the spelling with `//` wants it.
fn slashed(path: &Path) -> String {
    format!("/{}", path.display())
}

impl FromStr for DatabaseUrl {
    type Err = InvalidText;

    /// The error never repeats the address, which may hold a password.
    fn from_str(text: &str) -> Result<Self, InvalidText> {
        let (scheme, rest) = text.split_once(':').ok_or(SPELLINGS)?;
        match scheme {
            "sqlite" => sqlite_path(rest).map(|path| Self(Engine::Sqlite { path })),
            "postgres" | "postgresql" => postgres_url(rest).map(|url| Self(Engine::Postgres { url })),
            // Other programs name their driver here; the engine is the same.
            driver if driver.strip_prefix("postgresql+").is_some_and(is_driver) => {
                postgres_url(rest).map(|url| Self(Engine::Postgres { url }))
            }
            _ => Err(SPELLINGS),
        }
    }
}

fn is_driver(name: &str) -> bool {
    !name.is_empty() && name.chars().all(|c| c.is_ascii_alphanumeric() || c == '_')
}

fn sqlite_path(rest: &str) -> Result<PathBuf, InvalidText> {
    let path = rest.strip_prefix("///").or_else(|| rest.strip_prefix("//")).unwrap_or(rest);
    if path.contains(":memory:") {
        return Err(InvalidText("must name a file: connections cannot share a database in memory"));
    }
    if path.contains(['?', '\0']) {
        return Err(InvalidText("must be a plain path for SQLite, without `?` parameters"));
    }
    if path.is_empty() || path.ends_with('/') {
        return Err(InvalidText("must name a file, not a folder"));
    }
    Ok(PathBuf::from(path))
}

fn postgres_url(rest: &str) -> Result<String, InvalidText> {
    const WRONG: InvalidText = InvalidText("must be `postgresql://user:password@host:port/database`");
    if !rest.starts_with("//") {
        return Err(WRONG);
    }
    let url = Url::parse(&format!("postgresql:{rest}")).map_err(|_| WRONG)?;
    Ok(url.to_string())
}

impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Engine::Sqlite { .. } => f.write_str(&self.expose()),
            Engine::Postgres { url } => f.write_str(&without_password(url)),
        }
    }
}

/// The address with its password, in either place where one can stand, replaced.
pub(crate) fn without_password(address: &str) -> String {
    let Ok(mut url) = Url::parse(address) else {
        return "***".to_owned();
    };
    if url.password().is_some() && url.set_password(Some("***")).is_err() {
        return "***".to_owned();
    }
    if url.query().is_some() {
        // Any parameter may carry a credential, and none is needed to recognise the database.
        url.set_query(Some("***"));
    }
    url.to_string()
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

impl fmt::Debug for Engine {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Sqlite { path } => f.debug_struct("Sqlite").field("path", path).finish(),
            Self::Postgres { url } => f.debug_struct("Postgres").field("url", &without_password(url)).finish(),
        }
    }
}

impl Setting for DatabaseUrl {
    const KIND: &'static str = "a database address";
    const SECRET: bool = true;

    fn parse(text: &str) -> Result<Self, String> {
        text.parse().map_err(|error: InvalidText| error.to_string())
    }

    fn show(&self) -> String {
        self.to_string()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn sqlite(text: &str, expected: &str) {
        let url: DatabaseUrl = text.parse().unwrap();
        assert_eq!(url.engine(), &Engine::Sqlite { path: PathBuf::from(expected) });
        assert_eq!(url.expose().parse(), Ok(url), "the exposed spelling means the same");
    }

    #[track_caller]
    fn postgres(text: &str, exposed: &str, shown: &str) {
        let url: DatabaseUrl = text.parse().unwrap();
        assert_eq!(url.expose(), exposed);
        assert_eq!(url.to_string(), shown);
        assert!(!format!("{url:?} {:?}", url.engine()).contains("s3cret"), "{url:?}");
    }

    #[test]
    fn accepted_spellings() {
        sqlite("sqlite:///data/jct.db", "data/jct.db");
        sqlite("sqlite:///./data/jct.db", "./data/jct.db");
        sqlite("sqlite:////var/lib/jct.db", "/var/lib/jct.db");
        sqlite("sqlite://.jct/jct.db", ".jct/jct.db");
        sqlite("sqlite:jct.db", "jct.db");
        sqlite("sqlite:/var/jct.db", "/var/jct.db");
        postgres("postgres://h/d", "postgresql://h/d", "postgresql://h/d");
        postgres("postgresql://u:s3cret@h:5433/d", "postgresql://u:s3cret@h:5433/d", "postgresql://u:***@h:5433/d");
        postgres("postgresql+asyncpg://u@h/d", "postgresql://u@h/d", "postgresql://u@h/d");
        postgres("postgres://h/d?password=s3cret", "postgresql://h/d?password=s3cret", "postgresql://h/d?***");
    }

    #[test]
    fn refused_spellings_do_not_repeat_the_address() {
        for bad in [
            "",
            "jct.db",
            "mysql://u:s3cret@h/d",
            "sqlite:",
            "sqlite://",
            "sqlite:///",
            "sqlite:folder/",
            "sqlite::memory:",
            "sqlite:a?mode=s3cret",
            "postgres:h",
            "postgresql+://h/s3cret",
            "postgresql+a b://h/d",
            "postgres://u:s3cret@[h/d",
        ] {
            let reason = bad.parse::<DatabaseUrl>().unwrap_err().to_string();
            assert!(reason.starts_with("must ") && !reason.contains("s3cret"), "{bad}: {reason}");
        }
    }
}
