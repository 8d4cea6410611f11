//! Attempts on files outside the workspace, by every name a file can have.

use std::fs::{self, File, OpenOptions};
use std::io::{Read as _, Write as _};
use std::os::unix::fs::{OpenOptionsExt as _, PermissionsExt as _, symlink};
use std::path::Path;
use std::process::Command;

use super::syscall::{raw, reaches, word};
use super::{Act, Stop};
use crate::scene::Scene;
use nix::libc;

pub(crate) fn write(path: &Path) -> Act {
    OpenOptions::new().write(true).open(path)?.write_all(b"breach\n")?;
    Ok(format!("wrote to {}", path.display()))
}

/// Opens for writing and writes nothing: for files of the system that a control must leave alone.
pub(crate) fn open_to_write(path: &Path) -> Act {
    OpenOptions::new().write(true).custom_flags(libc::O_NONBLOCK).open(path)?;
    Ok(format!("opened {} for writing", path.display()))
}

pub(crate) fn create(path: &Path) -> Act {
    File::create_new(path)?;
    Ok(format!("made {}", path.display()))
}

pub(crate) fn read(path: &Path) -> Act {
    let mut some = [0_u8; 64];
    let read = File::open(path)?.read(&mut some)?;
    Ok(format!("read {read} bytes of {}", path.display()))
}

pub(crate) fn list(path: &Path) -> Act {
    Ok(format!("saw {} names in {}", fs::read_dir(path)?.count(), path.display()))
}

pub(crate) fn rename(from: &Path, to: &Path) -> Act {
    fs::rename(from, to)?;
    Ok(format!("moved {} to {}", from.display(), to.display()))
}

pub(crate) fn hard_link(scene: &Scene) -> Act {
    let link = scene.workspace.join("hard-link");
    fs::hard_link(scene.outside.join("open.txt"), &link)?;
    read(&link)
}

/// A link made inside, followed by the same program.
pub(crate) fn through_own_link(scene: &Scene, target: &Path, act: fn(&Path) -> Act) -> Act {
    let link = scene.workspace.join("own-link");
    symlink(target, &link)?;
    act(&link)
}

/// By path, without a descriptor that a check at opening could refuse.
pub(crate) fn truncate(path: &Path) -> Act {
    let name = zero_ended(path);
    raw(libc::SYS_truncate, [name.as_ptr().addr(), 0])?;
    Ok(format!("emptied {}", path.display()))
}

pub(crate) fn open_truncating(path: &Path) -> Act {
    OpenOptions::new().write(true).truncate(true).open(path)?;
    Ok(format!("emptied {}", path.display()))
}

pub(crate) fn chmod(path: &Path) -> Act {
    fs::set_permissions(path, fs::Permissions::from_mode(0o777))?;
    Ok(format!("changed the mode of {}", path.display()))
}

pub(crate) fn touch(path: &Path) -> Act {
    let name = zero_ended(path);
    raw(libc::SYS_utimensat, [word(libc::AT_FDCWD), name.as_ptr().addr(), 0, 0])?;
    Ok(format!("changed the times of {}", path.display()))
}

pub(crate) fn unlink(path: &Path) -> Act {
    fs::remove_file(path)?;
    Ok(format!("removed {}", path.display()))
}

/// A device file of one's own is as good as the real one.
pub(crate) fn make_device(scene: &Scene) -> Act {
    let name = zero_ended(&scene.workspace.join("mem"));
    let memory = usize::try_from(libc::makedev(1, 1)).unwrap_or(0);
    raw(libc::SYS_mknodat, [word(libc::AT_FDCWD), name.as_ptr().addr(), 0o20_600, memory])?;
    Ok("made a device file".to_owned())
}

/// A handle needs no path, so nothing that hides or refuses paths stands in its way.
pub(crate) fn open_by_handle(scene: &Scene) -> Act {
    let Some(handle) = &scene.handle else {
        return Err(Stop::Missing("file handles on this file system".to_owned()));
    };
    let folder = File::open(&scene.workspace)?;
    let folder = word(std::os::fd::AsRawFd::as_raw_fd(&folder));
    raw(libc::SYS_open_by_handle_at, [folder, handle.as_ptr().addr(), 0])?;
    Ok("opened a file outside by its handle".to_owned())
}

/// Runs a program that the sandbox was not shown.
pub(crate) fn execute(path: &Path) -> Act {
    let status = Command::new(path).status()?;
    Ok(format!("ran {}: {status}", path.display()))
}

pub(crate) fn chroot(scene: &Scene) -> Act {
    let name = zero_ended(&scene.workspace);
    reaches(libc::SYS_chroot, [name.as_ptr().addr()])
}

/// A path as the kernel takes it.
pub(crate) fn zero_ended(path: &Path) -> Vec<u8> {
    let mut bytes = path.as_os_str().as_encoded_bytes().to_vec();
    bytes.push(0);
    bytes
}
