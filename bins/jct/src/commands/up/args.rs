//! The arguments of `jct up`.

use std::net::IpAddr;

use clap::Args;

/// Arguments of `jct up`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct up --demo
  JCT_ALLOWED_REPO_PREFIXES=myorg/ jct up --port 9000
  jct up --database-url postgres://jct@db/jct --slots 8
  jct up --demo --exit --port 0

State is kept below ./.jct/ unless the configuration says otherwise. The first ctrl-c or SIGTERM lets \
running tasks finish for the configured grace, the second gives them back at once.

--demo allows, for this process only, repositories below `local/`, and lets `local/demo` stand for the \
git checkout around the working directory (or, outside of one, for a small sample below ./.jct/). It \
hands in one analysis task over HTTP, shows it run, prints where its trace lies and what it reports, and \
goes on serving.")]
pub(crate) struct UpArgs {
    /// Hand in one analysis task of the checkout around the working directory, and show it
    #[arg(long)]
    pub(super) demo: bool,
    /// End when the demo task has ended, with its outcome
    #[arg(long, requires = "demo")]
    pub(super) exit: bool,
    /// Address to listen on [env: API_HOST] [default: 127.0.0.1]
    #[arg(long)]
    pub(super) host: Option<IpAddr>,
    /// Port to listen on; 0 lets the system choose [env: API_PORT] [default: 8000]
    #[arg(long)]
    pub(super) port: Option<u16>,
    /// Tasks run at once [env: JCT_WORKER_SLOTS] [default: the processor cores]
    #[arg(long)]
    pub(super) slots: Option<u32>,
    /// Database [env: DATABASE_URL] [default: sqlite://.jct/jct.db]
    #[arg(long, value_name = "URL")]
    pub(super) database_url: Option<String>,
    /// Refuse a database whose schema is not up to date instead of migrating it
    #[arg(long)]
    pub(super) no_migrate: bool,
    /// Serve an address that is not loopback although no key is configured
    #[arg(long)]
    pub(super) allow_unauthenticated: bool,
}

impl UpArgs {
    /// The keys of the configuration that the flags set.
    pub(super) fn overrides(&self) -> Vec<(String, String)> {
        let Self { demo: _, exit: _, host, port, slots, database_url, no_migrate, allow_unauthenticated } = self;
        [
            ("api.host", host.map(|host| host.to_string())),
            ("api.port", port.map(|port| port.to_string())),
            ("worker.slots", slots.map(|slots| slots.to_string())),
            ("database.url", database_url.clone()),
            ("database.migrate", no_migrate.then(|| "false".to_owned())),
            ("api.allow_unauthenticated", allow_unauthenticated.then(|| "true".to_owned())),
        ]
        .into_iter()
        .filter_map(|(key, value)| Some((key.to_owned(), value?)))
        .collect()
    }
}
