//! What a program was given without asking for it.

use nix::errno::Errno;
use nix::libc;

use super::syscall::{raw, word};
use super::{Act, Stop};
use crate::scene::Scene;

/// Whether any descriptor but the three standard ones is open, or one of those leads to the monitor.
pub(crate) fn inherited(_: &Scene) -> Act {
    let is_socket = |number: &u8| {
        std::fs::read_link(format!("/proc/self/fd/{number}"))
            .is_ok_and(|to| to.to_string_lossy().starts_with("socket:"))
    };
    if let Some(number) = (0..3).find(is_socket) {
        return Ok(format!("descriptor {number} is a socket"));
    }
    let open = (3..1024).find(|&number| raw(libc::SYS_fcntl, [word(number), word(libc::F_GETFD)]).is_ok());
    match open {
        Some(number) => Ok(format!("descriptor {number} is open")),
        None => Err(Stop::Refused(Errno::EBADF)),
    }
}

/// Whether a crash would leave the memory of the program somewhere.
pub(crate) fn core_dump(_: &Scene) -> Act {
    let mut limits = [0_u64; 2];
    let core = 4;
    raw(libc::SYS_prlimit64, [0, core, 0, super::syscall::at_mut(&mut limits)])?;
    if limits[1] == 0 { Err(Stop::Refused(Errno::EPERM)) } else { Ok(format!("core dumps up to {}", limits[1])) }
}

/// Whether a limit can be taken away again.
pub(crate) fn raise_limit(_: &Scene) -> Act {
    let file_size = 1;
    raw(libc::SYS_prlimit64, [0, file_size, super::syscall::at(&[u64::MAX; 2]), 0])?;
    Ok("took the limit of file sizes away".to_owned())
}
