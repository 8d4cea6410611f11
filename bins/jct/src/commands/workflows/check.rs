//! `jct workflows check`: every violation of every definition at once, with place and code.

use std::path::{Path, PathBuf};

use clap::Args;
use jct_workflow::WorkflowDefinition;
use serde_json::{Value, json};

use super::source::{Finding, Source};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Arguments of `jct workflows check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct workflows check examples/workflows/*.json
  jct workflows check - < release.yaml

Ends with 0 if every definition is valid, with 1 if one is not. With --json one object a line: {\"file\", \
\"valid\", \"name\", \"digest\", \"steps\", \"violations\": [{\"pointer\", \"code\", \"message\"}]}; what is neither \
JSON nor YAML has the \"line\" and \"column\" where that shows.")]
pub(crate) struct CheckArgs {
    /// Definitions, in JSON or YAML; `-` is standard input
    #[arg(value_name = "FILE", required = true)]
    files: Vec<PathBuf>,
}

pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Exit, Failure> {
    let output = context.output();
    let mut exit = Exit::Success;
    for path in &args.files {
        let judged = Source::read(path)?.judge();
        if judged.is_err() {
            exit = Exit::Negative;
        }
        if output.is_json() {
            output.record(&document(path, &judged))?;
        } else {
            print(path, &judged, output)?;
        }
    }
    Ok(exit)
}

fn print(path: &Path, judged: &Result<WorkflowDefinition, Vec<Finding>>, output: &Output) -> Result<(), Failure> {
    match judged {
        Ok(definition) => {
            let (name, steps) = (definition.name(), definition.steps().len());
            let word = if steps == 1 { "step" } else { "steps" };
            output.line(format!("{}: valid, {name} with {steps} {word}", path.display()))
        }
        Err(findings) => findings.iter().try_for_each(|finding| output.line(finding.line(path))),
    }
}

fn document(path: &Path, judged: &Result<WorkflowDefinition, Vec<Finding>>) -> Value {
    let file = path.to_string_lossy();
    match judged {
        Ok(definition) => json!({
            "file": file,
            "valid": true,
            "name": definition.name().as_str(),
            "digest": definition.digest().to_string(),
            "steps": definition.steps().len(),
            "violations": [],
        }),
        Err(findings) => json!({ "file": file, "valid": false, "violations": findings }),
    }
}
