//! Whatever the graph, whatever happens, and wherever the process dies: no step twice, none before its dependencies,
//! and every run ends.

use std::collections::{BTreeMap, BTreeSet};

use jct_workflow::run::{AttemptEnd, Decision, Progress, RunStatus, SkipReason};
use jct_workflow::{
    Command, Expression, Fact, Kept, Plan, RunState, Scope, StepId, StepState, WorkflowDefinition, next,
};
use proptest::prelude::*;
use serde_json::{Value, json};

use crate::support::{read, run_id, step, workflow};

/// Choices made beforehand; when they run out, everything goes well.
struct Tape {
    choices: std::vec::IntoIter<u8>,
}

impl Tape {
    fn next(&mut self) -> Option<u8> {
        self.choices.next()
    }

    fn below(&mut self, most: usize) -> usize {
        usize::from(self.next().unwrap_or_default()) % most
    }
}

/// What is outside of the machine: facts that survive, and what was carried out.
struct World<'p> {
    plan: &'p Plan,
    dependencies: BTreeMap<StepId, Vec<StepId>>,
    kept: Option<Kept>,
    facts: Vec<Fact>,
    state: RunState,
    /// Keys of the commands that were carried out.
    done: BTreeSet<String>,
    /// What may happen next because of them.
    open: Vec<Command>,
    enqueued: BTreeSet<(StepId, u32)>,
}

impl<'p> World<'p> {
    fn begin(definition: &WorkflowDefinition, plan: &'p Plan, kept: Option<Kept>) -> Self {
        let dependencies =
            definition.steps().iter().map(|step| (step.id().clone(), step.dependencies().to_vec())).collect();
        let (state, commands) = RunState::replay(plan, kept.as_ref(), []).unwrap();
        let (facts, done, open, enqueued) = (Vec::new(), BTreeSet::new(), Vec::new(), BTreeSet::new());
        let mut world = Self { plan, dependencies, kept, facts, state, done, open, enqueued };
        world.carry_out(commands);
        world
    }

    /// Does what was not done yet; a repetition does nothing.
    fn carry_out(&mut self, commands: Vec<Command>) {
        for command in commands {
            if !self.done.insert(command.key(run_id())) {
                continue;
            }
            if let Command::Enqueue { step, attempt } = &command {
                assert!(self.enqueued.insert((step.clone(), *attempt)), "{step} {attempt} was enqueued twice");
                for before in &self.dependencies[step] {
                    let state = self.state.step(self.plan, before).unwrap();
                    let fits = matches!(state, StepState::Succeeded { .. } | StepState::Skipped(SkipReason::NotWanted));
                    assert!(fits, "{step} began before {before}, which is {state:?}");
                }
            }
            self.open.push(command);
        }
    }

    /// Makes a fact durable, and carries out what follows unless the process dies in between.
    fn happen(&mut self, fact: Fact, dies: bool) {
        let Ok((state, commands)) = next(self.plan, &self.state, &fact) else { return };
        self.facts.push(fact);
        self.state = state;
        if dies {
            self.come_back();
        } else {
            self.carry_out(commands);
        }
    }

    fn come_back(&mut self) {
        let (state, commands) = RunState::replay(self.plan, self.kept.as_ref(), &self.facts).unwrap();
        assert_eq!(state, self.state, "the facts lead elsewhere");
        let keys: BTreeSet<_> = commands.iter().map(|command| command.key(run_id())).collect();
        assert_eq!(keys.len(), commands.len(), "a command was given twice");
        assert!(self.done.is_subset(&keys), "something was carried out that was never said");
        self.carry_out(commands);
        let awaited: BTreeSet<_> = self.state.awaits(self.plan).iter().map(|command| command.key(run_id())).collect();
        assert!(awaited.is_subset(&keys), "something is awaited that was never said");
    }

    /// Lets one thing happen. Gives whether anything could.
    fn turn(&mut self, tape: &mut Tape) -> bool {
        let dies = tape.below(4) == 1;
        match tape.next() {
            Some(250..) => self.happen(Fact::CancelRequested, dies),
            Some(245..250) => self.happen(Fact::RunTimedOut, dies),
            Some(230..245) => self.noise(tape),
            _ => {}
        }
        if self.open.is_empty() {
            return false;
        }
        let at = tape.below(self.open.len());
        let fact = match self.open.swap_remove(at) {
            Command::Decide { step } => {
                let decision = [Decision::Run, Decision::Run, Decision::Skip, Decision::Fail][tape.below(4)];
                Fact::Decided { step, decision }
            }
            Command::Enqueue { step, attempt } => {
                use AttemptEnd as E;
                match tape.below(6) {
                    5 => Fact::TimedOut { step, attempt },
                    end => {
                        let end = [E::Succeeded, E::Succeeded, E::Failed, E::Refused, E::Cancelled][end];
                        Fact::Ended { step, attempt, end }
                    }
                }
            }
            Command::Wake { step, attempt, .. } => Fact::Woken { step, attempt },
            // Tasks end by what was enqueued; whether anybody cancels them in time changes nothing for the machine.
            Command::Cancel { .. } | Command::Finish { .. } => return true,
        };
        self.happen(fact.clone(), dies);
        // Whoever tells it may tell it again.
        self.happen(fact, false);
        true
    }

