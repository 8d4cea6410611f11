//! Control groups, where the worker may make them: one for each run, below the worker's own.
//!
//! The first version of control groups has a tree for each controller and the second one tree for all; a machine may
//! have both at once, with the controllers in the first and the kill switch in the second. So a run gets a group
//! wherever that is of use.

use std::fs::{self, File, OpenOptions};
use std::io::{self, Write};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};
use uuid::Uuid;

use super::limits::Limits;

/// Room above the limit on processes: what goes beyond the limit is to be seen, and then ended, not only refused.
const PROCESS_ROOM: u32 = 32;

/// A folder in which groups can be made.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(super) struct CgroupPlace {
    pub(super) folder: PathBuf,
    pub(super) kind: CgroupKind,
}

/// What a group made there can do.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(super) enum CgroupKind {
    /// Version 1, limits memory.
    Memory,
    /// Version 1, limits processes.
    Pids,
    /// Version 2: the kill switch, and what controllers there are.
    Unified,
}

/// Where this process may make groups, found by making one.
pub(super) fn places() -> Vec<CgroupPlace> {
    let read = |path: &str| fs::read_to_string(path).unwrap_or_default();
    let mut places = candidates(&read("/proc/self/cgroup"), &read("/proc/self/mountinfo"));
    places.retain(|place| {
        let trial = place.folder.join(name(&format!("trial-{}", Uuid::new_v4().simple())));
        let made = fs::create_dir(&trial).is_ok();
        let useful = made && trial.join(place.kind.needs()).exists();
        if made {
            let _gone = fs::remove_dir(&trial);
        }
        useful
    });
    for place in &places {
        remove_abandoned(&place.folder);
    }
    places
}

/// Whether groups in these places limit memory.
pub(super) fn limits_memory(places: &[CgroupPlace]) -> bool {
    places.iter().any(|place| match place.kind {
        CgroupKind::Memory => true,
        CgroupKind::Pids => false,
        CgroupKind::Unified => {
            let enabled = fs::read_to_string(place.folder.join("cgroup.subtree_control")).unwrap_or_default();
            enabled.split_ascii_whitespace().any(|controller| controller == "memory")
        }
    })
}

/// The name of the version in use, for reports.
pub(super) fn version(places: &[CgroupPlace]) -> Option<String> {
    let is_old = |place: &CgroupPlace| place.kind != CgroupKind::Unified;
    match (places.is_empty(), places.iter().any(is_old)) {
        (true, _) => None,
        (false, true) => Some("v1".to_owned()),
        (false, false) => Some("v2".to_owned()),
    }
}

/// Removes the groups of one run; those still in use stay.
pub(super) fn remove(places: &[CgroupPlace], name: &str) {
    for place in places {
        let _in_use_or_gone = fs::remove_dir(place.folder.join(name));
    }
}

/// A name for the groups of one run of this process.
pub(super) fn name(marker: &str) -> String {
    format!("jct-{}-{marker}", std::process::id())
}

/// Removes what processes that died have left behind.
fn remove_abandoned(folder: &Path) {
    for entry in fs::read_dir(folder).into_iter().flatten().flatten() {
        let name = entry.file_name();
        let owner = name.to_str().and_then(|name| name.strip_prefix("jct-")?.split('-').next()?.parse::<u32>().ok());
        if owner.is_some_and(|owner| !Path::new(&format!("/proc/{owner}")).exists()) {
            let _in_use = fs::remove_dir(entry.path());
        }
    }
}

impl CgroupKind {
    /// A file that a group must have to be worth making.
    fn needs(self) -> &'static str {
        match self {
            Self::Memory => "memory.limit_in_bytes",
            Self::Pids => "pids.max",
            Self::Unified => "cgroup.kill",
        }
    }
}

/// The groups of this process that are mounted somewhere, from `/proc/self/cgroup` and `/proc/self/mountinfo`.
fn candidates(groups: &str, mounts: &str) -> Vec<CgroupPlace> {
    let mut places = Vec::new();
    for group in groups.lines() {
        let mut fields = group.splitn(3, ':');
        let (Some(_id), Some(controllers), Some(path)) = (fields.next(), fields.next(), fields.next()) else {
            continue;
        };
        let controllers: Vec<&str> = controllers.split(',').collect();
        let kind = match () {
            () if controllers == [""] => CgroupKind::Unified,
            () if controllers.contains(&"memory") => CgroupKind::Memory,
            () if controllers.contains(&"pids") => CgroupKind::Pids,
            () => continue,
        };
        let folder = mounts.lines().filter_map(|line| mounted(line, kind, path)).next();
        places.extend(folder.map(|folder| CgroupPlace { folder, kind }));
    }
    places
}

/// The folder of group `path` if this line of mountinfo shows its tree.
fn mounted(line: &str, kind: CgroupKind, path: &str) -> Option<PathBuf> {
    let (before, after) = line.split_once(" - ")?;
    let mut after = after.split(' ');
    let (file_system, options) = (after.next()?, after.nth(1)?);
    let has = |controller: &str| file_system == "cgroup" && options.split(',').any(|option| option == controller);
    let right = match kind {
        CgroupKind::Unified => file_system == "cgroup2",
        CgroupKind::Memory => has("memory"),
        CgroupKind::Pids => has("pids"),
    };
    let mut fields = before.split(' ').skip(3);
    let (root, mount_point) = (fields.next()?, fields.next()?);
    let inside = Path::new(path).strip_prefix(root).ok()?;
    right.then(|| Path::new(mount_point).join(inside))
}

