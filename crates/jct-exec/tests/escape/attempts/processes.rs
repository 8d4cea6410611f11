//! Attempts on the worker and on other processes of the host.

use std::fs;
use std::path::PathBuf;

use super::syscall::{at, at_mut, raw, word};
use super::{Act, Stop, files};
use crate::scene::{SECRET, Scene};
use nix::libc;

/// Harmless to a process that does not ask for it.
const SIGNAL: i32 = libc::SIGWINCH;

pub(crate) fn attach(scene: &Scene) -> Act {
    const PTRACE_SEIZE: usize = 0x4206;
    raw(libc::SYS_ptrace, [PTRACE_SEIZE, word(scene.worker), 0, 0])?;
    Ok("attached to the worker".to_owned())
}

pub(crate) fn be_traced(_: &Scene) -> Act {
    raw(libc::SYS_ptrace, [0, 0, 0, 0])?;
    Ok("asked to be traced".to_owned())
}

pub(crate) fn read_memory(scene: &Scene) -> Act {
    transfer(libc::SYS_process_vm_readv, scene)
}

pub(crate) fn write_memory(scene: &Scene) -> Act {
    transfer(libc::SYS_process_vm_writev, scene)
}

/// Reads the secret, or writes into the place that the worker keeps for it.
fn transfer(number: libc::c_long, scene: &Scene) -> Act {
    let mut bytes = [0_u8; 8];
    let local = [at_mut(&mut bytes), bytes.len()];
    let remote = [if number == libc::SYS_process_vm_readv { scene.address } else { scene.scratch }, bytes.len()];
    let moved = raw(number, [word(scene.worker), at(&local), 1, at(&remote), 1, 0])?;
    Ok(format!("moved {moved} bytes of the worker's memory"))
}

pub(crate) fn take_descriptor(scene: &Scene) -> Act {
    let process = raw(libc::SYS_pidfd_open, [word(scene.worker), 0])?;
    raw(libc::SYS_pidfd_getfd, [process, 0, 0])?;
    Ok("took a descriptor of the worker".to_owned())
}

pub(crate) fn kill(scene: &Scene) -> Act {
    raw(libc::SYS_kill, [word(scene.worker), word(SIGNAL)])?;
    Ok("signalled the worker".to_owned())
}

pub(crate) fn kill_thread(scene: &Scene) -> Act {
    raw(libc::SYS_tkill, [word(scene.worker), word(SIGNAL)])?;
    Ok("signalled a thread of the worker".to_owned())
}

/// Whoever started this program could end it, but not the other way round.
pub(crate) fn kill_parent(_: &Scene) -> Act {
    let parent = usize::try_from(std::os::unix::process::parent_id()).unwrap_or(0);
    raw(libc::SYS_kill, [parent, word(SIGNAL)])?;
    Ok("signalled the parent".to_owned())
}

pub(crate) fn kill_by_descriptor(scene: &Scene) -> Act {
    let process = raw(libc::SYS_pidfd_open, [word(scene.worker), 0])?;
    raw(libc::SYS_pidfd_send_signal, [process, word(SIGNAL), 0, 0])?;
    Ok("signalled the worker by a descriptor".to_owned())
}

/// Of the worker, below `/proc`.
pub(crate) fn of_worker(scene: &Scene, name: &str) -> PathBuf {
    PathBuf::from(format!("/proc/{}", scene.worker)).join(name)
}

pub(crate) fn environment(scene: &Scene) -> Act {
    let text = fs::read(of_worker(scene, "environ"))?;
    found(String::from_utf8_lossy(&text).contains(SECRET), "the worker's environment")
}

/// Of whoever started this program: what is between it and the worker must not pass on what it hides.
pub(crate) fn environment_of_parent(_: &Scene) -> Act {
    let text = fs::read(format!("/proc/{}/environ", std::os::unix::process::parent_id()))?;
    found(String::from_utf8_lossy(&text).contains(SECRET), "the parent's environment")
}

pub(crate) fn memory_of_parent(_: &Scene) -> Act {
    files::open_to_write(format!("/proc/{}/mem", std::os::unix::process::parent_id()).as_ref())
}

pub(crate) fn own_environment(_: &Scene) -> Act {
    match std::env::vars_os().find(|(_, value)| value.to_string_lossy().contains(SECRET)) {
        Some((name, _)) => Ok(format!("the secret is in {}", name.to_string_lossy())),
        None => Err(Stop::Refused(nix::errno::Errno::ENOENT)),
    }
}

pub(crate) fn memory_file(scene: &Scene) -> Act {
    files::open_to_write(&of_worker(scene, "mem"))
}

/// The worker's root, whatever this process's own root is.
pub(crate) fn root_of_worker(scene: &Scene) -> Act {
    let below = scene.outside.strip_prefix("/").map_err(|error| Stop::Broken(error.to_string()))?;
    files::read(&of_worker(scene, "root").join(below).join("open.txt"))
}

pub(crate) fn folder_of_worker(scene: &Scene) -> Act {
    files::list(&of_worker(scene, "cwd"))
}

pub(crate) fn see_processes(scene: &Scene) -> Act {
    files::list(&of_worker(scene, "task"))
}

/// Reads the worker's limits and sets them again as they are: an attacker would set them to nothing.
pub(crate) fn set_limits(scene: &Scene) -> Act {
    let mut limits = [0_u64; 2];
    let files = 7;
    raw(libc::SYS_prlimit64, [word(scene.worker), files, 0, at_mut(&mut limits)])?;
    raw(libc::SYS_prlimit64, [word(scene.worker), files, at(&limits), 0])?;
    Ok("set the worker's limits".to_owned())
}

pub(crate) fn attach_memory(scene: &Scene) -> Act {
    let Some(segment) = scene.segment else { return Err(Stop::Missing("shared memory segments".to_owned())) };
    raw(libc::SYS_shmat, [word(segment), 0, 0])?;
    Ok("attached the worker's shared memory".to_owned())
}

pub(crate) fn open_queue(scene: &Scene) -> Act {
    let Some(queue) = &scene.queue else { return Err(Stop::Missing("message queues".to_owned())) };
    let name = files::zero_ended(queue.as_ref());
    raw(libc::SYS_mq_open, [name.as_ptr().addr(), word(libc::O_RDWR), 0, 0])?;
    Ok("opened the worker's message queue".to_owned())
}

pub(crate) fn found(is_there: bool, place: &str) -> Act {
    if is_there { Ok(format!("found the secret in {place}")) } else { Err(Stop::Refused(nix::errno::Errno::ENOENT)) }
}