    /// Facts that are late, early or made up.
    fn noise(&mut self, tape: &mut Tape) {
        let steps: Vec<_> = self.plan.steps().cloned().collect();
        let step = steps[tape.below(steps.len())].clone();
        let attempt = u32::try_from(tape.below(4)).unwrap();
        let state = self.state.step(self.plan, &step).unwrap();
        let (fact, is_now) = match tape.below(3) {
            0 => (Fact::Ended { step, attempt, end: AttemptEnd::Succeeded }, state == StepState::Running { attempt }),
            1 => (Fact::TimedOut { step, attempt }, state == StepState::Running { attempt }),
            _ => (Fact::Woken { step, attempt }, state == StepState::Resting { attempt }),
        };
        // One that is true is told when its time comes.
        assert_eq!(next(self.plan, &self.state, &fact).is_ok(), is_now, "{fact:?} in {state:?}");
    }

    fn run(&mut self, tape: &mut Tape) -> RunStatus {
        let most = 40 * (self.dependencies.len() + 1);
        for _ in 0..most {
            if !self.turn(tape) {
                break;
            }
        }
        let Progress::Finished(status) = self.state.progress() else {
            panic!("the run does not end: {:?}", self.state)
        };
        assert!(self.state.steps(self.plan).all(|(_, state)| state.status().is_final()));
        status
    }
}

prop_compose! {
    /// Any graph without circles, its steps in any order.
    fn graph()(
        steps in proptest::collection::vec((any::<u16>(), 0..3_u32), 1..10),
        max_parallel in 1..4_u32,
        order in any::<u64>(),
    ) -> Value {
        let count = steps.len();
        let mut all: Vec<Value> = steps
            .iter()
            .enumerate()
            .map(|(place, (mask, retries))| {
                let before: Vec<String> =
                    (0..place).filter(|before| mask >> before & 1 == 1).map(|before| format!("s{before}")).collect();
                let mut made = step(&format!("s{place}"), &before.iter().map(String::as_str).collect::<Vec<_>>());
                made["retries"] = json!(retries);
                made
            })
            .collect();
        all.rotate_left(usize::try_from(order % count as u64).unwrap());
        let mut definition = workflow(all);
        definition["max_parallel"] = json!(max_parallel);
        definition
    }
}

fn tape() -> impl Strategy<Value = Vec<u8>> {
    proptest::collection::vec(any::<u8>(), 0..200)
}

proptest! {
    #[test]
    fn a_run_keeps_its_promises_wherever_the_process_dies(definition in graph(), choices in tape()) {
        let definition = read(&definition);
        let plan = Plan::of(&definition);
        let mut world = World::begin(&definition, &plan, None);
        let status = world.run(&mut Tape { choices: choices.into_iter() });
        let all_well = world.state.steps(&plan).all(|(_, state)| {
            matches!(state, StepState::Succeeded { .. } | StepState::Skipped(SkipReason::NotWanted))
        });
        prop_assert!(status != RunStatus::Succeeded || all_well);
        world.come_back();
    }

    #[test]
    fn a_run_where_all_goes_well_does_every_step_once(definition in graph()) {
        let definition = read(&definition);
        let plan = Plan::of(&definition);
        let mut world = World::begin(&definition, &plan, None);
        let status = world.run(&mut Tape { choices: Vec::new().into_iter() });
        prop_assert_eq!(status, RunStatus::Succeeded);
        let expect: BTreeSet<_> = plan.steps().map(|step| (step.clone(), 1)).collect();
        prop_assert_eq!(&world.enqueued, &expect);
    }

    #[test]
    fn a_fork_does_nothing_twice_that_was_done(definition in graph(), choices in tape(), from in any::<usize>()) {
        let definition = read(&definition);
        let plan = Plan::of(&definition);
        let mut old = World::begin(&definition, &plan, None);
        old.run(&mut Tape { choices: choices.into_iter() });
        let steps: Vec<_> = plan.steps().collect();
        let from = steps[from % steps.len()];
        let kept = Kept::of_fork(&plan, &old.state, from).unwrap();
        let over: BTreeSet<_> = kept.succeeded().chain(kept.not_wanted()).cloned().collect();
        prop_assert!(!over.contains(from));
        let mut fork = World::begin(&definition, &plan, Some(kept));
        let status = fork.run(&mut Tape { choices: Vec::new().into_iter() });
        prop_assert_eq!(status, RunStatus::Succeeded);
        let again: BTreeSet<_> = fork.enqueued.iter().map(|(step, _)| step.clone()).collect();
        prop_assert!(again.is_disjoint(&over));
        prop_assert_eq!(again.len() + over.len(), steps.len());
    }

    #[test]
    fn no_bytes_make_the_door_panic(bytes in proptest::collection::vec(any::<u8>(), 0..200)) {
        let _ = WorkflowDefinition::from_json(&bytes);
    }

    #[test]
    fn no_text_makes_an_expression_panic(
        text in "\\PC{0,60}",
        signs in "[-+*/%!?:.,(){}\\[\\]<>=&|'\"\\\\ a-c0-9]{0,80}",
    ) {
        for source in [text, signs] {
            if let Ok(expression) = Expression::parse(&source, Scope::Step) {
                let context = jct_workflow::Context::for_trigger(&json!({"a": 1}));
                let _ = expression.evaluate(&context);
            }
        }
    }
}
