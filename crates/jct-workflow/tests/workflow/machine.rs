//! The machine, transition by transition.

use jct_workflow::run::{AttemptEnd, Decision, FailReason, Progress, RunStatus, SkipReason, StepState, StopReason};
use jct_workflow::{Fact, Illegal, Kept, Plan, RunState, StepStatus, next};
use serde_json::{Value, json};

use crate::support::{decided, ended, id, plan, read, run_id, step, told, workflow};

/// Feeds facts and gives what was told at the last of them.
fn feed(plan: &Plan, state: &mut RunState, facts: &[Fact]) -> Vec<String> {
    let mut commands = Vec::new();
    for fact in facts {
        let (after, told) = next(plan, state, fact).unwrap_or_else(|error| panic!("{fact:?}: {error}"));
        (*state, commands) = (after, told);
    }
    told(&commands)
}

/// Decides to run a step and lets it succeed.
fn succeed(plan: &Plan, state: &mut RunState, step: &str) -> Vec<String> {
    feed(plan, state, &[decided(step, Decision::Run), ended(step, 1, AttemptEnd::Succeeded)])
}

fn statuses(plan: &Plan, state: &RunState) -> String {
    state.steps(plan).map(|(step, state)| format!("{step}={} ", state.status())).collect::<String>().trim().to_owned()
}

#[test]
fn independent_steps_run_at_once_and_the_last_dependency_frees_the_next() {
    let plan = plan(vec![step("a", &[]), step("b", &[]), step("c", &["a", "b"])]);
    let (mut state, commands) = RunState::begin(&plan);
    assert_eq!(told(&commands), ["decide a", "decide b"]);
    assert_eq!(feed(&plan, &mut state, &[decided("a", Decision::Run)]), ["enqueue a 1"]);
    assert_eq!(feed(&plan, &mut state, &[decided("b", Decision::Run)]), ["enqueue b 1"]);
    assert_eq!(feed(&plan, &mut state, &[ended("b", 1, AttemptEnd::Succeeded)]), [""; 0]);
    assert_eq!(feed(&plan, &mut state, &[ended("a", 1, AttemptEnd::Succeeded)]), ["decide c"]);
    assert_eq!(succeed(&plan, &mut state, "c"), ["finish succeeded"]);
    assert_eq!(state.progress(), Progress::Finished(RunStatus::Succeeded));
    assert_eq!(next(&plan, &state, &Fact::CancelRequested).unwrap_err(), Illegal::Finished);
}

#[test]
fn a_failed_step_skips_what_comes_after_it_and_nothing_else() {
    let plan = plan(vec![step("a", &[]), step("b", &["a"]), step("c", &["b"]), step("d", &[])]);
    let (mut state, _) = RunState::begin(&plan);
    let facts = [decided("a", Decision::Run), ended("a", 1, AttemptEnd::Failed)];
    assert_eq!(feed(&plan, &mut state, &facts), [""; 0]);
    assert_eq!(statuses(&plan, &state), "a=failed b=skipped c=skipped d=ready");
    assert_eq!(state.step(&plan, &id("c")), Some(StepState::Skipped(SkipReason::Blocked)));
    assert_eq!(succeed(&plan, &mut state, "d"), ["finish failed"]);
}

#[test]
fn a_step_that_is_not_wanted_lets_the_next_go_on() {
    let plan = plan(vec![step("a", &[]), step("b", &["a"])]);
    let (mut state, _) = RunState::begin(&plan);
    assert_eq!(feed(&plan, &mut state, &[decided("a", Decision::Skip)]), ["decide b"]);
    assert_eq!(succeed(&plan, &mut state, "b"), ["finish succeeded"]);
    assert_eq!(statuses(&plan, &state), "a=skipped b=succeeded");
}

#[test]
fn a_step_that_cannot_be_evaluated_fails_without_an_attempt() {
    let plan = plan(vec![step("a", &[]), step("b", &["a"])]);
    let (mut state, _) = RunState::begin(&plan);
    assert_eq!(feed(&plan, &mut state, &[decided("a", Decision::Fail)]), ["finish failed"]);
    let expect = StepState::Failed { attempts: 0, reason: FailReason::NotEvaluable };
    assert_eq!(state.step(&plan, &id("a")), Some(expect));
}

