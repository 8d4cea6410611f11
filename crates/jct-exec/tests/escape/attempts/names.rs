//! Attempts to get other namespaces, other mounts, another identity.

use std::fs::{self, File};
use std::os::fd::AsRawFd as _;
use std::process::Command;

use nix::errno::Errno;
use nix::libc;

use super::syscall::{at, child_of, raw, reaches, word};
use super::{Act, Stop};
use crate::scene::Scene;

const NEW_USER: usize = 0x1000_0000;
const NEW_MOUNTS: usize = 0x0002_0000;
const CHILD: usize = libc::SIGCHLD as usize;

pub(crate) fn unshare_user(_: &Scene) -> Act {
    raw(libc::SYS_unshare, [NEW_USER])?;
    Ok("has a user namespace of its own".to_owned())
}

pub(crate) fn unshare_mounts(_: &Scene) -> Act {
    raw(libc::SYS_unshare, [NEW_MOUNTS])?;
    Ok("has a mount namespace of its own".to_owned())
}

pub(crate) fn clone_user(_: &Scene) -> Act {
    child_of(libc::SYS_clone, [NEW_USER | CHILD, 0, 0, 0, 0])
}

/// Its flags lie behind a pointer that a filter cannot follow.
pub(crate) fn clone3(_: &Scene) -> Act {
    let mut arguments = [0_u64; 11];
    arguments[4] = CHILD as u64;
    child_of(libc::SYS_clone3, [at(&arguments), size_of_val(&arguments)])
}

pub(crate) fn enter_namespace(_: &Scene) -> Act {
    let own = File::open("/proc/self/ns/uts")?;
    raw(libc::SYS_setns, [word(own.as_raw_fd()), 0])?;
    Ok("entered a namespace".to_owned())
}

pub(crate) fn mount(scene: &Scene) -> Act {
    let target = super::files::zero_ended(&scene.workspace);
    reaches(libc::SYS_mount, [0, target.as_ptr().addr(), c"no-such-type".as_ptr().addr(), 0, 0])
}

/// The root cannot be unmounted by this, only asked about.
pub(crate) fn unmount(_: &Scene) -> Act {
    let expire = 4;
    reaches(libc::SYS_umount2, [c"/".as_ptr().addr(), expire])
}

pub(crate) fn open_file_system(_: &Scene) -> Act {
    raw(libc::SYS_fsopen, [c"tmpfs".as_ptr().addr(), 1])?;
    Ok("opened a file system to mount".to_owned())
}

pub(crate) fn open_tree(_: &Scene) -> Act {
    let clone = 1;
    raw(libc::SYS_open_tree, [word(libc::AT_FDCWD), c"/".as_ptr().addr(), clone])?;
    Ok("took a copy of the mounts".to_owned())
}

pub(crate) fn move_mount(_: &Scene) -> Act {
    let empty = c"".as_ptr().addr();
    reaches(libc::SYS_move_mount, [word(-1), empty, word(-1), empty, 0x44])
}

pub(crate) fn set_mount_attributes(_: &Scene) -> Act {
    let nothing = [0_u64; 4];
    let here = word(libc::AT_FDCWD);
    reaches(libc::SYS_mount_setattr, [here, c"/".as_ptr().addr(), 0, at(&nothing), size_of_val(&nothing)])
}

pub(crate) fn pivot_root(_: &Scene) -> Act {
    reaches(libc::SYS_pivot_root, [c"/".as_ptr().addr(), c"/".as_ptr().addr()])
}

/// To somebody else and, for an ordinary user, to root.
pub(crate) fn change_user(_: &Scene) -> Act {
    let other = if raw(libc::SYS_geteuid, [])? == 0 { 65534 } else { 0 };
    raw(libc::SYS_setuid, [other])?;
    Ok(format!("became user {other}"))
}

/// Asks for the right to administer the system.
pub(crate) fn regain_capability(_: &Scene) -> Act {
    let header = [0x2008_0522_u32, 0];
    let administer = 1_u32 << 21;
    let data = [administer, administer, 0, 0, 0, 0];
    raw(libc::SYS_capset, [at(&header), at(&data)])?;
    Ok("has the right to administer".to_owned())
}

/// Whether any capability survived into a program that was executed.
pub(crate) fn capabilities(_: &Scene) -> Act {
    let status = fs::read_to_string("/proc/self/status")?;
    let of = |name: &str| {
        let line = status.lines().find_map(|line| line.strip_prefix(name));
        line.and_then(|hex| u64::from_str_radix(hex.trim(), 16).ok()).unwrap_or(u64::MAX)
    };
    let held = of("CapEff:") | of("CapPrm:") | of("CapInh:") | of("CapAmb:");
    if held == 0 { Err(Stop::Refused(Errno::EPERM)) } else { Ok(format!("holds capabilities {held:x}")) }
}

/// A program that root owns and that would run as root. Only an ordinary user has something to gain.
pub(crate) fn setuid_program(scene: &Scene) -> Act {
    let Some(program) = &scene.setuid else {
        return Err(Stop::Missing("a program with the set-user-id bit".to_owned()));
    };
    let output = Command::new(program).arg("-u").output()?;
    match String::from_utf8_lossy(&output.stdout).trim() {
        "0" => Ok("a program ran as root".to_owned()),
        _ => Err(Stop::Refused(Errno::EPERM)),
    }
}
