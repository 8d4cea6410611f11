//! Collects the checks and shows them.

use clap::Args;

use super::check::{Check, State};
use super::{exposure, folders, sandbox, sources, state, tools, workspaces};
use crate::context::{Context, block_on};
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct doctor`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct doctor
  jct doctor --repo myorg/app
  jct doctor --json | jq '.[] | select(.state != \"ok\")'

Changes nothing. Ends with 1 if there is a problem; a warning alone ends with 0.")]
pub(crate) struct DoctorArgs {
    /// Also check that this repository can be reached; repeatable
    #[arg(long, value_name = "OWNER/NAME")]
    repo: Vec<String>,
}

pub(crate) fn run(args: &DoctorArgs, context: &Context) -> Result<Exit, Failure> {
    let config = context.config(Vec::new())?;
    let client = context.client()?;
    let mut checks = vec![Check::ok("configuration", "every key and variable is known and valid")];
    checks.extend(folders::checks(&config));
    checks.push(workspaces::check(&config));
    checks.extend(exposure::checks(&config, &client));
    checks.extend(sandbox::checks(&config));
    checks.extend(block_on(async {
        let mut checks = vec![tools::git().await];
        checks.extend(state::checks(&config).await);
        checks.extend(sources::checks(&config, &args.repo).await);
        Ok(checks)
    })?);
    show(&checks, context.output())?;
    let problems = checks.iter().any(|check| check.state == State::Problem);
    Ok(if problems { Exit::Negative } else { Exit::Success })
}

fn show(checks: &[Check], output: &Output) -> Result<(), Failure> {
    if output.is_json() {
        return output.document(&checks);
    }
    let width = checks.iter().map(|check| check.check.chars().count()).max().unwrap_or(0);
    for Check { check, state, message, fix } in checks {
        output.line(format!("{:8} {check:width$}  {message}", state.as_str()))?;
        if let Some(fix) = fix {
            output.line(format!("{:8} {:width$}  fix: {fix}", "", ""))?;
        }
    }
    let count = |state| checks.iter().filter(|check| check.state == state).count();
    output.line(format!("{} problem(s), {} warning(s)", count(State::Problem), count(State::Warning)))
}