fn retrying(retries: u32) -> Plan {
    let mut only = step("a", &[]);
    only["retries"] = json!(retries);
    plan(vec![only])
}

#[test]
fn failures_and_timeouts_are_tried_again_after_a_wait() {
    let plan = retrying(2);
    let (mut state, _) = RunState::begin(&plan);
    let failed = [decided("a", Decision::Run), ended("a", 1, AttemptEnd::Failed)];
    assert_eq!(feed(&plan, &mut state, &failed), ["wake a 2 after 2"]);
    assert_eq!(state.step(&plan, &id("a")).map(StepState::status), Some(StepStatus::Ready));
    let woken = |attempt| Fact::Woken { step: id("a"), attempt };
    let late = |attempt| Fact::TimedOut { step: id("a"), attempt };
    assert_eq!(feed(&plan, &mut state, &[woken(2)]), ["enqueue a 2"]);
    assert_eq!(feed(&plan, &mut state, &[late(2)]), ["cancel a 2", "wake a 3 after 4"]);
    assert_eq!(next(&plan, &state, &ended("a", 2, AttemptEnd::Cancelled)).unwrap_err(), Illegal::Stale(id("a")));
    assert_eq!(feed(&plan, &mut state, &[woken(3), late(3)]), ["cancel a 3", "finish failed"]);
    let expect = StepState::Failed { attempts: 3, reason: FailReason::TimedOut };
    assert_eq!(state.step(&plan, &id("a")), Some(expect));
}

#[test]
fn what_is_refused_or_cancelled_is_not_tried_again() {
    for (end, status) in [(AttemptEnd::Refused, StepStatus::Failed), (AttemptEnd::Cancelled, StepStatus::Cancelled)] {
        let plan = retrying(3);
        let (mut state, _) = RunState::begin(&plan);
        let facts = [decided("a", Decision::Run), ended("a", 1, end)];
        assert_eq!(feed(&plan, &mut state, &facts), ["finish failed"]);
        assert_eq!(state.step(&plan, &id("a")).map(StepState::status), Some(status));
    }
}

#[test]
fn no_more_steps_run_at_once_than_may() {
    let mut definition = workflow(vec![step("a", &[]), step("b", &[]), step("c", &[])]);
    definition["max_parallel"] = json!(2);
    let plan = Plan::of(&read(&definition));
    let (mut state, _) = RunState::begin(&plan);
    let all = ["c", "b", "a"].map(|step| decided(step, Decision::Run));
    assert_eq!(feed(&plan, &mut state, &all), [""; 0]);
    assert_eq!(statuses(&plan, &state), "a=ready b=running c=running");
    assert_eq!(feed(&plan, &mut state, &[ended("c", 1, AttemptEnd::Succeeded)]), ["enqueue a 1"]);
}

#[test]
fn a_run_that_is_called_off_ends_when_its_last_task_does() {
    let plan = plan(vec![step("a", &[]), step("b", &[]), step("c", &["a"])]);
    let (mut state, _) = RunState::begin(&plan);
    assert_eq!(feed(&plan, &mut state, &[decided("a", Decision::Run), Fact::CancelRequested]), ["cancel a 1"]);
    assert_eq!(statuses(&plan, &state), "a=running b=cancelled c=cancelled");
    assert_eq!(state.progress(), Progress::Stopping(StopReason::Cancelled));
    assert_eq!(next(&plan, &state, &Fact::RunTimedOut).unwrap_err(), Illegal::Stopping);
    assert_eq!(next(&plan, &state, &decided("b", Decision::Run)).unwrap_err(), Illegal::Stale(id("b")));
    assert_eq!(feed(&plan, &mut state, &[ended("a", 1, AttemptEnd::Cancelled)]), ["finish cancelled"]);
}

#[test]
fn a_run_that_takes_too_long_fails_even_if_its_tasks_do_not_answer() {
    let plan = retrying(5);
    let (mut state, _) = RunState::begin(&plan);
    assert_eq!(feed(&plan, &mut state, &[decided("a", Decision::Run), Fact::RunTimedOut]), ["cancel a 1"]);
    let late = Fact::TimedOut { step: id("a"), attempt: 1 };
    assert_eq!(feed(&plan, &mut state, &[late]), ["finish failed"]);
    let (mut idle, _) = RunState::begin(&plan);
    assert_eq!(feed(&plan, &mut idle, &[Fact::RunTimedOut]), ["finish failed"]);
}

