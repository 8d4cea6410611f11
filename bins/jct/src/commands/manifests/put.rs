//! `jct manifests put`: keeps a manifest under the name that stands in it.

use std::path::PathBuf;

use clap::Args;
use jct_manifest::ValidatedManifest;
use ureq::http::Method;

use crate::client::Request;
use crate::commands::cells::text;
use crate::commands::manifest::{refused, validate};
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

/// Arguments of `jct manifests put`.
#[derive(Debug, Args)]
#[command(after_help = "Examples:
  jct manifests put examples/manifests/local-notes.yaml
  jct manifests put docs.yaml --if-match \"$(jct manifests show docs --json | jq -r .contentHash)\"

The manifest is checked here before it is sent, and kept under its `metadata.name`. The same content again \
changes nothing. Ends with 7 if --if-match names another version than the one that is there.")]
pub(crate) struct PutArgs {
    /// The manifest; `-` is standard input
    file: PathBuf,
    /// Only if the version that is there has this hash
    #[arg(long, value_name = "HASH")]
    if_match: Option<String>,
}

pub(super) fn run(args: &PutArgs, context: &Context) -> Result<Exit, Failure> {
    let output = context.output();
    let manifest = validate(&args.file)?.map_err(|violations| refused(&args.file, &violations))?;
    let if_match = args.if_match.as_ref().map(|hash| format!("\"{hash}\""));
    let request = Request {
        path: &["api", "manifests", manifest.name().as_str()],
        body: Some(bytes(&manifest)),
        content_type: Some("application/yaml"),
        if_match: if_match.as_deref(),
        ..Request::default()
    };
    let kept = context.client()?.send(&Method::PUT, request)?.json()?;
    if output.is_json() {
        output.document(&kept)?;
    } else {
        output.line(format!(
            "manifest {} version {} {}",
            text(&kept, "name"),
            text(&kept, "version"),
            text(&kept, "contentHash")
        ))?;
    }
    Ok(Exit::Success)
}

/// What was read is what is sent: the hash is that of the exact bytes.
fn bytes(manifest: &ValidatedManifest) -> Vec<u8> {
    manifest.raw().bytes().to_vec()
}
