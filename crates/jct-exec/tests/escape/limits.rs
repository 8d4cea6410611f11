//! What uses more than it may is ended, and the reason names the limit.

use std::sync::{Arc, Mutex, PoisonError};

use jct_exec::process::ProcessEnd;
use jct_exec::sandbox::{IsolationLevel, Limit, Limits};
use libtest_mimic::{Failed, Trial};

use crate::matrix::skipped;
use crate::tools::{self, Tools, User};

const MIB: u64 = 1024 * 1024;

/// A greedy program, and what stops it.
struct Greed {
    name: &'static str,
    script: &'static str,
    expect: Expect,
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Expect {
    /// Ended by this limit.
    Hit(Limit),
    /// Refused by the system or ended by a limit, but never finished.
    Stopped,
    /// The limit is in force from the start.
    Prints(&'static str),
}

const GREED: [Greed; 11] = [
    Greed {
        name: "fork-bomb",
        script: "bomb() { bomb | bomb & }; bomb; sleep 60",
        expect: Expect::Hit(Limit::Processes),
    },
    Greed {
        name: "many-sleepers",
        script: "i=0; while [ $i -lt 400 ]; do sleep 300 & i=$((i+1)); done; wait",
        expect: Expect::Hit(Limit::Processes),
    },
    Greed { name: "huge-file", script: "head -c 100G /dev/zero > big", expect: Expect::Hit(Limit::FileSize) },
    Greed { name: "huge-sparse-file", script: "exec truncate -s 100G big", expect: Expect::Hit(Limit::FileSize) },
    Greed {
        name: "many-files",
        script: "i=0; while :; do head -c 4M /dev/zero > file$i; i=$((i+1)); done",
        expect: Expect::Hit(Limit::Disk),
    },
    Greed { name: "endless-output", script: "yes", expect: Expect::Hit(Limit::Output) },
    Greed { name: "endless-line", script: "tr '\\0' x < /dev/zero", expect: Expect::Hit(Limit::Output) },
    Greed { name: "memory", script: "tail /dev/zero", expect: Expect::Hit(Limit::Memory) },
    Greed {
        name: "memory-in-many-processes",
        script: "for i in 1 2 3 4 5 6 7 8; do (head -c 30M /dev/zero; sleep 60) | tail & done; wait",
        expect: Expect::Hit(Limit::Memory),
    },
    Greed {
        name: "file-system-in-memory",
        script: "for f in /dev/shm /tmp /run; do for i in $(seq 200); do head -c 7M /dev/zero > $f/$i || break; done; \
                 [ $i = 200 ] && exit 0; done; exit 1",
        expect: Expect::Stopped,
    },
    Greed { name: "open-files", script: "ulimit -n; ulimit -c", expect: Expect::Prints("256\n0\n") },
];

/// One swarm at a time: an ordinary user's are counted together.
static SWARM: Mutex<()> = Mutex::new(());

pub(crate) fn trials(tools: &Arc<Tools>) -> Vec<Trial> {
    let levels = [IsolationLevel::L1, IsolationLevel::L2, IsolationLevel::L3];
    let mut trials = Vec::new();
    for level in levels {
        for greed in GREED {
            let tools = Arc::clone(tools);
            // L1 confines no files: what fills memory there is the host's business.
            if greed.expect == Expect::Stopped && level == IsolationLevel::L1 {
                continue;
            }
            let name = format!("limits::{level}::{}", greed.name);
            trials.push(Trial::test(name, move || {
                let is_swarm = greed.expect == Expect::Hit(Limit::Processes);
                let _alone = is_swarm.then(|| SWARM.lock().unwrap_or_else(PoisonError::into_inner));
                tools::runtime().block_on(check(&tools, level, &greed))
            }));
        }
        let tools = Arc::clone(tools);
        let name = format!("limits::{level}::processor-time");
        trials.push(Trial::test(name, move || tools::runtime().block_on(processor_time(&tools, level))));
    }
    trials
}

fn small() -> Limits {
    Limits {
        memory_bytes: 160 * MIB,
        processes: 64,
        file_bytes: 8 * MIB,
        disk_bytes: 64 * MIB,
        open_files: 256,
        output_bytes: 4 * MIB,
        ..Limits::default()
    }
}

async fn check(tools: &Tools, level: IsolationLevel, greed: &Greed) -> Result<(), Failed> {
    let programs = tools.programs(User::Root);
    std::fs::create_dir(programs.workspace())?;
    let Ok(sandbox) = programs.sandbox(level) else {
        skipped(format!("limits at {level}: {}", greed.name));
        return Ok(());
    };
    let command = programs.shell(greed.script).confined(programs.confine(&sandbox).limits(small()));
    let (outcome, text) = tools::finish(&command).await;
    let as_expected = match (greed.expect, &outcome.end) {
        (Expect::Hit(limit), ProcessEnd::LimitHit { limit: hit }) => *hit == limit,
        (Expect::Stopped, ProcessEnd::LimitHit { .. }) => true,
        (Expect::Stopped, ProcessEnd::Exited { code }) => *code != 0,
        (Expect::Prints(expected), ProcessEnd::Exited { code: 0 }) => text == expected,
        _ => false,
    };
    if as_expected { Ok(()) } else { Err(format!("{:?} {text:.300}", outcome.end).into()) }
}

async fn processor_time(tools: &Tools, level: IsolationLevel) -> Result<(), Failed> {
    let programs = tools.programs(User::Root);
    std::fs::create_dir(programs.workspace())?;
    let Ok(sandbox) = programs.sandbox(level) else {
        skipped(format!("limits at {level}: processor time"));
        return Ok(());
    };
    let limits = Limits { cpu_seconds: Some(1), ..small() };
    let command = programs.shell("while :; do :; done").confined(programs.confine(&sandbox).limits(limits));
    match tools::finish(&command).await.0.end {
        ProcessEnd::LimitHit { limit: Limit::CpuTime } => Ok(()),
        other => Err(format!("{other:?}").into()),
    }
}
