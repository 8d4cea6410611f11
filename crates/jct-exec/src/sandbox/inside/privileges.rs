//! Privileges: a user namespace to have some in, and none of any kind left when the program starts.

use std::fs;

use nix::sched::{CloneFlags, unshare};
use rustix::process::{getegid, geteuid};
use rustix::thread::{
    CapabilitiesSecureBits, CapabilitySet, CapabilitySets, SecureComputingMode, capabilities,
    capability_is_in_bounding_set, clear_ambient_capability_set, configure_capability_in_ambient_set, no_new_privs,
    remove_capability_from_bounding_set, secure_computing_mode, set_capabilities, set_capabilities_secure_bits,
    set_no_new_privs,
};

use super::super::step::SandboxStep;
use super::failure::{At, Failure};

/// What the init needs to make the file system and the network, until it gives them up.
const NEEDED: [CapabilitySet; 5] = [
    CapabilitySet::SYS_ADMIN,
    CapabilitySet::SYS_CHROOT,
    CapabilitySet::NET_ADMIN,
    CapabilitySet::SETPCAP,
    CapabilitySet::SYS_RESOURCE,
];

/// Leaves all supplementary groups, where that is possible: as root.
pub(super) fn drop_groups() -> Result<(), Failure> {
    let may = capabilities(None).is_ok_and(|sets| sets.effective.contains(CapabilitySet::SETGID));
    // In a namespace where groups are frozen, they are nobody's.
    let frozen = fs::read_to_string("/proc/self/setgroups").is_ok_and(|text| text.trim() == "deny");
    if may && !frozen {
        nix::unistd::setgroups(&[]).at(SandboxStep::Privileges, "leave the supplementary groups")?;
    }
    Ok(())
}

/// Makes the namespaces of the run; those of processes hold for what is started from now on. The user stays who it
/// is, and nobody else exists.
pub(super) fn enter_namespaces() -> Result<(), Failure> {
    let flags = CloneFlags::CLONE_NEWUSER
        | CloneFlags::CLONE_NEWNET
        | CloneFlags::CLONE_NEWIPC
        | CloneFlags::CLONE_NEWUTS
        | CloneFlags::CLONE_NEWPID;
    let (user, group) = (geteuid(), getegid());
    unshare(flags).at(SandboxStep::Namespaces, "make namespaces")?;
    map_user(user.as_raw(), group.as_raw()).at(SandboxStep::Namespaces, "map the user")?;
    keep_over_exec().at(SandboxStep::Namespaces, "pass privileges in the namespace on")
}

pub(super) fn map_user(user: u32, group: u32) -> std::io::Result<()> {
    fs::write("/proc/self/setgroups", "deny")?;
    fs::write("/proc/self/uid_map", format!("{user} {user} 1"))?;
    fs::write("/proc/self/gid_map", format!("{group} {group} 1"))
}

fn keep_over_exec() -> rustix::io::Result<()> {
    let mut sets = capabilities(None)?;
    for capability in NEEDED {
        sets.inheritable |= capability;
    }
    set_capabilities(None, sets)?;
    NEEDED.into_iter().try_for_each(|capability| configure_capability_in_ambient_set(capability, true))
}

/// Gives everything up, for good.
pub(super) fn drop_all() -> Result<(), Failure> {
    let drop = || -> rustix::io::Result<()> {
        clear_ambient_capability_set()?;
        // An ordinary user outside a namespace has nothing to lose and may not even say so.
        if capabilities(None)?.effective.contains(CapabilitySet::SETPCAP) {
            let bits = CapabilitiesSecureBits::NO_ROOT
                | CapabilitiesSecureBits::NO_ROOT_LOCKED
                | CapabilitiesSecureBits::NO_SETUID_FIXUP
                | CapabilitiesSecureBits::NO_SETUID_FIXUP_LOCKED
                | CapabilitiesSecureBits::KEEP_CAPS_LOCKED
                | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE
                | CapabilitiesSecureBits::NO_CAP_AMBIENT_RAISE_LOCKED;
            set_capabilities_secure_bits(bits)?;
            for bit in 0..u64::BITS {
                let capability = CapabilitySet::from_bits_retain(1 << bit);
                // Beyond the last one that this kernel knows, asking fails.
                if capability_is_in_bounding_set(capability).unwrap_or(false) {
                    remove_capability_from_bounding_set(capability)?;
                }
            }
        }
        set_capabilities(None, none())?;
        set_no_new_privs(true)
    };
    drop().at(SandboxStep::Privileges, "give up privileges")
}

fn none() -> CapabilitySets {
    let none = CapabilitySet::empty();
    CapabilitySets { effective: none, permitted: none, inheritable: none }
}

/// Looks whether everything is really gone.
pub(super) fn verify() -> Result<(), Failure> {
    let held = capabilities(None).at(SandboxStep::Privileges, "read the capabilities")?;
    if held != none() {
        return Err(Failure::new(SandboxStep::Privileges, "capabilities were retained"));
    }
    if !no_new_privs().at(SandboxStep::Privileges, "read no_new_privs")? {
        return Err(Failure::new(SandboxStep::Privileges, "privileges can still be gained"));
    }
    let mode = secure_computing_mode().at(SandboxStep::Seccomp, "read the mode of system call filters")?;
    if mode != SecureComputingMode::Filter {
        return Err(Failure::new(SandboxStep::Seccomp, "system calls are not filtered"));
    }
    Ok(())
}
