//! `jct manifest check`: every violation of every file at once, with line, place and code.

use std::path::{Path, PathBuf};

use clap::Args;
use jct_manifest::{RawManifest, ValidatedManifest, Violation, Violations};
use serde_json::{Value, json};

use crate::commands::file;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// Longer than any manifest, so that the manifest's own limit is what a long one is refused by.
const FILE_MAX_BYTES: u64 = 16 * 1024 * 1024;

/// Arguments of `jct manifest check`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct manifest check examples/manifests/*.yaml
  jct manifest check - < docs.yaml
  jct manifest check --schema > manifest-v0.schema.json

Ends with 0 if every manifest is valid, with 1 if one is not. No value of a manifest is ever printed. With \
--json one object a line: {\"file\", \"valid\", \"name\", \"manifestHash\", \"requiredCapabilities\", \
\"violations\": [{\"path\", \"line\", \"code\", \"message\"}]}.")]
pub(crate) struct CheckArgs {
    /// Manifests; `-` is standard input
    #[arg(value_name = "FILE", required_unless_present = "schema")]
    files: Vec<PathBuf>,
    /// Print the JSON Schema of manifests instead
    #[arg(long, conflicts_with = "files")]
    schema: bool,
}

pub(super) fn run(args: &CheckArgs, context: &Context) -> Result<Exit, Failure> {
    let output = context.output();
    if args.schema {
        output.block(jct_manifest::MANIFEST_SCHEMA)?;
        return Ok(Exit::Success);
    }
    let mut exit = Exit::Success;
    for path in &args.files {
        let checked = validate(path)?;
        if checked.is_err() {
            exit = Exit::Negative;
        }
        if output.is_json() {
            output.record(&document(path, &checked))?;
        } else {
            print(path, &checked, output)?;
        }
    }
    Ok(exit)
}

/// The manifest in a file, or what is wrong with it.
pub(in crate::commands) fn validate(path: &Path) -> Result<Result<ValidatedManifest, Violations>, Failure> {
    Ok(RawManifest::new(file::read(path, FILE_MAX_BYTES)?).validate())
}

/// The failure of a command that needs a valid manifest.
pub(in crate::commands) fn refused(path: &Path, violations: &Violations) -> Failure {
    let failure = Failure::new(Exit::Refused, format!("`{}` is not a valid manifest", path.display()));
    violations.iter().fold(failure, |failure, violation| failure.detail(line(path, violation)))
}

fn print(path: &Path, checked: &Result<ValidatedManifest, Violations>, output: &Output) -> Result<(), Failure> {
    match checked {
        Ok(manifest) => {
            output.line(format!("{}: valid, {} {}", path.display(), manifest.name(), manifest.raw().hash()))?;
            output.line(format!("  needs {}", capabilities(manifest).join(", ")))
        }
        Err(violations) => violations.iter().try_for_each(|violation| output.line(line(path, violation))),
    }
}

/// A violation in the form that editors jump to.
fn line(path: &Path, violation: &Violation) -> String {
    let place = if violation.pointer.is_empty() { "the document" } else { &violation.pointer };
    let at = violation.line.map(|line| format!(":{line}")).unwrap_or_default();
    format!("{}{at}: {place}: {} [{}]", path.display(), violation.message, violation.code)
}

fn document(path: &Path, checked: &Result<ValidatedManifest, Violations>) -> Value {
    let file = path.to_string_lossy();
    match checked {
        Ok(manifest) => json!({
            "file": file,
            "valid": true,
            "name": manifest.name().as_str(),
            "manifestHash": manifest.raw().hash().to_string(),
            "requiredCapabilities": capabilities(manifest),
            "violations": [],
        }),
        Err(violations) => {
            let told: Vec<_> = violations.iter().map(to_json).collect();
            json!({ "file": file, "valid": false, "violations": told })
        }
    }
}

fn to_json(violation: &Violation) -> Value {
    json!({
        "path": violation.pointer,
        "line": violation.line,
        "code": violation.code.to_string(),
        "rule": violation.rule,
        "message": violation.message,
    })
}

fn capabilities(manifest: &ValidatedManifest) -> Vec<String> {
    manifest.capabilities().iter().map(ToString::to_string).collect()
}
