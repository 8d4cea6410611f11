//! Attempts on the large and on the privileged parts of the kernel.
//!
//! Every call has arguments that change nothing even where it is allowed: the controls run as root on real machines.

use std::path::Path;

use nix::errno::Errno;
use nix::libc;

use super::syscall::{at, raw, reaches, word};
use super::{Act, Stop, files};
use crate::scene::Scene;

pub(crate) fn memory_file(_: &Scene) -> Act {
    raw(libc::SYS_memfd_create, [c"x".as_ptr().addr(), 0])?;
    Ok("has a file in memory".to_owned())
}

/// A program that no file system ever saw.
pub(crate) fn execute_memory(_: &Scene) -> Act {
    let file = raw(libc::SYS_memfd_create, [c"x".as_ptr().addr(), 1])?;
    let script = b"#!/bin/true\n";
    raw(libc::SYS_write, [file, script.as_ptr().addr(), script.len()])?;
    let none = [0_usize];
    let empty_path = 0x1000;
    match raw(libc::SYS_execveat, [file, c"".as_ptr().addr(), at(&none), at(&none), empty_path]) {
        // A script behind a descriptor that closes on execution is found and then refused.
        Ok(_) | Err(Errno::ENOENT) => Ok("ran a program out of memory".to_owned()),
        Err(errno) => Err(Stop::Refused(errno)),
    }
}

pub(crate) fn bpf(_: &Scene) -> Act {
    let attributes = [0_u64; 16];
    reaches(libc::SYS_bpf, [0, at(&attributes), size_of_val(&attributes)])
}

pub(crate) fn io_uring(_: &Scene) -> Act {
    reaches(libc::SYS_io_uring_setup, [0, 0])
}

pub(crate) fn keyring(_: &Scene) -> Act {
    let (get_id, session) = (0, word(-3));
    reaches(libc::SYS_keyctl, [get_id, session, 0])
}

pub(crate) fn add_key(_: &Scene) -> Act {
    reaches(libc::SYS_add_key, [0, 0, 0, 0, 0])
}

pub(crate) fn request_key(_: &Scene) -> Act {
    reaches(libc::SYS_request_key, [0, 0, 0, 0])
}

pub(crate) fn user_faults(_: &Scene) -> Act {
    let user_mode_only = 1;
    reaches(libc::SYS_userfaultfd, [user_mode_only])
}

pub(crate) fn performance(_: &Scene) -> Act {
    reaches(libc::SYS_perf_event_open, [0, 0, 0, word(-1), usize::MAX])
}

/// Turns off the randomness of addresses for whatever is executed next.
pub(crate) fn personality(_: &Scene) -> Act {
    let no_randomize = 0x0004_0000;
    raw(libc::SYS_personality, [no_randomize])?;
    Ok("changed the execution domain".to_owned())
}

pub(crate) fn kexec(_: &Scene) -> Act {
    reaches(libc::SYS_kexec_load, [0, 0, 0, usize::MAX])
}

pub(crate) fn load_module(_: &Scene) -> Act {
    reaches(libc::SYS_init_module, [0, 0, 0])
}

pub(crate) fn load_module_file(_: &Scene) -> Act {
    reaches(libc::SYS_finit_module, [word(-1), 0, 0])
}

pub(crate) fn unload_module(_: &Scene) -> Act {
    reaches(libc::SYS_delete_module, [0, 0])
}

/// Without the magic numbers.
pub(crate) fn reboot(_: &Scene) -> Act {
    reaches(libc::SYS_reboot, [0, 0, 0, 0])
}

/// To the name it has.
pub(crate) fn host_name(_: &Scene) -> Act {
    let name = std::fs::read_to_string("/proc/sys/kernel/hostname")?;
    let name = name.trim_end();
    raw(libc::SYS_sethostname, [name.as_ptr().addr(), name.len()])?;
    Ok("set the host's name".to_owned())
}

/// To no time at all.
pub(crate) fn clock(_: &Scene) -> Act {
    raw(libc::SYS_settimeofday, [0, 0])?;
    Ok("could set the clock".to_owned())
}

pub(crate) fn swap(_: &Scene) -> Act {
    reaches(libc::SYS_swapon, [0, 0])
}

pub(crate) fn accounting(_: &Scene) -> Act {
    reaches(libc::SYS_acct, [1])
}

pub(crate) fn quota(_: &Scene) -> Act {
    let sync_all = 0x8000_0100;
    reaches(libc::SYS_quotactl, [sync_all, 0, 0, 0])
}

pub(crate) fn watch_everything(_: &Scene) -> Act {
    let report_by_handle = 0x200;
    reaches(libc::SYS_fanotify_init, [report_by_handle, 0])
}

/// Pushes a character into a terminal, as if the user had typed it. There is none here: the filter must not know.
pub(crate) fn type_into_terminal(_: &Scene) -> Act {
    const TIOCSTI: usize = 0x5412;
    reaches(libc::SYS_ioctl, [word(-1), TIOCSTI, 0])
}

/// The high half of the register is not part of the request; a filter that compares all of it is led astray.
pub(crate) fn type_into_terminal_disguised(_: &Scene) -> Act {
    const TIOCSTI: usize = 0xffff_ffff_0000_5412;
    reaches(libc::SYS_ioctl, [word(-1), TIOCSTI, 0])
}

pub(crate) fn paste_into_terminal(_: &Scene) -> Act {
    const TIOCLINUX: usize = 0x541c;
    reaches(libc::SYS_ioctl, [word(-1), TIOCLINUX, 0])
}

/// A filter of its own, by which a program could mislead what it starts or answer calls in the kernel's place.
pub(crate) fn second_filter(_: &Scene) -> Act {
    let (program, set_filter) = (allow_everything(), 1);
    let header = [1_u64, at(&program) as u64];
    no_new_privileges()?;
    raw(libc::SYS_seccomp, [set_filter, 0, at(&header)])?;
    Ok("installed a filter".to_owned())
}

pub(crate) fn second_filter_by_prctl(_: &Scene) -> Act {
    let (program, set_seccomp, mode_filter) = (allow_everything(), 22, 2);
    let header = [1_u64, at(&program) as u64];
    no_new_privileges()?;
    raw(libc::SYS_prctl, [set_seccomp, mode_filter, at(&header), 0, 0])?;
    Ok("installed a filter".to_owned())
}

/// `return ALLOW`, as the kernel lays an instruction out.
fn allow_everything() -> [u64; 1] {
    [0x7fff_0000_0000_0006]
}

fn no_new_privileges() -> Result<usize, Errno> {
    raw(libc::SYS_prctl, [38, 1, 0, 0, 0])
}

/// A call of the third kind of numbers that an x86-64 kernel may know.
pub(crate) fn x32(_: &Scene) -> Act {
    let getpid = 0x4000_0000 + 39;
    let pid = raw(getpid, [])?;
    Ok(format!("the call answered {pid}"))
}

pub(crate) fn disk(scene: &Scene) -> Act {
    match &scene.disk {
        Some(disk) => files::read(disk),
        None => Err(Stop::Missing("a disk".to_owned())),
    }
}

pub(crate) fn group(scene: &Scene) -> Act {
    match &scene.group {
        Some(group) => files::open_to_write(group),
        None => Err(Stop::Missing("control groups".to_owned())),
    }
}

pub(crate) fn setting(name: &str) -> Act {
    files::open_to_write(&Path::new("/proc/sys").join(name))
}