#[test]
fn facts_about_elsewhere_are_refused_and_change_nothing() {
    let plan = retrying(1);
    let (state, _) = RunState::begin(&plan);
    for fact in [
        ended("a", 1, AttemptEnd::Succeeded),
        Fact::TimedOut { step: id("a"), attempt: 1 },
        Fact::Woken { step: id("a"), attempt: 2 },
    ] {
        assert_eq!(next(&plan, &state, &fact).unwrap_err(), Illegal::Stale(id("a")));
    }
    let stranger = decided("nobody", Decision::Run);
    assert_eq!(next(&plan, &state, &stranger).unwrap_err(), Illegal::UnknownStep(id("nobody")));
    let (running, _) = next(&plan, &state, &decided("a", Decision::Run)).unwrap();
    let twice = next(&plan, &running, &decided("a", Decision::Run)).unwrap_err();
    assert_eq!(twice, Illegal::Stale(id("a")));
    let other = next(&plan, &running, &ended("a", 2, AttemptEnd::Succeeded)).unwrap_err();
    assert_eq!(other, Illegal::Stale(id("a")));
}

#[test]
fn a_fork_keeps_what_succeeded_and_does_the_rest_again() {
    let plan = plan(vec![step("a", &[]), step("b", &["a"]), step("c", &["b"]), step("d", &["a"]), step("e", &[])]);
    let (mut state, _) = RunState::begin(&plan);
    let from = id("b");
    assert!(Kept::of_fork(&plan, &state, &from).is_err());
    succeed(&plan, &mut state, "a");
    feed(&plan, &mut state, &[decided("b", Decision::Run), ended("b", 1, AttemptEnd::Succeeded)]);
    feed(&plan, &mut state, &[decided("c", Decision::Run), ended("c", 1, AttemptEnd::Failed)]);
    feed(&plan, &mut state, &[decided("d", Decision::Skip)]);
    assert_eq!(feed(&plan, &mut state, &[decided("e", Decision::Fail)]), ["finish failed"]);
    let kept = Kept::of_fork(&plan, &state, &from).unwrap();
    assert_eq!(kept.succeeded().collect::<Vec<_>>(), [&id("a")]);
    assert_eq!(kept.not_wanted().collect::<Vec<_>>(), [&id("d")]);
    let (fork, commands) = RunState::begin_with(&plan, &kept);
    assert_eq!(told(&commands), ["decide b", "decide e"]);
    assert_eq!(statuses(&plan, &fork), "a=succeeded b=ready c=waiting d=skipped e=ready");
    let stored = Kept::from_parts(kept.succeeded().cloned(), kept.not_wanted().cloned());
    assert_eq!(RunState::begin_with(&plan, &stored), (fork, commands));
}

#[test]
fn facts_read_back_as_they_are_kept() {
    let fact = ended("build", 2, AttemptEnd::Refused);
    let kept = serde_json::to_value(&fact).unwrap();
    assert_eq!(kept, json!({"fact": "ended", "step": "build", "attempt": 2, "end": "refused"}));
    assert_eq!(serde_json::from_value::<Fact>(kept).unwrap(), fact);
    for bad in [json!({"fact": "ended"}), json!({"fact": "decided", "step": "No", "decision": "run"}), Value::Null] {
        assert!(serde_json::from_value::<Fact>(bad.clone()).is_err(), "{bad}");
    }
}

#[test]
fn commands_have_keys_of_their_own() {
    let plan = plan(vec![step("a", &[])]);
    let facts = [decided("a", Decision::Run), Fact::CancelRequested, ended("a", 1, AttemptEnd::Cancelled)];
    let (state, commands) = RunState::replay(&plan, None, &facts).unwrap();
    let run = run_id();
    let keys: Vec<_> = commands.iter().map(|command| command.key(run)).collect();
    let expect = ["a/decide", "a/1", "a/1/cancel", "finish"].map(|rest| format!("jct:workflow:{run}/{rest}"));
    assert_eq!(keys, expect);
    assert_eq!(told(&state.awaits(&plan)), ["finish cancelled"]);
    let error = RunState::replay(&plan, None, &[facts[2].clone()]).unwrap_err();
    assert_eq!((error.number, error.source), (1, Illegal::Stale(id("a"))));
}
