//! What every command starts from: the global flags, the configuration they shape, and the way to the output.

use std::future::Future;

use jct_config::{Config, Flags};

use crate::cli::GlobalArgs;
use crate::client::Client;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// The surroundings of one command.
#[derive(Debug)]
pub(crate) struct Context {
    global: GlobalArgs,
    output: Output,
}

impl Context {
    pub(crate) fn new(global: GlobalArgs) -> Self {
        let output = Output::detect(global.json);
        Self { global, output }
    }

    pub(crate) const fn output(&self) -> &Output {
        &self.output
    }

    /// The configuration of this process: defaults, `jct.toml`, environment, the global flags, then `values`.
    pub(crate) fn config(&self, values: Vec<(String, String)>) -> Result<Config, Failure> {
        let mut flags = Flags { config_file: self.global.config.clone(), values };
        if let Some(key) = &self.global.api_key {
            flags.values.push(("api.key".to_owned(), key.clone()));
        }
        if let Some(url) = &self.global.url {
            flags.values.push(("client.url".to_owned(), url.clone()));
        }
        jct_config::load(flags).map_err(|error| Failure::new(Exit::Usage, error.to_string()))
    }

    /// A client of the tower that the configuration names.
    pub(crate) fn client(&self) -> Result<Client, Failure> {
        let config = self.config(Vec::new())?;
        Client::new(config.client.url.as_str(), config.api.key)
    }
}

/// Runs `work` on a multi-threaded runtime, which the store asks for.
pub(crate) fn block_on<T>(work: impl Future<Output = Result<T, Failure>>) -> Result<T, Failure> {
    let runtime = tokio::runtime::Builder::new_multi_thread()
        .enable_all()
        .build()
        .map_err(|error| Failure::caused(Exit::Local, "the runtime could not be started", &error))?;
    let result = runtime.block_on(work);
    // A resolver or a file operation that hangs must not keep the process alive.
    runtime.shutdown_timeout(std::time::Duration::from_secs(1));
    result
}
