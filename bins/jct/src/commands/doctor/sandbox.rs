//! What keeps a task apart from this machine, found by trying it.

use jct_config::Config;
use jct_exec::sandbox::{Gate, IsolationLevel, Launcher, Probe, Sandbox};
use jct_wiring::sandbox_options;

use super::check::Check;

/// For a gap that nobody on this machine can close.
const NO_REMEDY: &str = "use a machine or a container that has it; docs/sandbox.md lists what each level needs";

pub(super) fn checks(config: &Config) -> Vec<Check> {
    let options = sandbox_options(config, Launcher::current_exe());
    let (asked, minimum) = (options.level, options.minimum);
    match Sandbox::new(options) {
        Ok(sandbox) => judge(sandbox.probe(), asked, minimum),
        Err(unavailable) => judge(&unavailable.probe, asked, minimum),
    }
}

fn judge(probe: &Probe, asked: Option<IsolationLevel>, minimum: IsolationLevel) -> Vec<Check> {
    let gates = probe.gates.iter().map(gate);
    std::iter::once(level(probe, asked, minimum)).chain(gates).collect()
}

fn level(probe: &Probe, asked: Option<IsolationLevel>, minimum: IsolationLevel) -> Check {
    let needed = asked.unwrap_or(minimum).max(minimum);
    let gives = format!("this machine gives {}{}", probe.level, means(probe));
    if probe.level < needed {
        let message = format!("{needed} is needed, {gives}; no worker starts here");
        return Check::problem(
            "sandbox",
            message,
            "close the gaps listed below, or lower JCT_SANDBOX_LEVEL and JCT_SANDBOX_MINIMUM_LEVEL",
        );
    }
    let effective = asked.unwrap_or(probe.level);
    let message = format!("runs get {effective}, {gives}");
    match effective {
        IsolationLevel::L3 => Check::ok("sandbox", message),
        _ if probe.level == IsolationLevel::L3 => {
            Check::warning("sandbox", message, "set JCT_SANDBOX_LEVEL to `auto` or `L3`")
        }
        _ => Check::warning("sandbox", message, "close the gaps listed below"),
    }
}

fn means(probe: &Probe) -> String {
    let landlock = probe.landlock_abi.map(|version| format!("Landlock {version}"));
    let groups = probe.cgroup.as_ref().map(|version| format!("control groups {version}"));
    let means: Vec<_> = landlock.into_iter().chain(groups).collect();
    if means.is_empty() { String::new() } else { format!(" ({})", means.join(", ")) }
}

fn gate(gate: &Gate) -> Check {
    let name = format!("sandbox {}", gate.name.replace('_', " "));
    if gate.works {
        Check::ok(name, gate.detail.clone())
    } else {
        Check::warning(name, gate.detail.clone(), gate.remedy.as_deref().unwrap_or(NO_REMEDY))
    }
}

#[cfg(test)]
mod tests {
    use super::super::check::State;
    use super::*;

    fn probe(level: IsolationLevel) -> Probe {
        let gates = vec![Gate {
            name: "user_namespace".to_owned(),
            works: level == IsolationLevel::L3,
            detail: "tried".to_owned(),
            remedy: None,
        }];
        Probe { level, landlock_abi: Some(7), cgroup: None, gates }
    }

    #[track_caller]
    fn check(found: IsolationLevel, asked: Option<IsolationLevel>, minimum: IsolationLevel, expect: [State; 2]) {
        let checks = judge(&probe(found), asked, minimum);
        assert_eq!(checks.iter().map(|check| check.state).collect::<Vec<_>>(), expect, "{checks:?}");
        assert!(checks.iter().all(|check| check.fix.is_some() == (check.state != State::Ok)));
    }

    #[test]
    fn a_level_is_judged_by_what_is_needed_and_what_could_be_had() {
        use IsolationLevel::{L0, L2, L3};
        use State::{Ok, Problem, Warning};
        check(L3, None, L2, [Ok, Ok]);
        check(L2, None, L2, [Warning, Warning]);
        check(L2, None, L3, [Problem, Warning]);
        check(L2, Some(L3), L2, [Problem, Warning]);
        check(L3, Some(L2), L2, [Warning, Ok]);
        check(L0, Some(L0), L0, [Warning, Warning]);
    }

    #[test]
    fn what_a_level_is_made_of_is_told() {
        assert_eq!(
            level(&probe(IsolationLevel::L3), None, IsolationLevel::L2).message,
            "runs get L3, this machine gives L3 (Landlock 7)"
        );
    }
}
