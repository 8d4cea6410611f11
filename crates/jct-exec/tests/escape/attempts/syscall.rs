//! The one door to system calls that no safe wrapper offers, most of them with arguments that no wrapper would allow.

use std::ptr;

use nix::errno::Errno;
use nix::libc;

use super::{Act, Stop};

/// Makes a system call. Pointers are passed as addresses; the callers keep what they point to alive.
#[expect(unsafe_code, reason = "attacks are system calls that safe wrappers refuse to make")]
pub(crate) fn raw<const N: usize>(number: libc::c_long, arguments: [usize; N]) -> Result<usize, Errno> {
    let mut all = [0_usize; 6];
    all[..N].copy_from_slice(&arguments);
    let [a, b, c, d, e, f] = all;
    // SAFETY: whatever the kernel writes to is a live object of the caller; bad pointers come back as EFAULT.
    let answer = unsafe { libc::syscall(number, a, b, c, d, e, f) };
    if answer == -1 { Err(Errno::last()) } else { Ok(answer.cast_unsigned().try_into().unwrap_or(0)) }
}

/// The address of a value that the kernel reads or writes.
pub(crate) fn at<T: ?Sized>(value: &T) -> usize {
    ptr::from_ref(value).addr()
}

/// Same for a value that the kernel writes to.
pub(crate) fn at_mut<T: ?Sized>(value: &mut T) -> usize {
    ptr::from_mut(value).addr()
}

/// A number the way a register holds it.
pub(crate) fn word(number: i32) -> usize {
    i64::from(number).cast_unsigned().try_into().unwrap_or(0)
}

/// A call with arguments that harm nothing: that the kernel complains about them shows that it was let through.
pub(crate) fn reaches<const N: usize>(number: libc::c_long, arguments: [usize; N]) -> Act {
    match raw(number, arguments) {
        Ok(answer) => Ok(format!("the call went through with {answer}")),
        Err(refusal @ (Errno::EPERM | Errno::EACCES | Errno::ENOSYS)) => Err(Stop::Refused(refusal)),
        Err(complaint) => Ok(format!("the kernel looked at the arguments: {complaint:?}")),
    }
}

/// A call that gives a process in which the child ends at once. The child must not return from here.
pub(crate) fn child_of<const N: usize>(number: libc::c_long, arguments: [usize; N]) -> Act {
    match raw(number, arguments)? {
        0 => loop {
            let _ = raw(libc::SYS_exit_group, [0]);
        },
        pid => {
            let _ = raw(libc::SYS_wait4, [pid, 0, 0, 0]);
            Ok(format!("a child {pid} was made"))
        }
    }
}

/// `getpid` through the 32-bit door of a 64-bit kernel, behind the back of a filter that knows only 64-bit numbers.
#[cfg(target_arch = "x86_64")]
#[expect(unsafe_code, reason = "the 32-bit door is an instruction")]
pub(crate) fn compat_getpid() -> Act {
    let answer: u64;
    // SAFETY: getpid takes no arguments and touches no memory; the registers it may change are named.
    unsafe {
        core::arch::asm!(
            "int 0x80", inlateout("rax") 20_u64 => answer,
            out("r8") _, out("r9") _, out("r10") _, out("r11") _,
        );
    }
    match i32::try_from(answer) {
        Ok(pid) if pid > 0 => Ok(format!("the 32-bit call answered {pid}")),
        _ => Err(Stop::Refused(Errno::ENOSYS)),
    }
}

#[cfg(not(target_arch = "x86_64"))]
pub(crate) fn compat_getpid() -> Act {
    Err(Stop::Missing("a 32-bit system call door".to_owned()))
}
