//! One sentence for each gap that an operator can close.

use std::fs;

pub(super) const LAUNCHER: &str = "run a binary of this project that is complete and executable";
pub(super) const LANDLOCK: &str =
    "boot a kernel of 6.2 or later with CONFIG_SECURITY_LANDLOCK, and `landlock` in the list of its `lsm=` parameter";
pub(super) const SECCOMP: &str =
    "boot a kernel with CONFIG_SECCOMP_FILTER, or let the container's own profile allow the `seccomp` call";
pub(super) const CGROUP: &str =
    "run the worker as a service of systemd with `Delegate=yes`, or as root, so that it may make control groups";
pub(super) const CGROUP_MEMORY: &str = "run the worker as a service of systemd with `Delegate=yes` and `DelegateSubgroup=worker`, so that its runs get memory limits";
pub(super) const LEVEL: &str = "see the mechanisms above that do not work, or lower `sandbox.minimum_level`";

const APPARMOR: &str = "kernel.apparmor_restrict_unprivileged_userns";
const DEBIAN: &str = "kernel.unprivileged_userns_clone";

/// What stands in the way of namespaces here.
pub(super) fn of_namespaces() -> String {
    let value = |name: &str| fs::read_to_string(format!("/proc/sys/{}", name.replace('.', "/"))).unwrap_or_default();
    if value(APPARMOR).trim() == "1" {
        return format!("run `sysctl -w {APPARMOR}=0`, or give the worker's binary an AppArmor profile with `userns`");
    }
    if value(DEBIAN).trim() == "0" {
        return format!("run `sysctl -w {DEBIAN}=1`");
    }
    if value("user.max_user_namespaces").trim() == "0" {
        return "run `sysctl -w user.max_user_namespaces=10000`".to_owned();
    }
    "let the container that the worker runs in make user namespaces, or run the worker outside of it".to_owned()
}
