//! Checks out, carries the script out inside the sandbox, hands over what it left.

use std::sync::Arc;

use async_trait::async_trait;
use jct_exec::{
    Execution, ExecutionIo, ExecutionRequest, Executor, FailureReason, JsonObject, LogStream, Session, Stop, Usage,
    Workshop,
};
use serde_json::{Value, json};

use super::input::{shown, source};
use crate::inside::{Event, Figures, SCRIPT, ScriptOrders, ScriptSource};
use crate::listen::{Hearer, Log};
use crate::text::one_line;
use crate::work::{
    Inside, InsideProgram, Ran, bounds, ended_from_outside, new_mark, new_output, note_handover, note_outcome,
};

/// A deterministic agent: does the steps of `inputs.script`, or of the file that `inputs.script_file` names, in a
/// fresh checkout, and hands over what they changed.
#[derive(Debug)]
pub struct ScriptExecutor {
    workshop: Arc<Workshop>,
    program: InsideProgram,
}

impl ScriptExecutor {
    /// The name that tasks use.
    pub const NAME: &'static str = "script";

    /// Takes its checkouts from `workshop`, and runs scripts by `program`.
    pub fn new(workshop: Arc<Workshop>, program: InsideProgram) -> Self {
        Self { workshop, program }
    }

    async fn attempt(&self, request: &ExecutionRequest, io: &ExecutionIo, output: &mut JsonObject) -> Result<(), Stop> {
        let bounds = bounds(request, io);
        let source = source(&request.inputs).map_err(|error| Stop::failed(FailureReason::InvalidInput, error))?;
        let mut session = Session::open(&self.workshop, request, io, bounds).await?;
        output.insert("commit".to_owned(), session.base_commit().into());
        let ended = self.in_session(&mut session, io, source, output).await;
        session.end(&ended).await;
        ended
    }

    async fn in_session(
        &self,
        session: &mut Session,
        io: &ExecutionIo,
        source: ScriptSource,
        output: &mut JsonObject,
    ) -> Result<(), Stop> {
        let inside = Inside { program: &self.program, session, io, broker: None };
        let ran = inside.run(SCRIPT, &new_mark(), ScriptOrders { source }, Heard::new(io)).await?;
        note_outcome(output, &ran.outcome);
        ran.listener.with(|heard, log| {
            output.insert("steps".to_owned(), Value::Array(std::mem::take(&mut heard.steps)));
            output.insert("truncated".to_owned(), log.is_truncated().into());
        });
        if let Some(stop) = stop_of(&ran) {
            return Err(stop);
        }
        io.progress(Some(90), "handing over");
        let handover = session.hand_over().await?;
        note_handover(output, &handover);
        Ok(())
    }
}

#[async_trait]
impl Executor for ScriptExecutor {
    fn name(&self) -> &str {
        Self::NAME
    }

    async fn run(&self, request: &ExecutionRequest, io: &ExecutionIo) -> Execution {
        let mut output = new_output(Self::NAME, request);
        match self.attempt(request, io, &mut output).await {
            Ok(()) => {
                io.progress(Some(100), "the script is done");
                Execution::Completed { output }
            }
            Err(stop) => stop.with_output(output),
        }
    }
}

/// What a script reports while it runs.
struct Heard {
    io: ExecutionIo,
    steps: Vec<Value>,
    end: Option<End>,
}

/// How a script ended, by its own account.
enum End {
    Refused(Vec<String>),
    Failed { number: usize, message: String, exit_code: Option<i32> },
    NeedsInput(String),
}

impl Heard {
    fn new(io: &ExecutionIo) -> Self {
        Self { io: io.clone(), steps: Vec::new(), end: None }
    }

    fn finish_step(&mut self, number: usize, ended: &str, duration_ms: Option<u64>) {
        if let Some(step) = self.steps.last_mut().filter(|step| step["step"] == json!(number)) {
            step["ended"] = ended.into();
            step["duration_ms"] = duration_ms.into();
        }
    }
}

impl Hearer for Heard {
    fn event(&mut self, event: Event, log: &mut Log) {
        match event {
            Event::Refused { violations } => self.end = Some(End::Refused(violations)),
            Event::Step { number, of, what } => {
                let what = one_line(&what, 200);
                log.system(format!("step {number} of {of}: {what}"));
                let percent = u8::try_from(number.saturating_sub(1).saturating_mul(90) / of.max(1)).ok();
                self.io.progress(percent, &format!("step {number} of {of}: {what}"));
                self.steps.push(json!({"step": number, "what": what, "ended": null, "duration_ms": null}));
            }
            Event::Done { number, duration_ms } => self.finish_step(number, "done", Some(duration_ms)),
            Event::Failed { number, message, exit_code } => {
                self.finish_step(number, "failed", None);
                // A question comes first and says more.
                self.end.get_or_insert(End::Failed { number, message: one_line(&message, 500), exit_code });
            }
            Event::Usage(figures) => self.io.record().add_usage(usage(figures)),
            Event::NeedsInput { question, .. } => self.end = Some(End::NeedsInput(one_line(&question, 300))),
            Event::Answered { .. } | Event::Stalled { .. } | Event::NotStarted { .. } | Event::Ended { .. } => {}
        }
    }

    fn line(&mut self, line: &str, log: &mut Log) {
        log.program(LogStream::Stdout, line);
    }
}

fn usage(figures: Figures) -> Usage {
    let Figures { tokens_in, tokens_out, turns, cost_usd, model } = figures;
    Usage { tokens_in, tokens_out, turns, cost_usd, model }
}

fn stop_of(ran: &Ran<Heard>) -> Option<Stop> {
    let what = "the script";
    if ended_from_outside(&ran.outcome.end) {
        return Stop::of_command(&ran.outcome.end, what);
    }
    let end = ran.listener.with(|heard, _| heard.end.take());
    Some(match end {
        Some(End::Refused(violations)) => {
            Stop::failed(FailureReason::InvalidInput, format!("the script is refused: {}", shown(&violations)))
        }
        Some(End::NeedsInput(question)) => {
            Stop::failed(FailureReason::NeedsInput, format!("the script asks, and nobody answers: {question}"))
        }
        Some(End::Failed { number, message, exit_code }) => {
            let reason = FailureReason::CommandFailed { exit_code: exit_code.unwrap_or(1) };
            Stop::failed(reason, format!("step {number} failed: {message}"))
        }
        None => return Stop::of_command(&ran.outcome.end, what),
    })
}
