//! A file system of the run's own: an empty one, and in it only what the profile names.
//!
//! It is built under a root of its own, with the machine's root at [`OLD`] until everything is in place. Sources are
//! real paths without links, so that no link of the machine's is followed in here; everything is read-only but the
//! writable roots and two small folders in memory.

use std::fs::{self, File};
use std::io;
use std::os::unix::ffi::OsStringExt;
use std::os::unix::fs::symlink;
use std::path::{Path, PathBuf};

use nix::sched::{CloneFlags, unshare};
use rustix::mount::{
    MountFlags, MountPropagationFlags, UnmountFlags, mount, mount_bind_recursive, mount_change, mount_remount, unmount,
};
use rustix::process::pivot_root;

use super::super::limits::Limits;
use super::super::step::SandboxStep;
use super::super::wire::Profile;
use super::failure::{At, Failure};
use super::relay::BROKER_SOCKET;
use super::skeleton;

/// Where the machine's own root is while the new one is made.
const OLD: &str = "/.machine";
/// A folder that every machine has, to make the new root on.
const BASE: &str = "/tmp";
/// The largest folder in memory, in bytes.
const MOST_MEMORY_FOLDER: u64 = 1024 * 1024 * 1024;
/// Larger files of the configuration are not shown.
const MOST_CONFIGURATION: u64 = 4 * 1024 * 1024;

/// Folders that live in memory and are writable.
pub(super) const IN_MEMORY: [&str; 2] = ["/tmp", "/dev/shm"];

/// Makes the file system and goes there. Needs a user namespace; makes the mount namespace.
pub(super) fn build(profile: &Profile) -> Result<(), Failure> {
    unshare(CloneFlags::CLONE_NEWNS).at(SandboxStep::Namespaces, "make a mount namespace")?;
    mount_change("/", MountPropagationFlags::PRIVATE | MountPropagationFlags::REC)
        .at(SandboxStep::Mounts, "cut the mounts off from the machine's")?;
    enter_empty_root().at(SandboxStep::Mounts, "make an empty root")?;
    fill(profile)?;
    make_read_only(profile)?;
    unmount(OLD, UnmountFlags::DETACH).at(SandboxStep::Mounts, "let go of the machine's root")?;
    fs::remove_dir(OLD).at(SandboxStep::Mounts, "remove the place of the machine's root")?;
    let quiet = MountFlags::BIND | MountFlags::NOSUID | MountFlags::NODEV | MountFlags::RDONLY;
    mount_remount("/", quiet, "").at(SandboxStep::Mounts, "make the root read-only")
}

fn enter_empty_root() -> io::Result<()> {
    mount("tmpfs", BASE, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(c"mode=0755,size=64m"))?;
    fs::create_dir(format!("{BASE}{OLD}"))?;
    pivot_root(BASE, format!("{BASE}{OLD}"))?;
    std::env::set_current_dir("/")
}

fn fill(profile: &Profile) -> Result<(), Failure> {
    devices(&profile.limits).at(SandboxStep::Mounts, "make the devices")?;
    let quiet = MountFlags::NOSUID | MountFlags::NODEV | MountFlags::NOEXEC | MountFlags::RDONLY;
    fs::create_dir("/proc")
        .and_then(|()| Ok(mount("proc", "/proc", "proc", quiet, None)?))
        .at(SandboxStep::Mounts, "mount a process table of its own")?;
    memory_folder("/tmp", &profile.limits).at(SandboxStep::Mounts, "make `/tmp`")?;

    let mut roots: Vec<&Path> = profile.readable.iter().chain(&profile.writable).map(|text| text.as_path()).collect();
    // A folder comes before what is in it.
    roots.sort();
    for root in roots {
        show(root).at(SandboxStep::Mounts, &format!("show `{}`", root.display()))?;
    }
    configuration(profile).at(SandboxStep::Mounts, "make `/etc`")?;
    for (link, target) in &profile.links {
        put_link(link.as_path(), target.as_path())
            .at(SandboxStep::Mounts, &format!("make the link `{}`", link.as_path().display()))?;
    }
    if let Some(socket) = &profile.broker_socket {
        show_as(socket.as_path(), Path::new(BROKER_SOCKET)).at(SandboxStep::Mounts, "show the broker's socket")?;
    }
    Ok(())
}

/// Shows a file or folder of the machine where it is there.
fn show(path: &Path) -> io::Result<()> {
    show_as(path, path)
}

fn show_as(path: &Path, target: &Path) -> io::Result<()> {
    let source = old(path);
    if fs::symlink_metadata(&source)?.is_dir() {
        fs::create_dir_all(target)?;
    } else {
        put_file(target)?;
    }
    Ok(mount_bind_recursive(source.as_os_str(), target.as_os_str())?)
}

fn put_file(target: &Path) -> io::Result<()> {
    if let Some(parent) = target.parent() {
        fs::create_dir_all(parent)?;
    }
    if !target.exists() {
        File::create_new(target)?;
    }
    Ok(())
}

/// Makes a link where the machine has one, unless what is shown has it already.
fn put_link(link: &Path, target: &Path) -> io::Result<()> {
    if fs::symlink_metadata(link).is_ok() {
        return Ok(());
    }
    if let Some(parent) = link.parent() {
        fs::create_dir_all(parent)?;
    }
    symlink(target, link)
}

fn old(path: &Path) -> PathBuf {
    Path::new(OLD).join(path.strip_prefix("/").unwrap_or(path))
}

fn devices(limits: &Limits) -> io::Result<()> {
    fs::create_dir("/dev")?;
    for name in skeleton::DEVICES {
        show(&Path::new("/dev").join(name))?;
    }
    skeleton::link_descriptors(Path::new("/dev"))?;
    memory_folder("/dev/shm", limits)
}

