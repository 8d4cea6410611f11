//! Builds the prompt, opens the way to the model where the operator allows one, runs the agent, hands over what it
//! left.

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use jct_exec::sandbox::IsolationLevel;
use jct_exec::{
    Execution, ExecutionIo, ExecutionRequest, Executor, FailureReason, JsonObject, Session, Stop, Usage, Workshop,
};
use serde_json::{Value, json};

use super::AgentOptions;
use super::ending::stop_of;
use super::heard::{Account, Heard};
use super::input::{Chosen, choose};
use crate::adapter::{Adapters, Mode, Network};
use crate::broker::Broker;
use crate::inside::{ATTEND, AttendOrders};
use crate::prompt::{Prompt, PromptTemplate};
use crate::work::{Inside, bounds, new_mark, new_output, note_handover, note_outcome};

const PROMPT_FILE: &str = "prompt.md";

/// Runs the agent that `inputs.agent` names, and hands over what it changed.
#[derive(Debug)]
pub struct AgentExecutor {
    workshop: Arc<Workshop>,
    adapters: Adapters,
    template: PromptTemplate,
    options: AgentOptions,
}

impl AgentExecutor {
    /// The name that tasks use.
    pub const NAME: &'static str = "agent";

    /// Takes its checkouts from `workshop`.
    pub fn new(workshop: Arc<Workshop>, adapters: Adapters, template: PromptTemplate, options: AgentOptions) -> Self {
        Self { workshop, adapters, template, options }
    }

    async fn attempt(&self, request: &ExecutionRequest, io: &ExecutionIo, output: &mut JsonObject) -> Result<(), Stop> {
        let bounds = bounds(request, io);
        let invalid = |error: &dyn std::error::Error| Stop::failed(FailureReason::InvalidInput, with_causes(error));
        let chosen = choose(request, &self.adapters, &self.options).map_err(|error| invalid(&error))?;
        let prompt =
            self.template.render(request, chosen.adapter.mode() == Mode::ReadOnly).map_err(|error| invalid(&error))?;
        self.note_choice(&chosen, &prompt, output);
        keep(io, PROMPT_FILE, &prompt.text).map_err(|error| artifact_failed(&error))?;
        let broker = self.broker(&chosen, io)?;

        let mut session = Session::open(&self.workshop, request, io, bounds).await?;
        output.insert("commit".to_owned(), session.base_commit().into());
        let ended = self.in_session(&mut session, io, &chosen, &prompt, broker.as_ref(), output).await;
        session.end(&ended).await;
        ended
    }

    fn note_choice(&self, chosen: &Chosen, prompt: &Prompt, output: &mut JsonObject) {
        let adapter = &chosen.adapter;
        output.insert("agent".to_owned(), adapter.name().into());
        output.insert("model".to_owned(), chosen.model.as_deref().into());
        output.insert("max_turns".to_owned(), chosen.max_turns.into());
        output.insert("adapter_digest".to_owned(), adapter.digest().into());
        output.insert("prompt_digest".to_owned(), prompt.digest.as_str().into());
        output.insert("template_digest".to_owned(), self.template.digest().into());
    }

    /// The way to the model, if the adapter needs one. That the operator has enabled it is known by now.
    fn broker(&self, chosen: &Chosen, io: &ExecutionIo) -> Result<Option<Broker>, Stop> {
        let Network::Broker(way) = chosen.adapter.network() else { return Ok(None) };
        let level = self.workshop.sandbox().level();
        if level < IsolationLevel::L3 {
            let agent = chosen.adapter.name();
            let message =
                format!("the agent `{agent}` needs the broker, which needs isolation L3; this worker gives {level}");
            return Err(Stop::failed(FailureReason::SandboxFailed, message));
        }
        let started = Broker::start(way.rules.clone(), way.credential.as_ref(), io);
        // Nothing is wrong with the task: another worker may have what is missing here.
        started.map(Some).map_err(|error| Stop::failed(FailureReason::SandboxFailed, with_causes(&error)))
    }

