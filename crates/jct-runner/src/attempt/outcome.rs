//! From how an attempt ended to what is reported and what the trace says. Pure.

use std::fmt::Write;

use jct_cwom::{EvidenceFindings, Verdict};
use jct_evidence::RunEnded;
use jct_exec::{Execution, JsonObject};
use jct_lifecycle::{AttemptEnd, ReasonCode};
use jct_trace::{OUTPUT_FILE, Output, TraceError};
use serde_json::{Value, json};

use super::reason::reason_code;
use super::supervise::Supervised;
use crate::order::StopReason;
use crate::text::beginning;

/// The largest result kept in the database, in bytes of JSON. A larger one is in the trace, and the database says so.
pub(crate) const MAX_RESULT_BYTES: usize = 256 * 1024;
/// A member of a result that is too large stays if it is no longer than this.
const MAX_KEPT_MEMBER_BYTES: usize = 1024;
const MAX_KEPT_MEMBERS: usize = 64;
/// The longest error message, in bytes.
const MAX_MESSAGE_BYTES: usize = 8 * 1024;

/// The end of an attempt, for the database and for the trace.
#[derive(Clone, Debug, PartialEq)]
pub(crate) struct Outcome {
    pub(crate) end: AttemptEnd,
    pub(crate) output: Output,
}

/// What a message about an attempt may mention.
pub(crate) struct Context<'a> {
    pub(crate) executor: &'a str,
    pub(crate) operation: &'a str,
    pub(crate) offered: &'a str,
    pub(crate) time_budget_seconds: u64,
    /// The trace folder, relative to the trace root.
    pub(crate) trace_path: &'a str,
}

/// What the attempt left behind beside its output: how it was isolated, which commit it handed over, what it cost.
pub(crate) type Facts = JsonObject;

impl Outcome {
    pub(crate) fn failed(reason: ReasonCode, message: &str) -> Self {
        Self::failed_with(reason, message, JsonObject::new())
    }

    fn failed_with(reason: ReasonCode, message: &str, details: JsonObject) -> Self {
        let message = beginning(message, MAX_MESSAGE_BYTES).to_owned();
        let output = error(reason, &message, details);
        Self { end: AttemptEnd::Failed { reason, message }, output }
    }

    fn stopped(reason: StopReason, details: JsonObject) -> Self {
        let (end, message) = match reason {
            StopReason::Cancel => (AttemptEnd::Cancelled, "the task was cancelled"),
            // A lost lease reports nothing, so it never comes here; giving back is the harmless reading of it.
            StopReason::GiveBack | StopReason::Lost => {
                (AttemptEnd::GivenBack, "the worker was shutting down and gave the task back unfinished")
            }
        };
        let output = error(end.reason(), message, details);
        Self { end, output }
    }

    /// No executor fits: says what would have been needed.
    pub(crate) fn no_executor(context: &Context<'_>) -> Self {
        let Context { executor, operation, offered, .. } = context;
        let mut message = format!("no executor `{executor}` on this worker, which offers ");
        // Writing to a string cannot fail.
        let _ = if offered.is_empty() { write!(message, "none") } else { write!(message, "{offered}") };
        let _ = write!(
            message,
            "; the operation `{operation}` of this task needs a worker with the executor `{executor}`, or `inputs.executor` \
             must name one that is offered"
        );
        Self::failed(ReasonCode::NoExecutor, &message)
    }

    /// The outcome of supervised work; `None` if its lease is gone and there is nobody to report to.
    pub(crate) fn of(supervised: Supervised<Execution>, facts: Facts, context: &Context<'_>) -> Option<Self> {
        Some(match supervised {
            Supervised::Lost => return None,
            Supervised::Killed(reason) => Self::stopped(reason, facts),
            Supervised::Overdue => Self::overdue(context, facts),
            Supervised::Panicked => {
                let message = format!("the executor `{}` panicked", context.executor);
                Self::failed_with(ReasonCode::WorkerError, &message, facts)
            }
            Supervised::Ended { ended: execution, told } => Self::executed(with(execution, facts), told, context),
        })
    }

