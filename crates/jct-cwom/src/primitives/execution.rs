//! What a run is made of: who executes it, with what, at what cost, and how it ended.

use jct_contract::{IsolationLevel, Timestamp};

use crate::limits::INTEGER_MAX;
use crate::primitives::{Actor, Ref};
use crate::shape::{
    EMPTY, OPTIONAL, REQUIRED, Rule, integer, number, object, reference, references, shape, text, texts, word,
};
use crate::words::{FailureCategory, ObjectKind};

/// The words of [`IsolationLevel`], which the task contract owns.
const ISOLATION_LEVELS: &[&str] = &[
    IsolationLevel::L0.as_str(),
    IsolationLevel::L1.as_str(),
    IsolationLevel::L2.as_str(),
    IsolationLevel::L3.as_str(),
];

shape! {
    /// Who executes a run, and in what.
    Executor {
        /// Who.
        actor: Actor = object::<Actor>(), REQUIRED;
        /// Where it runs: `local`, `ci`, `container`, `vps`.
        runtime: String = text(1, 64), REQUIRED;
        /// The tools it runs with.
        toolchain: Vec<String> = texts(), EMPTY;
    }

    /// What a run is given; never changes.
    #[derive(Default)]
    RunInputs {
        /// What is known.
        context_packets: Vec<Ref> = references(ObjectKind::ContextPacket), EMPTY;
        /// Which rules apply.
        doctrine_refs: Vec<Ref> = references(ObjectKind::DoctrineRef), EMPTY;
        /// Which limits hold.
        constraint_snapshot: Option<Ref> = reference(ObjectKind::ConstraintSnapshot), OPTIONAL;
    }

    /// What a run means to do.
    #[derive(Default)]
    RunPlan {
        /// Step by step.
        steps: Vec<String> = texts(), EMPTY;
        /// What could go wrong.
        risk_notes: Vec<String> = texts(), EMPTY;
    }

    /// When a run ran.
    #[derive(Default)]
    Telemetry {
        /// When it began.
        started_at: Option<Timestamp> = Rule::Moment, OPTIONAL;
        /// When it ended.
        ended_at: Option<Timestamp> = Rule::Moment, OPTIONAL;
        /// How long it took, in seconds.
        duration_s: Option<f64> = number(), OPTIONAL;
        /// How often a language model was asked.
        turns: Option<u64> = integer(INTEGER_MAX), OPTIONAL;
        /// The tokens that it was asked with.
        tokens_in: Option<u64> = integer(INTEGER_MAX), OPTIONAL;
        /// The tokens that it answered with.
        tokens_out: Option<u64> = integer(INTEGER_MAX), OPTIONAL;
        /// Which language model it was.
        model: Option<String> = text(1, 128), OPTIONAL;
        /// How the work was kept apart from the machine.
        isolation: Option<IsolationLevel> = word(ISOLATION_LEVELS), OPTIONAL;
    }

    /// What a run has cost.
    #[derive(Default)]
    Cost {
        /// US dollars.
        usd: Option<f64> = number(), OPTIONAL;
        /// Tokens of a language model.
        tokens: Option<u64> = integer(INTEGER_MAX), OPTIONAL;
        /// Seconds of computing.
        compute_s: Option<f64> = number(), OPTIONAL;
    }

    /// What came of a run; artifacts are only ever added.
    #[derive(Default)]
    RunOutputs {
        /// What it left behind.
        artifacts: Vec<Ref> = references(ObjectKind::Artifact), EMPTY;
        /// In a few words.
        result_summary: Option<String> = text(0, 4000), OPTIONAL;
        /// What was decided on the way, in order.
        decision_log: Vec<String> = texts(), EMPTY;
    }

    /// Why a run failed.
    Failure {
        /// What sort of failure.
        category: FailureCategory = word(FailureCategory::WORDS), REQUIRED;
        /// What happened.
        message: String = text(1, 4000), REQUIRED;
    }
}
