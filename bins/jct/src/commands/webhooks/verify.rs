//! `jct webhooks verify`: whether a message was signed with a secret. Asks nobody.

use std::path::PathBuf;
use std::time::Duration;

use clap::Args;
use jct_contract::{Clock as _, SystemClock};
use jct_event::webhook::{SignedHeaders, WebhookSecret, WebhookSecrets};
use serde_json::json;

use crate::commands::file;
use crate::context::Context;
use crate::exit::Exit;
use crate::failure::Failure;

const BODY_MAX_BYTES: u64 = 64 * 1024 * 1024;

/// Arguments of `jct webhooks verify`.
#[derive(Debug, Args)]
#[command(after_help = "Example:
  jct webhooks verify body.json --secret-file secret.txt --id \"$WEBHOOK_ID\" \\
      --timestamp \"$WEBHOOK_TIMESTAMP\" --signature \"$WEBHOOK_SIGNATURE\"

The body has to be the bytes that arrived, not what a parser made of them. Ends with 0 if the message is genuine \
and with 3 if it is not.")]
pub(crate) struct VerifyArgs {
    /// The body; `-` is standard input
    body: PathBuf,
    /// File with the secret, `whsec_...`
    #[arg(long, value_name = "FILE")]
    secret_file: PathBuf,
    /// The header `webhook-id`
    #[arg(long)]
    id: String,
    /// The header `webhook-timestamp`
    #[arg(long)]
    timestamp: String,
    /// The header `webhook-signature`
    #[arg(long)]
    signature: String,
    /// How old the message may be
    #[arg(long, value_name = "SECONDS", default_value_t = 300)]
    tolerance_seconds: u64,
}

pub(super) fn run(args: &VerifyArgs, context: &Context) -> Result<Exit, Failure> {
    let secret = file::read(&args.secret_file, 1_024)?;
    let secret = String::from_utf8_lossy(&secret);
    let secret: WebhookSecret =
        secret.trim().parse().map_err(|error| Failure::caused(Exit::Usage, "this is no secret", &error))?;
    let secrets =
        WebhookSecrets::new(vec![secret]).map_err(|error| Failure::caused(Exit::Usage, "this is no secret", &error))?;
    let headers =
        SignedHeaders { id: args.id.clone(), timestamp: args.timestamp.clone(), signature: args.signature.clone() };
    let body = file::read(&args.body, BODY_MAX_BYTES)?;
    let tolerance = Duration::from_secs(args.tolerance_seconds);
    let judged = secrets.verify(&headers, &body, SystemClock.now(), tolerance);
    let output = context.output();
    match judged {
        Ok(()) if output.is_json() => output.document(&json!({ "genuine": true }))?,
        Ok(()) => output.line("genuine")?,
        Err(error) => return Err(Failure::caused(Exit::Refused, "the message is not genuine", &error)),
    }
    Ok(Exit::Success)
}