    /// Why the attempt did not complete; `None` if it did.
    pub(crate) fn failure(&self) -> Option<ReasonCode> {
        let completed = matches!(self.end, AttemptEnd::Completed { .. });
        (!completed).then(|| self.end.reason())
    }

    /// How the work ended, for the prover; `None` if there is nothing to prove: it was stopped, or it never came to that.
    pub(crate) fn ended(&self) -> Option<RunEnded> {
        match &self.end {
            AttemptEnd::Completed { .. } => Some(RunEnded::Done),
            AttemptEnd::Failed { reason: ReasonCode::TimeBudgetExceeded, .. } => Some(RunEnded::TimedOut),
            AttemptEnd::Failed { reason, message } if !reason.is_retryable() => {
                Some(RunEnded::Failed { code: reason.as_str().to_owned(), message: message.clone() })
            }
            _ => None,
        }
    }

    /// The same work, judged. What ran to its end and does not do what was asked for has failed.
    pub(crate) fn judged(self, findings: &EvidenceFindings, context: &Context<'_>) -> Self {
        let Output::Result(Value::Object(mut output)) = self.output else { return self };
        let evidence = json!({ "verdict": findings.verdict, "verdict_reason": findings.verdict_reason });
        if findings.verdict == Verdict::Fail {
            let details = JsonObject::from_iter([
                ("evidence".to_owned(), evidence),
                ("reasons".to_owned(), findings.reasons.clone().into()),
                ("result".to_owned(), Value::Object(output)),
            ]);
            return Self::failed_with(ReasonCode::ProofFailed, &findings.verdict_reason, details);
        }
        output.insert("evidence".to_owned(), evidence);
        Self::completed(output, context)
    }

    /// The prover could not say anything about work that ran to its end, so nothing is known of it.
    pub(crate) fn unproven(self, reason: ReasonCode, message: &str) -> Self {
        match self.output {
            Output::Result(Value::Object(output)) => Self::failed_with(reason, message, output),
            _ => self,
        }
    }

    /// The proof of work that ran to its end was stopped, and the work with it.
    pub(crate) fn broken_off(self, told: StopReason) -> Self {
        match self.output {
            Output::Result(Value::Object(output)) => Self::stopped(told, output),
            _ => self,
        }
    }

    fn overdue(context: &Context<'_>, details: JsonObject) -> Self {
        let message = format!("the time budget of {} s ran out", context.time_budget_seconds);
        Self::failed_with(ReasonCode::TimeBudgetExceeded, &message, details)
    }

    fn executed(execution: Execution, told: Option<StopReason>, context: &Context<'_>) -> Self {
        match (execution, told) {
            // Work that was done counts, even if it was told to stop a moment before.
            (Execution::Completed { output }, _) => Self::completed(output, context),
            (Execution::Cancelled { output }, Some(reason)) => Self::stopped(reason, output),
            (Execution::Cancelled { output }, None) => {
                let message = format!("the executor `{}` stopped although nobody asked it to", context.executor);
                Self::failed_with(ReasonCode::WorkerError, &message, output)
            }
            (Execution::TimedOut { output }, _) => Self::overdue(context, output),
            // Being told to stop may well look like failing surroundings to an executor.
            (Execution::Failed { reason, output, .. }, Some(told)) if reason.is_infrastructure() => {
                Self::stopped(told, output)
            }
            (Execution::Failed { reason, message, output }, _) => {
                Self::failed_with(reason_code(reason), &message, output)
            }
        }
    }

    fn completed(output: JsonObject, context: &Context<'_>) -> Self {
        let whole = Value::Object(output);
        let mut result = whole.to_string();
        if result.len() > MAX_RESULT_BYTES {
            result = shortened(&whole, result.len(), context).to_string();
        }
        Self { end: AttemptEnd::Completed { result }, output: Output::Result(whole) }
    }
}

/// The same end with the facts beside its output. What the executor says itself stays.
fn with(mut execution: Execution, facts: Facts) -> Execution {
    let (Execution::Completed { output }
    | Execution::Failed { output, .. }
    | Execution::TimedOut { output }
    | Execution::Cancelled { output }) = &mut execution;
    for (name, fact) in facts {
        output.entry(name).or_insert(fact);
    }
    execution
}

