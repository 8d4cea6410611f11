//! The command line: a few flags over the configuration that all binaries share.

use std::path::PathBuf;

use clap::Parser;
use jct_config::Flags;
use jct_runner::RunMode;

const EXAMPLES: &str = "\
Examples:
  jct-worker                                   work until a signal comes
  jct-worker --database-url postgres://db/jct  on PostgreSQL, beside other workers
  jct-worker --slots 8 --executors survey      only surveys, eight at once
  jct-worker --once                            claim once, run what that brought, end
  jct-worker --drain                           work until nothing is due, then end

Signals: the first SIGTERM or SIGINT stops claiming and lets running tasks finish within the grace
period; what is not done by then is given back. A second one gives back at once.

Every setting can also come from jct.toml or the environment; `jct config` shows the effective ones.";

/// Runs tasks of the tower: leases them, runs their executors, leaves sealed traces.
#[derive(Debug, Parser)]
#[command(name = "jct-worker", version, after_help = EXAMPLES, max_term_width = 110)]
pub(crate) struct Args {
    /// Database of the tower [env: DATABASE_URL]; prefer the variable for addresses with a password
    #[arg(long, value_name = "URL")]
    database_url: Option<String>,
    /// Tasks run at once [env: JCT_WORKER_SLOTS] [default: the processor cores]
    #[arg(long, value_name = "N")]
    slots: Option<u32>,
    /// Name shown in leases, attempts and traces [env: JCT_WORKER_NAME] [default: the host's name]
    #[arg(long)]
    name: Option<String>,
    /// Executors offered, separated by commas; only tasks for these are taken [env: JCT_WORKER_EXECUTORS] [default: all, and every task is taken]
    #[arg(long, value_name = "NAMES")]
    executors: Option<String>,
    /// Claim once, run what that brought, end
    #[arg(long, conflicts_with = "drain")]
    once: bool,
    /// End when nothing is due any more
    #[arg(long)]
    drain: bool,
    /// Refuse an outdated schema instead of bringing it up to date
    #[arg(long)]
    no_migrate: bool,
    /// Configuration file [env: JCT_CONFIG] [default: jct.toml, if it is there]
    #[arg(long, value_name = "FILE")]
    config: Option<PathBuf>,
}

impl Args {
    /// What the flags say about configuration.
    pub(crate) fn flags(&self) -> Flags {
        let values = [
            ("database.url", self.database_url.clone()),
            ("database.migrate", self.no_migrate.then(|| "false".to_owned())),
            ("worker.slots", self.slots.map(|slots| slots.to_string())),
            ("worker.name", self.name.clone()),
            ("worker.executors", self.executors.clone()),
        ];
        let given = values.into_iter().filter_map(|(key, value)| Some((key.to_owned(), value?)));
        Flags { config_file: self.config.clone(), values: given.collect() }
    }

    /// When the worker ends by itself.
    pub(crate) const fn mode(&self) -> RunMode {
        match (self.once, self.drain) {
            (true, _) => RunMode::Once,
            (false, true) => RunMode::Drain,
            (false, false) => RunMode::Serve,
        }
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
        let args = Args::parse_from(["jct-worker", "--slots", "3", "--no-migrate", "--drain"]);
        let expect = [("database.migrate", "false"), ("worker.slots", "3")];
        assert_eq!(args.flags().values, expect.map(|(key, value)| (key.to_owned(), value.to_owned())));
        assert_eq!(args.mode(), RunMode::Drain);
    }

    #[test]
    fn once_and_drain_exclude_each_other() {
        assert!(Args::try_parse_from(["jct-worker", "--once", "--drain"]).is_err());
    }
}