fn memory_folder(path: &str, limits: &Limits) -> io::Result<()> {
    let size = (limits.memory_bytes / 2).min(MOST_MEMORY_FOLDER);
    let options = std::ffi::CString::new(format!("mode=1777,size={size}"))?;
    fs::create_dir_all(path)?;
    Ok(mount("tmpfs", path, "tmpfs", MountFlags::NOSUID | MountFlags::NODEV, Some(options.as_c_str()))?)
}

/// Fills `/etc`, unless the profile shows the machine's.
fn configuration(profile: &Profile) -> io::Result<()> {
    let etc = Path::new("/etc");
    if profile.readable.iter().any(|root| root.as_path() == etc) {
        return Ok(());
    }
    fs::create_dir_all(etc)?;
    for name in skeleton::CONFIGURATION {
        let (source, target) = (old(&etc.join(name)), etc.join(name));
        match fs::symlink_metadata(&source) {
            Ok(found) if found.is_symlink() => put_link(&target, &fs::read_link(&source)?)?,
            Ok(found) if found.is_dir() => show(&etc.join(name))?,
            Ok(found) if found.len() <= MOST_CONFIGURATION => {
                put_file(&target)?;
                copy(&source, &target)?;
            }
            _ => {}
        }
    }
    let home = profile.environment.iter().find(|(name, _)| name.as_os_str() == "HOME");
    let home = home.and_then(|(_, value)| value.as_os_str().to_str()).unwrap_or("/");
    skeleton::write_made_up(etc, home)
}

/// Copies a small file; one that this user may not read is left out.
fn copy(source: &Path, target: &Path) -> io::Result<()> {
    match fs::read(source) {
        Ok(bytes) => fs::write(target, bytes),
        Err(error) if error.kind() == io::ErrorKind::PermissionDenied => Ok(()),
        Err(error) => Err(error),
    }
}

/// A mount as the kernel lists it.
#[derive(Debug, PartialEq)]
struct Mounted {
    place: PathBuf,
    flags: MountFlags,
}

/// Makes every mount read-only that came from the machine and is not for writing, those inside others too.
fn make_read_only(profile: &Profile) -> Result<(), Failure> {
    let list = fs::read(format!("{OLD}/proc/self/mountinfo")).at(SandboxStep::Mounts, "list the mounts")?;
    for Mounted { place, flags } in mounted(&list) {
        let ours = place == Path::new("/") || place == Path::new("/proc");
        if ours || place.starts_with(OLD) || IN_MEMORY.iter().any(|folder| place == Path::new(folder)) {
            continue;
        }
        let mut flags = flags | MountFlags::BIND | MountFlags::NOSUID;
        let is_device = place.parent() == Some(Path::new("/dev"));
        if !is_device {
            flags |= MountFlags::NODEV;
        }
        let is_writable = profile.writable.iter().any(|root| place.starts_with(root.as_path()));
        if !is_writable && !is_device && place != Path::new(BROKER_SOCKET) {
            flags |= MountFlags::RDONLY;
        }
        mount_remount(place.as_os_str(), flags, "")
            .at(SandboxStep::Mounts, &format!("make `{}` read-only", place.display()))?;
    }
    Ok(())
}

fn mounted(list: &[u8]) -> Vec<Mounted> {
    let lines = list.split(|&byte| byte == b'\n');
    let parse = |line: &[u8]| {
        let mut fields = line.split(|&byte| byte == b' ').skip(4);
        let (place, options) = (fields.next()?, fields.next()?);
        Some(Mounted { place: unescaped(place), flags: flags(options) })
    };
    lines.filter_map(parse).collect()
}

/// The flags that a mount has already: those may be locked, and then must be said again.
fn flags(options: &[u8]) -> MountFlags {
    let flag = |option: &[u8]| match option {
        b"ro" => MountFlags::RDONLY,
        b"nosuid" => MountFlags::NOSUID,
        b"nodev" => MountFlags::NODEV,
        b"noexec" => MountFlags::NOEXEC,
        b"noatime" => MountFlags::NOATIME,
        b"nodiratime" => MountFlags::NODIRATIME,
        b"relatime" => MountFlags::RELATIME,
        _ => MountFlags::empty(),
    };
    options.split(|&byte| byte == b',').map(flag).fold(MountFlags::empty(), |all, one| all | one)
}

/// A path with its escapes (`\040` for a space) undone.
fn unescaped(text: &[u8]) -> PathBuf {
    let mut bytes = Vec::with_capacity(text.len());
    let mut rest = text;
    while let Some((&first, after)) = rest.split_first() {
        let code = after.get(..3).filter(|_| first == b'\\');
        let byte = code.and_then(|digits| u8::from_str_radix(std::str::from_utf8(digits).ok()?, 8).ok());
        bytes.push(byte.unwrap_or(first));
        rest = if byte.is_some() { &after[3..] } else { after };
    }
    PathBuf::from(std::ffi::OsString::from_vec(bytes))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_kernels_list_is_read() {
        let list = b"36 35 98:0 / /a\\040b\\134 rw,nosuid,relatime master:1 - ext4 /dev/x rw\nnonsense\n";
        let expect = Mounted { place: "/a b\\".into(), flags: MountFlags::NOSUID | MountFlags::RELATIME };
        assert_eq!(mounted(list), [expect]);
    }

    #[test]
    fn what_is_no_escape_stays() {
        assert_eq!(unescaped(b"\\9\\04"), Path::new("\\9\\04"));
        assert_eq!(unescaped(b""), Path::new(""));
    }
}
