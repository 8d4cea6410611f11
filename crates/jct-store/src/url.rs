//! The database's address: one text that picks the engine.

use std::fmt;
use std::path::{Path, PathBuf};
use std::str::FromStr;

/// A parsed `DATABASE_URL`.
///
/// Accepted are `sqlite:path`, `sqlite://relative/path`, `sqlite:////absolute/path`, `postgres://...`,
/// `postgresql://...` and `postgresql+driver://...`, whose driver part is dropped.
#[derive(Clone, PartialEq, Eq)]
pub struct DatabaseUrl(Kind);

#[derive(Clone, PartialEq, Eq)]
enum Kind {
    Sqlite(PathBuf),
    Postgres(String),
}

/// The text is no database address the tower can use.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum InvalidDatabaseUrl {
    /// Neither `sqlite:` nor `postgres:`.
    #[error("expected sqlite:path, sqlite:////absolute/path, postgres://... or postgresql://...")]
    UnknownEngine,
    /// A SQLite address without a path.
    #[error("a sqlite address needs a path, such as sqlite:jct.db")]
    MissingPath,
    /// SQLite in memory is one database a connection, which is not what anybody wants here.
    #[error("an in-memory database would be gone after each connection; use a file")]
    InMemory,
}

impl DatabaseUrl {
    /// The address of a SQLite file.
    #[must_use]
    pub fn sqlite(path: impl AsRef<Path>) -> Self {
        Self(Kind::Sqlite(path.as_ref().to_owned()))
    }

    /// The SQLite file, if this is one.
    #[must_use]
    pub fn sqlite_path(&self) -> Option<&Path> {
        match &self.0 {
            Kind::Sqlite(path) => Some(path),
            Kind::Postgres(_) => None,
        }
    }

    pub(crate) fn postgres_url(&self) -> Option<&str> {
        match &self.0 {
            Kind::Sqlite(_) => None,
            Kind::Postgres(url) => Some(url),
        }
    }
}

impl FromStr for DatabaseUrl {
    type Err = InvalidDatabaseUrl;

    fn from_str(text: &str) -> Result<Self, InvalidDatabaseUrl> {
        let text = text.trim();
        let (scheme, rest) = text.split_once(':').ok_or(InvalidDatabaseUrl::UnknownEngine)?;
        match scheme.split('+').next() {
            Some("sqlite") => {
                let path = match rest.strip_prefix("//") {
                    None => rest,
                    // Behind the two slashes an absolute path has two more; one alone is how a relative one is written.
                    Some(path) if path.starts_with("//") => &path[1..],
                    Some(path) => path.strip_prefix('/').unwrap_or(path),
                };
                match path {
                    "" => Err(InvalidDatabaseUrl::MissingPath),
                    ":memory:" => Err(InvalidDatabaseUrl::InMemory),
                    path => Ok(Self::sqlite(path)),
                }
            }
            Some("postgres" | "postgresql") if rest.starts_with("//") => {
                Ok(Self(Kind::Postgres(format!("postgresql:{rest}"))))
            }
            _ => Err(InvalidDatabaseUrl::UnknownEngine),
        }
    }
}

/// Never shows credentials.
impl fmt::Display for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match &self.0 {
            Kind::Sqlite(path) => write!(f, "sqlite:{}", path.display()),
            Kind::Postgres(url) => match url::Url::parse(url) {
                Ok(url) => {
                    let host = url.host_str().filter(|host| !host.is_empty()).unwrap_or("localhost");
                    write!(f, "postgresql://{host}:{}{}", url.port().unwrap_or(5432), url.path())
                }
                Err(_) => f.write_str("postgresql://(unreadable address)"),
            },
        }
    }
}

impl fmt::Debug for DatabaseUrl {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "DatabaseUrl({self})")
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(text: &str, expect: &str) {
        assert_eq!(text.parse::<DatabaseUrl>().unwrap().to_string(), expect);
    }

    #[test]
    fn every_accepted_spelling() {
        check("sqlite:jct.db", "sqlite:jct.db");
        check("sqlite:/var/lib/jct.db", "sqlite:/var/lib/jct.db");
        check("sqlite://.jct/jct.db", "sqlite:.jct/jct.db");
        check("sqlite:///./jct.db", "sqlite:./jct.db");
        check("sqlite:////var/lib/jct.db", "sqlite:/var/lib/jct.db");
        check("postgres://u:p@db.example:6000/jct", "postgresql://db.example:6000/jct");
        check("postgresql+asyncpg://u:secret@db/jct", "postgresql://db:5432/jct");
    }

    #[test]
    fn what_is_not_an_address_is_refused_by_name() {
        let parse = |text: &str| text.parse::<DatabaseUrl>().unwrap_err();
        assert_eq!(parse("mysql://x/y"), InvalidDatabaseUrl::UnknownEngine);
        assert_eq!(parse("jct.db"), InvalidDatabaseUrl::UnknownEngine);
        assert_eq!(parse("sqlite://"), InvalidDatabaseUrl::MissingPath);
        assert_eq!(parse("sqlite::memory:"), InvalidDatabaseUrl::InMemory);
    }

    #[test]
    fn credentials_are_never_shown() {
        let url: DatabaseUrl = "postgres://user:hunter2@db/jct?sslmode=require&password=hunter2".parse().unwrap();
        assert!(!format!("{url} {url:?}").contains("hunter2"));
    }
}