    async fn in_session(
        &self,
        session: &mut Session,
        io: &ExecutionIo,
        chosen: &Chosen,
        prompt: &Prompt,
        broker: Option<&Broker>,
        output: &mut JsonObject,
    ) -> Result<(), Stop> {
        let adapter = &chosen.adapter;
        let orders = AttendOrders {
            invocation: adapter.invocation(&prompt.text, chosen.model.as_deref(), chosen.max_turns),
            answers: adapter.answers(),
            questions: adapter.questions(),
            idle_ms: milliseconds(adapter.idle()),
            stall_ms: milliseconds(adapter.stall()),
        };
        let heard = Heard::new(adapter, io.artifacts()).map_err(|error| artifact_failed(&error))?;
        io.progress(None, &format!("{} is at work", adapter.title()));
        let inside = Inside { program: &self.options.program, session, io, broker };
        let ran = inside.run(ATTEND, &new_mark(), orders, heard).await?;
        note_outcome(output, &ran.outcome);
        let (account, truncated) = ran.listener.with(|heard, log| (heard.account(adapter), log.is_truncated()));
        let Account { seen, end, answered, raw_truncated } = account.map_err(|error| artifact_failed(&error))?;
        output.insert("truncated".to_owned(), (truncated || raw_truncated).into());
        output.insert("final_message".to_owned(), seen.final_message.as_deref().into());
        output.insert("questions_answered".to_owned(), answered.into());
        output.insert("usage".to_owned(), usage_of(seen.usage.as_ref()));
        if let Some(usage) = seen.usage.clone() {
            io.record().add_usage(usage);
        }
        if let Some(stop) = stop_of(&ran.outcome.end, end, &seen, adapter.name()) {
            return Err(stop);
        }
        io.progress(Some(90), "handing over");
        let handover = session.hand_over().await?;
        note_handover(output, &handover);
        if adapter.mode() == Mode::ReadOnly && !handover.is_empty() {
            let message = format!("the agent `{}` is read-only, and it changed the repository", adapter.name());
            return Err(Stop::failed(FailureReason::HandoverRefused, message));
        }
        Ok(())
    }
}

#[async_trait]
impl Executor for AgentExecutor {
    fn name(&self) -> &str {
        Self::NAME
    }

    fn reads_background(&self) -> bool {
        true
    }

    async fn run(&self, request: &ExecutionRequest, io: &ExecutionIo) -> Execution {
        let mut output = new_output(Self::NAME, request);
        match self.attempt(request, io, &mut output).await {
            Ok(()) => {
                io.progress(Some(100), "the agent is done");
                Execution::Completed { output }
            }
            Err(stop) => stop.with_output(output),
        }
    }
}

/// The figures as the adapter reported them; `null` when it reported none.
fn usage_of(usage: Option<&Usage>) -> Value {
    usage.map_or(Value::Null, |usage| {
        json!({
            "tokens_in": usage.tokens_in,
            "tokens_out": usage.tokens_out,
            "turns": usage.turns,
            "cost_usd": usage.cost_usd,
            "model": usage.model,
        })
    })
}

fn keep(io: &ExecutionIo, name: &str, text: &str) -> io::Result<()> {
    std::fs::write(io.artifacts().join(name), text)
}

/// Without the path, which is nobody's business but the operator's.
fn artifact_failed(error: &io::Error) -> Stop {
    Stop::failed(FailureReason::ArtifactFailed, format!("an artifact could not be written: {}", error.kind()))
}

fn milliseconds(duration: std::time::Duration) -> u64 {
    u64::try_from(duration.as_millis()).unwrap_or(u64::MAX)
}

fn with_causes(error: &dyn std::error::Error) -> String {
    let mut text = error.to_string();
    let mut next = error.source();
    while let Some(cause) = next {
        text.push_str(": ");
        text.push_str(&cause.to_string());
        next = cause.source();
    }
    crate::text::one_line(&text, 500)
}
