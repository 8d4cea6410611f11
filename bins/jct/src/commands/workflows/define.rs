//! `jct workflows define`: makes a workflow what a file says, whether it is there already or not.

use std::path::{Path, PathBuf};

use clap::Args;
use jct_workflow::WorkflowDefinition;
use serde_json::{Value, json};
use ureq::http::Method;

use super::source::{Finding, Form, Source};
use super::switch::switch;
use crate::client::{Answer, Client, Request};
use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;
use crate::output::Output;

/// What the tower says when another definition has the name.
const NAME_TAKEN: &str = "WORKFLOW_NAME_TAKEN";

/// Arguments of `jct workflows define`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct workflows define examples/workflows/incident_response.json
  jct workflows define - < release.yaml
  jct workflows define release.yaml --if-match \"$(jct workflows show release --json | jq .revision)\"

The definition is checked here before it is sent. The name that stands in it says which workflow it is: one \
that is not there is made, one that defines something else gets a new version, and the same definition again \
changes nothing. Without a word on `active` in it, events start a workflow as before, and a new one at once. \
Ends with 7 if --if-match names another revision than the one that is there, or if the definition says another \
`version` than the one it would become. With --json: {\"outcome\": \"new\", \"changed\" or \"unchanged\", \
\"workflow\": {...}}.")]
pub(crate) struct DefineArgs {
    /// The definition, in JSON or YAML; `-` is standard input
    file: PathBuf,
    /// Only change the workflow of this name, and only if it has this revision
    #[arg(long, value_name = "REVISION")]
    if_match: Option<u64>,
}

/// What became of a definition.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
enum Outcome {
    New,
    Changed,
    Unchanged,
}

impl Outcome {
    const fn as_str(self) -> &'static str {
        match self {
            Self::New => "new",
            Self::Changed => "changed",
            Self::Unchanged => "unchanged",
        }
    }
}

pub(super) fn run(args: &DefineArgs, context: &Context) -> Result<Exit, Failure> {
    let source = Source::read(&args.file)?;
    let definition = source.judge().map_err(|findings| refused(&args.file, &findings))?;
    let client = context.client()?;
    let (outcome, workflow) = match args.if_match {
        Some(revision) => change_if(&client, &source, definition.name().as_str(), revision)?,
        None => apply(&client, &source, &definition)?,
    };
    print(outcome, &workflow, context.output())?;
    Ok(Exit::Success)
}

fn refused(path: &Path, findings: &[Finding]) -> Failure {
    let failure = Failure::new(Exit::Refused, format!("`{}` is not a valid workflow", path.display()));
    findings.iter().fold(failure, |failure, finding| failure.detail(finding.line(path)))
}

/// Makes the workflow, or changes the one that has its name.
fn apply(client: &Client, source: &Source, definition: &WorkflowDefinition) -> Result<(Outcome, Value), Failure> {
    let name = definition.name().as_str();
    let request = Request {
        path: &["workflows"],
        body: Some(source.bytes.clone()),
        content_type: Some(source.form.content_type()),
        ..Request::default()
    };
    match client.send(&Method::POST, request) {
        // Only what is new has a place that is told.
        Ok(answer) if answer.header("location").is_some() => Ok((Outcome::New, answer.json()?)),
        Ok(answer) => {
            let workflow = answer.json()?;
            // Whether it is active is no part of what makes two definitions the same.
            let wanted = definition.source().get("active").and_then(Value::as_bool);
            match wanted.filter(|wanted| workflow.get("is_active") != Some(&Value::Bool(*wanted))) {
                Some(wanted) => Ok((Outcome::Changed, switch(client, name, wanted)?)),
                None => Ok((Outcome::Unchanged, workflow)),
            }
        }
        Err(failure) if is_name_taken(&failure) => Ok((Outcome::Changed, change(client, source, name, None)?.json()?)),
        Err(failure) => Err(failure),
    }
}

/// Changes the workflow of this name, if it has this revision. A revision grows with every change.
fn change_if(client: &Client, source: &Source, name: &str, revision: u64) -> Result<(Outcome, Value), Failure> {
    let workflow = change(client, source, name, Some(&format!("\"{revision}\"")))?.json()?;
    let is_same = workflow.get("revision").and_then(Value::as_u64) == Some(revision);
    Ok((if is_same { Outcome::Unchanged } else { Outcome::Changed }, workflow))
}

fn change(client: &Client, source: &Source, name: &str, if_match: Option<&str>) -> Result<Answer, Failure> {
    let body = match source.form {
        // As it stands in the file: whatever it says of numbers, the tower hears.
        Form::Json => [&b"{\"definition\":"[..], &source.bytes, b"}"].concat(),
        Form::Yaml => source.bytes.clone(),
    };
    let request = Request {
        path: &["workflows", name],
        body: Some(body),
        content_type: Some(source.form.content_type()),
        if_match,
        ..Request::default()
    };
    client.send(&Method::PATCH, request)
}

fn is_name_taken(failure: &Failure) -> bool {
    let Failure::Told(report) = failure else { return false };
    report.to_json().pointer("/error/problem/code").and_then(Value::as_str) == Some(NAME_TAKEN)
}

fn print(outcome: Outcome, workflow: &Value, output: &Output) -> Result<(), Failure> {
    let outcome = outcome.as_str();
    if output.is_json() {
        return output.document(&json!({ "outcome": outcome, "workflow": workflow }));
    }
    let name = text(workflow, "name");
    output.line(format!("workflow {name} version {}, {outcome}", text(workflow, "version")))?;
    if workflow.get("is_active") == Some(&Value::Bool(false)) {
        output.note(format!("events do not start it until: jct workflows enable {name}"));
    }
    Ok(())
}
