//! The worker that is attacked: runs every row at one level, as whoever started it, and prints what came of it.

use std::fs;
use std::os::unix::net::UnixListener;
use std::process::{Command, ExitCode, Stdio};

use jct_exec::process::{CommandSpec, ProcessEnd};
use jct_exec::sandbox::{Confinement, IsolationLevel, Network};
use serde::{Deserialize, Serialize};

use crate::attempts::{BROKEN, DONE, MISSING, REFUSED};
use crate::host::{Host, leak_descriptor};
use crate::judge::{Ground, Seen, Verdict, judge};
use crate::row::{Place, Promise, Row};
use crate::table;
use crate::tools::{self, Programs};

/// What the worker is to do.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) struct Options {
    pub(crate) programs: Programs,
    /// As [`Place`] is displayed.
    pub(crate) place: String,
    /// Whose promises are looked for, if not those of the place.
    pub(crate) promised: Option<String>,
}

/// What the worker prints, one a line.
#[derive(Debug, Serialize, Deserialize)]
pub(crate) enum Finding {
    /// The machine does not give the level; nothing was tried.
    Unavailable(String),
    /// One row.
    Row { name: String, verdict: Verdict },
}

pub(crate) fn main(options: &str) -> ExitCode {
    let options: Options = serde_json::from_str(options).unwrap();
    let find = |name: &str| Place::ALL.into_iter().find(|place| place.to_string() == name).unwrap();
    let place = find(&options.place);
    let promised = options.promised.as_deref().map_or(place, find);
    tools::runtime().block_on(work(&options.programs, place, promised));
    ExitCode::SUCCESS
}

async fn work(programs: &Programs, place: Place, promised: Place) {
    let sandbox = match programs.sandbox(place.level()) {
        Ok(sandbox) => sandbox,
        Err(error) => return tell(&Finding::Unavailable(error.to_string())),
    };
    let host = Host::build(programs).unwrap();
    leak_descriptor(&host.scene.outside.join("open.txt")).unwrap();
    let ground = Ground {
        place: promised,
        is_root: tools::is_root(),
        landlock: sandbox.probe().landlock_abi.unwrap_or(0),
        is_filtered: is_filtered(),
    };
    let confinement = programs.confine(&sandbox).readable(&host.scene.readable);
    let confinement = networked(confinement, place, programs);
    for row in table::rows() {
        host.scene.reset().unwrap();
        let control = bare(programs, &row, &host);
        host.scene.reset().unwrap();
        let seen = sandboxed(programs, &row, &host, &confinement, place).await;
        let refused = matches!(row.promise(promised), Promise::Refused(_));
        let verdict = match judge(&row, ground, &control, &seen) {
            Verdict::Held | Verdict::Uncontrolled if refused && !host.scene.is_untouched() => {
                Verdict::Failed(format!("BREACH: the host's files changed, though the attempt says {seen:?}"))
            }
            verdict => verdict,
        };
        tell(&Finding::Row { name: row.name.to_owned(), verdict });
    }
}

fn networked(confinement: Confinement, place: Place, programs: &Programs) -> Confinement {
    match place {
        Place::Level(_) => confinement,
        Place::Local => confinement.network(Network::Local),
        Place::Broker => {
            let socket = programs.base.join("broker.sock");
            crate::host::serve_unix(UnixListener::bind(&socket).unwrap());
            confinement.network(Network::Broker).broker_socket(socket)
        }
    }
}

/// The control: the same program, the same act, nothing in between.
fn bare(programs: &Programs, row: &Row, host: &Host) -> Seen {
    let output = Command::new(&programs.attempts)
        .args(["attempt", row.name, &serde_json::to_string(&host.scene).unwrap()])
        .current_dir(&host.scene.workspace)
        .stdin(Stdio::null())
        .output()
        .unwrap();
    let said = String::from_utf8_lossy(&output.stdout);
    match output.status.code().and_then(|code| u8::try_from(code).ok()) {
        Some(code) => seen(code, &said),
        None => Seen::Refused(tools::end_of(output.status)),
    }
}

async fn sandboxed(programs: &Programs, row: &Row, host: &Host, confinement: &Confinement, place: Place) -> Seen {
    let environment = programs.environment().with("JCT_ESCAPE_BROKER", "{broker_url}");
    let scene = serde_json::to_string(&host.scene).unwrap();
    let command = CommandSpec::new(&programs.attempts, programs.workspace(), environment)
        .args(["attempt", row.name, scene.as_str()])
        .confined(confinement.clone());
    let (outcome, said) = tools::finish(&command).await;
    let Some(report) = &outcome.isolation else {
        return Seen::Broken(format!("no report of the isolation: {outcome:?}"));
    };
    let level = place.level();
    let complete = report.effective == level
        && report.seccomp == (level >= IsolationLevel::L1)
        && report.landlock_abi.is_some() == (level >= IsolationLevel::L2)
        && report.namespaces.is_empty() == (level < IsolationLevel::L3);
    if !complete {
        return Seen::Broken(format!("not the level that was asked for: {report:?}"));
    }
    match outcome.end {
        ProcessEnd::Exited { code } => seen(u8::try_from(code).unwrap_or(BROKEN), &said),
        ProcessEnd::Signalled { signal } => Seen::Refused(tools::signal_name(signal)),
        other => Seen::Broken(format!("{other:?}: {said}")),
    }
}

fn seen(code: u8, said: &str) -> Seen {
    let word = said.lines().next().and_then(|line| line.split_once(' '));
    match (code, word) {
        (DONE, Some(("done", what))) => Seen::Done(what.to_owned()),
        (REFUSED, Some(("refused", error))) => Seen::Refused(error.to_owned()),
        (MISSING, Some(("missing", what))) => Seen::Missing(what.to_owned()),
        _ => Seen::Broken(format!("exit code {code}: {said}")),
    }
}

/// Whether this process runs under a filter already, as in most containers.
fn is_filtered() -> bool {
    let status = fs::read_to_string("/proc/self/status").unwrap_or_default();
    status.lines().any(|line| line.starts_with("Seccomp:") && !line.ends_with('0'))
}

fn tell(finding: &Finding) {
    println!("{}", serde_json::to_string(finding).unwrap());
}