/// What is left of a result that is too large: its small members, and where the whole of it is.
fn shortened(whole: &Value, size_bytes: usize, context: &Context<'_>) -> Value {
    let small = |(_, value): &(&String, &Value)| value.to_string().len() <= MAX_KEPT_MEMBER_BYTES;
    let members = whole.as_object().into_iter().flatten();
    let mut kept: JsonObject = members
        .filter(|(name, _)| name.len() <= MAX_KEPT_MEMBER_BYTES)
        .filter(small)
        .take(MAX_KEPT_MEMBERS)
        .map(|(name, value)| (name.clone(), value.clone()))
        .collect();
    let whole_in = format!("{}/{OUTPUT_FILE}", context.trace_path);
    kept.insert("result_truncated".to_owned(), json!({ "size_bytes": size_bytes, "whole_in": whole_in }));
    Value::Object(kept)
}

fn error(code: ReasonCode, message: &str, details: JsonObject) -> Output {
    let details = (!details.is_empty()).then_some(Value::Object(details));
    Output::Error(TraceError { code, message: message.to_owned(), details })
}

#[cfg(test)]
mod tests {
    use jct_exec::FailureReason;

    use super::*;

    const CONTEXT: Context<'_> = Context {
        executor: "agent",
        operation: "code_change",
        offered: "command, survey",
        time_budget_seconds: 60,
        trace_path: "t/attempt-1",
    };

    #[track_caller]
    fn check(execution: Execution, told: Option<StopReason>, expect: ReasonCode) {
        let outcome = Outcome::of(Supervised::Ended { ended: execution, told }, Facts::new(), &CONTEXT).unwrap();
        assert_eq!(outcome.end.reason(), expect);
        // Result xor error, and both sides of the outcome agree on which.
        let completed = matches!(outcome.end, AttemptEnd::Completed { .. });
        match outcome.output {
            Output::Result(_) => assert!(completed),
            Output::Error(error) => assert!(!completed && error.code == expect),
        }
    }

    #[test]
    fn every_end_has_one_reason_and_is_result_xor_error() {
        let output = JsonObject::new;
        let failed = |reason| Execution::Failed { reason, message: String::new(), output: output() };
        let (give_back, cancel) = (Some(StopReason::GiveBack), Some(StopReason::Cancel));
        check(Execution::Completed { output: output() }, None, ReasonCode::Completed);
        check(Execution::Completed { output: output() }, cancel, ReasonCode::Completed);
        check(Execution::Cancelled { output: output() }, cancel, ReasonCode::Cancelled);
        check(Execution::Cancelled { output: output() }, give_back, ReasonCode::GivenBack);
        check(Execution::Cancelled { output: output() }, None, ReasonCode::WorkerError);
        check(Execution::TimedOut { output: output() }, None, ReasonCode::TimeBudgetExceeded);
        check(failed(FailureReason::CommandFailed { exit_code: 3 }), None, ReasonCode::CommandFailed);
        check(failed(FailureReason::PathNotFound), None, ReasonCode::RefNotFound);
        check(failed(FailureReason::FetchTimedOut), None, ReasonCode::CheckoutFailed);
        check(failed(FailureReason::WorkspaceFailed), None, ReasonCode::WorkerError);
        check(failed(FailureReason::WorkspaceFailed), give_back, ReasonCode::GivenBack);
        check(failed(FailureReason::CommandFailed { exit_code: 1 }), give_back, ReasonCode::CommandFailed);
    }

    #[test]
    fn facts_stand_beside_what_the_executor_says_and_never_replace_it() {
        let facts = || Facts::from_iter([("isolation".to_owned(), "L3".into()), ("commit".to_owned(), "b".into())]);
        let output = JsonObject::from_iter([("commit".to_owned(), "a".into())]);
        let ended = Supervised::Ended { ended: Execution::Completed { output }, told: None };
        let Output::Result(result) = Outcome::of(ended, facts(), &CONTEXT).unwrap().output else { panic!("no result") };
        assert_eq!(result, json!({ "commit": "a", "isolation": "L3" }));
        let Output::Error(error) = Outcome::of(Supervised::Overdue, facts(), &CONTEXT).unwrap().output else {
            panic!("no error")
        };
        assert_eq!(error.details.unwrap()["isolation"], "L3");
    }

    #[test]
    fn a_verdict_of_fail_fails_what_the_executor_called_done() {
        let done = || Outcome::completed(JsonObject::new(), &CONTEXT);
        let failed = done().judged(&EvidenceFindings::new(Verdict::Fail, "nothing was changed"), &CONTEXT);
        let AttemptEnd::Failed { reason, message } = &failed.end else { panic!("not failed") };
        assert_eq!((*reason, message.as_str()), (ReasonCode::ProofFailed, "nothing was changed"));
        for verdict in [Verdict::Pass, Verdict::Partial] {
            let judged = done().judged(&EvidenceFindings::new(verdict, "looked at"), &CONTEXT);
            let AttemptEnd::Completed { result } = &judged.end else { panic!("not completed") };
            assert!(result.contains("looked at"), "{result}");
        }
        // Nothing that failed becomes better by being looked at.
        let was = Outcome::failed(ReasonCode::CommandFailed, "no");
        assert_eq!(was.clone().judged(&EvidenceFindings::new(Verdict::Pass, "fine"), &CONTEXT), was);
    }

    #[test]
    fn only_ends_that_say_something_about_the_work_are_proven() {
        let failed = |reason| Outcome::failed(reason, "no").ended();
        assert_eq!(Outcome::completed(JsonObject::new(), &CONTEXT).ended(), Some(RunEnded::Done));
        assert_eq!(failed(ReasonCode::TimeBudgetExceeded), Some(RunEnded::TimedOut));
        assert!(matches!(failed(ReasonCode::CommandFailed), Some(RunEnded::Failed { .. })));
        assert_eq!(failed(ReasonCode::WorkerError), None);
        assert_eq!(Outcome::stopped(StopReason::Cancel, JsonObject::new()).ended(), None);
    }

    #[test]
    fn a_lost_lease_reports_nothing() {
        assert_eq!(Outcome::of(Supervised::Lost, Facts::new(), &CONTEXT), None);
    }

    #[test]
    fn no_executor_says_what_would_have_been_needed() {
        let AttemptEnd::Failed { reason, message } = Outcome::no_executor(&CONTEXT).end else { panic!("not failed") };
        assert_eq!(reason, ReasonCode::NoExecutor);
        for part in ["`agent`", "command, survey", "`code_change`", "`inputs.executor`"] {
            assert!(message.contains(part), "{message}");
        }
    }

    #[test]
    fn a_result_that_is_too_large_keeps_its_small_members_and_names_the_trace() {
        let output = JsonObject::from_iter([
            ("commit".to_owned(), "abc".into()),
            ("text".to_owned(), "x".repeat(MAX_RESULT_BYTES).into()),
        ]);
        let outcome = Outcome::completed(output.clone(), &CONTEXT);
        let AttemptEnd::Completed { result } = outcome.end else { panic!("not completed") };
        let result: Value = serde_json::from_str(&result).unwrap();
        assert_eq!(result["commit"], "abc");
        assert_eq!(result.get("text"), None);
        assert_eq!(result["result_truncated"]["whole_in"], "t/attempt-1/output.json");
        assert_eq!(outcome.output, Output::Result(Value::Object(output)));
    }

    #[test]
    fn a_result_that_fits_is_kept_as_it_is() {
        let output = JsonObject::from_iter([("number".to_owned(), 9_007_199_254_740_993_u64.into())]);
        let AttemptEnd::Completed { result } = Outcome::completed(output, &CONTEXT).end else {
            panic!("not completed")
        };
        assert_eq!(result, r#"{"number":9007199254740993}"#);
    }

    #[test]
    fn a_long_message_is_cut_between_characters() {
        let Outcome { end, .. } = Outcome::failed(ReasonCode::CommandFailed, &"é".repeat(MAX_MESSAGE_BYTES));
        let AttemptEnd::Failed { message, .. } = end else { panic!("not failed") };
        assert!(message.len() <= MAX_MESSAGE_BYTES && message.chars().all(|c| c == 'é'));
    }
}
