//! The command line: a few flags over the configuration that all binaries share.

use std::path::PathBuf;

use clap::Parser;
use jct_config::Flags;

const EXAMPLES: &str = "\
Examples:
  jct-api                                        serve on 127.0.0.1:8000, database in ./.jct
  jct-api --port 0                               let the system choose the port; the log says which
  jct-api --database-url postgres://db/jct       on PostgreSQL, beside other servers
  JCT_API_KEY=... jct-api --host 0.0.0.0         for others; needs a key
  jct-api --host 0.0.0.0 --allow-unauthenticated for everybody, who then may do everything

Signals: the first SIGTERM or SIGINT stops taking connections and finishes the requests in flight
within the grace period. A second one ends at once.

Every setting can also come from jct.toml or the environment; `jct config` shows the effective ones.";

/// Serves the tower over HTTP: takes tasks in, tells about them, shows their traces.
#[derive(Debug, Parser)]
#[command(name = "jct-api", version, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Args {
    /// IP address to listen on; only loopback without a key [env: API_HOST] [default: 127.0.0.1]
    #[arg(long, value_name = "ADDRESS")]
    host: Option<String>,
    /// Port to listen on, 0 for any [env: API_PORT] [default: 8000]
    #[arg(long)]
    port: Option<u16>,
    /// Database of the tower [env: DATABASE_URL]; prefer the variable for addresses with a password
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Refuse an outdated schema instead of bringing it up to date
    #[arg(long)]
    no_migrate: bool,
    /// Serve an address that is not loopback although there is no key: everybody may do everything
    #[arg(long)]
    allow_unauthenticated: bool,
    /// Configuration file [env: JCT_CONFIG] [default: jct.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Args {
    /// What the flags say about configuration.
    pub(crate) fn flags(&self) -> Flags {
        let values = [
            ("api.host", self.host.clone()),
            ("api.port", self.port.map(|port| port.to_string())),
            ("database.url", self.database_url.clone()),
            ("database.migrate", self.no_migrate.then(|| "false".to_owned())),
            ("api.allow_unauthenticated", self.allow_unauthenticated.then(|| "true".to_owned())),
        ];
        let given = values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Flags { config_file: self.config.clone(), values: given.collect() }
    }
}

#[cfg(test)]
mod tests {
    use clap::CommandFactory;

    use super::*;

    #[test]
    fn help() {
        insta::assert_snapshot!(Args::command().term_width(100).render_long_help());
    }

    #[test]
    fn flags_override_settings_only_where_they_are_given() {
        let args = Args::parse_from(["jct-api", "--port", "0", "--no-migrate"]);
        let expect = [("api.port", "0"), ("database.migrate", "false")];
        assert_eq!(args.flags().values, expect.map(|(key, value)| (key.to_owned(), value.to_owned())));
    }
}
