//! `jct workflows enable` and `jct workflows disable`: whether events start a workflow.

use clap::Args;
use serde_json::{Value, json};
use ureq::http::Method;

use crate::client::{Client, Request};
use crate::commands::cells::text;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// A workflow.
#[derive(Debug, Args)]
pub(crate) struct SwitchArgs {
    /// The workflow, by its name or its id
    workflow: String,
}

pub(super) fn run(args: &SwitchArgs, is_active: bool, context: &Context) -> Result<Exit, Failure> {
    let workflow = switch(&context.client()?, &args.workflow, is_active)?;
    let output = context.output();
    if output.is_json() {
        output.document(&workflow)?;
    } else {
        let now = if is_active { "active" } else { "not active" };
        output.line(format!("workflow {} is {now}", text(&workflow, "name")))?;
    }
    Ok(Exit::Success)
}

/// Switches a workflow on or off; the workflow as it stands then.
pub(super) fn switch(client: &Client, workflow: &str, is_active: bool) -> Result<Value, Failure> {
    let body = json!({ "active": is_active }).to_string().into_bytes();
    let request = Request { path: &["workflows", workflow], body: Some(body), ..Request::default() };
    client.send(&Method::PATCH, request)?.json()
}
