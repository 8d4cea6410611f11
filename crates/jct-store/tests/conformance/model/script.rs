//! What may happen, and the dice.

use rand::rngs::StdRng;
use rand::{RngExt, SeedableRng};

/// One command of a script. Indices count back from the newest task or lease of the script, and wrap.
#[derive(Clone, Copy, Debug)]
pub(super) enum Step {
    Enqueue {
        hold: bool,
        key: Option<u8>,
        variant: u8,
        max_attempts: u32,
        priority: i64,
        /// Whether it needs something that not every claim offers.
        special: bool,
    },
    Claim {
        limit: u32,
        worker: usize,
        /// Whether what is special may be taken.
        able: bool,
    },
    Heartbeat {
        lease: usize,
        worker: usize,
    },
    Record {
        lease: usize,
        lines: u64,
    },
    Settle {
        lease: usize,
        end: End,
    },
    /// Whatever was last accepted for the lease, once more.
    SettleAgain {
        lease: usize,
    },
    Change {
        task: usize,
        by: usize,
        fence: Option<usize>,
        action: Action,
    },
}

/// How a worker says that its attempt ended.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum End {
    Complete,
    FailForGood,
    FailForNow,
    GiveBack,
    Cancel,
}

/// What somebody outside asks for.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(super) enum Action {
    Release,
    Take,
    Complete,
    Fail,
    Cancel,
}

/// What happens to everybody before a step.
#[derive(Clone, Copy, Debug)]
pub(super) enum Weather {
    Calm,
    Pass { seconds: u64 },
    Reap,
    Restart,
}

/// A script and the weather it is played in, of the same length.
#[derive(Clone, Debug)]
pub(super) struct Play {
    pub(super) scripts: Vec<Vec<Step>>,
    pub(super) weather: Vec<Weather>,
}

impl Play {
    pub(super) fn random(seed: u64, scripts: usize) -> Self {
        let mut dice = StdRng::seed_from_u64(seed);
        let length = dice.random_range(8..=14);
        let weather = (0..length).map(|_| weather(&mut dice)).collect();
        let script = |dice: &mut StdRng| (0..length).map(|at| step(dice, at)).collect();
        Self { scripts: (0..scripts).map(|_| script(&mut dice)).collect(), weather }
    }
}

fn weather(dice: &mut StdRng) -> Weather {
    match dice.random_range(0..100) {
        0..55 => Weather::Calm,
        55..75 => Weather::Pass { seconds: [1, 5, 10, 29, 30, 31, 41][dice.random_range(0..7)] },
        75..95 => Weather::Reap,
        _ => Weather::Restart,
    }
}

fn step(dice: &mut StdRng, at: usize) -> Step {
    let roll = if at == 0 { 0 } else { dice.random_range(0..100) };
    // Mostly the newest, sometimes any.
    let lease = if dice.random_bool(0.7) { 0 } else { dice.random_range(0..6) };
    let worker = usize::from(dice.random_bool(0.15));
    match roll {
        0..12 => Step::Enqueue {
            hold: dice.random_bool(0.2),
            key: dice.random_bool(0.5).then(|| dice.random_range(0..2)),
            variant: u8::from(dice.random_bool(0.3)),
            max_attempts: dice.random_range(1..=3),
            priority: dice.random_range(-1..=1),
            special: dice.random_bool(0.2),
        },
        12..32 => Step::Claim { limit: dice.random_range(1..=2), worker, able: dice.random_bool(0.7) },
        32..42 => Step::Heartbeat { lease, worker },
        42..50 => Step::Record { lease, lines: dice.random_range(0..=2) },
        50..70 => Step::Settle { lease, end: end(dice) },
        70..76 => Step::SettleAgain { lease },
        _ => Step::Change {
            task: if dice.random_bool(0.7) { 0 } else { dice.random_range(0..4) },
            by: usize::from(dice.random_bool(0.2)),
            fence: dice.random_bool(0.3).then_some(lease),
            action: action(dice),
        },
    }
}

fn end(dice: &mut StdRng) -> End {
    [End::Complete, End::FailForGood, End::FailForNow, End::FailForNow, End::GiveBack, End::Cancel]
        [dice.random_range(0..6)]
}

fn action(dice: &mut StdRng) -> Action {
    [Action::Release, Action::Take, Action::Take, Action::Complete, Action::Fail, Action::Cancel]
        [dice.random_range(0..6)]
}