/// The groups of one run, from the inside. Everything that needs a right to be opened is open from the start.
#[derive(Debug)]
pub(super) struct Cgroup {
    members: Vec<File>,
    kill: Option<File>,
    out_of_memory: Vec<PathBuf>,
    out_of_processes: Vec<PathBuf>,
    /// Whether memory is limited, so that nobody has to look.
    pub(super) limits_memory: bool,
}

impl Cgroup {
    /// Makes the groups and sets their limits.
    pub(super) fn create(places: &[CgroupPlace], name: &str, limits: &Limits) -> io::Result<Self> {
        let mut cgroup = Self {
            members: Vec::new(),
            kill: None,
            out_of_memory: Vec::new(),
            out_of_processes: Vec::new(),
            limits_memory: false,
        };
        for place in places {
            let folder = place.folder.join(name);
            fs::create_dir(&folder)?;
            cgroup.set_up(place.kind, &folder, limits)?;
            cgroup.members.push(OpenOptions::new().write(true).open(folder.join("cgroup.procs"))?);
        }
        Ok(cgroup)
    }

    fn set_up(&mut self, kind: CgroupKind, folder: &Path, limits: &Limits) -> io::Result<()> {
        let memory = limits.memory_bytes.to_string();
        let processes = limits.processes.saturating_add(PROCESS_ROOM).to_string();
        let (memory_file, events) = match kind {
            CgroupKind::Memory => {
                fs::write(folder.join("memory.limit_in_bytes"), &memory)?;
                // Not on every kernel: the limit on memory and swap together.
                let _no_swap = fs::write(folder.join("memory.memsw.limit_in_bytes"), &memory);
                (true, "memory.oom_control")
            }
            CgroupKind::Pids => {
                fs::write(folder.join("pids.max"), &processes)?;
                self.out_of_processes.push(folder.join("pids.events"));
                (false, "")
            }
            CgroupKind::Unified => {
                let has_memory = folder.join("memory.max").exists();
                if has_memory {
                    fs::write(folder.join("memory.max"), &memory)?;
                    let _no_swap = fs::write(folder.join("memory.swap.max"), "0");
                }
                if folder.join("pids.max").exists() {
                    fs::write(folder.join("pids.max"), &processes)?;
                    self.out_of_processes.push(folder.join("pids.events"));
                }
                self.kill = Some(OpenOptions::new().write(true).open(folder.join("cgroup.kill"))?);
                (has_memory, "memory.events")
            }
        };
        if memory_file {
            self.limits_memory = true;
            self.out_of_memory.push(folder.join(events));
        }
        Ok(())
    }

    /// Puts a process into the groups; what it starts is in them too.
    pub(super) fn add(&self, pid: u32) -> io::Result<()> {
        self.members.iter().try_for_each(|mut members| members.write_all(pid.to_string().as_bytes()))
    }

    /// Whether something was killed for want of memory.
    pub(super) fn ran_out_of_memory(&self) -> bool {
        self.out_of_memory.iter().any(|path| has_happened(path, "oom_kill "))
    }

    /// Whether another process was refused.
    pub(super) fn ran_out_of_processes(&self) -> bool {
        self.out_of_processes.iter().any(|path| has_happened(path, "max "))
    }

    /// Kills everything in the groups at once, where the machine has a switch for that.
    pub(super) fn kill(&self) {
        if let Some(mut kill) = self.kill.as_ref() {
            let _gone = kill.write_all(b"1");
        }
    }
}

/// Whether a counter of this file is above zero.
fn has_happened(path: &Path, name: &str) -> bool {
    let text = fs::read_to_string(path).unwrap_or_default();
    let count = |line: &str| line.strip_prefix(name)?.trim().parse::<u64>().ok();
    text.lines().find_map(count).is_some_and(|count| count > 0)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[track_caller]
    fn check(groups: &str, mounts: &str, expect: &[(&str, CgroupKind)]) {
        let expect: Vec<_> =
            expect.iter().map(|(folder, kind)| CgroupPlace { folder: folder.into(), kind: *kind }).collect();
        assert_eq!(candidates(groups, mounts), expect);
    }

    #[test]
    fn one_tree_for_all() {
        let mounts = "30 24 0:26 / /sys/fs/cgroup rw,nosuid - cgroup2 cgroup2 rw,nsdelegate";
        check(
            "0::/system.slice/jct.service\n",
            mounts,
            &[("/sys/fs/cgroup/system.slice/jct.service", CgroupKind::Unified)],
        );
    }

    #[test]
    fn a_tree_for_each_controller() {
        let mounts = "1 2 0:3 / /cg/memory rw - cgroup cgroup rw,memory\n\
                      1 2 0:4 / /cg/pids rw - cgroup cgroup rw,pids\n\
                      1 2 0:5 / /cg/cpu rw - cgroup cgroup rw,cpu\n";
        check(
            "8:pids:/\n4:memory:/a/b\n1:cpu:/\n",
            mounts,
            &[("/cg/pids", CgroupKind::Pids), ("/cg/memory/a/b", CgroupKind::Memory)],
        );
    }

    #[test]
    fn a_tree_that_is_mounted_in_part() {
        let mounts = "1 2 0:3 /docker/x /cg rw - cgroup2 cgroup rw";
        check("0::/docker/x/y\n", mounts, &[("/cg/y", CgroupKind::Unified)]);
        check("0::/other\n", mounts, &[]);
        check("nonsense\n0::/docker/x\n", "nonsense\n", &[]);
    }
}
