//! What must still be possible: a sandbox in which nothing works holds every escape.

use std::fs;
use std::os::unix::fs::PermissionsExt as _;
use std::process::Command;
use std::thread;

use super::{Act, Stop, files};
use crate::scene::Scene;

pub(crate) fn write_workspace(scene: &Scene) -> Act {
    let folder = scene.workspace.join("a/b");
    fs::create_dir_all(&folder)?;
    fs::write(folder.join("c"), "x")?;
    fs::rename(folder.join("c"), scene.workspace.join("d"))?;
    fs::hard_link(scene.workspace.join("d"), scene.workspace.join("e"))?;
    fs::set_permissions(scene.workspace.join("d"), fs::Permissions::from_mode(0o700))?;
    fs::remove_dir_all(scene.workspace.join("a"))?;
    Ok("worked with files".to_owned())
}

pub(crate) fn read_given(scene: &Scene) -> Act {
    files::read(&scene.readable.join("data.txt"))
}

pub(crate) fn use_temporary_folder(_: &Scene) -> Act {
    let path = std::env::temp_dir().join("jct-escape-temporary");
    fs::write(&path, "x")?;
    fs::remove_file(&path)?;
    Ok(format!("used {}", path.display()))
}

pub(crate) fn run_programs(scene: &Scene) -> Act {
    let script = scene.workspace.join("script");
    fs::write(&script, "#!/bin/sh\nseq 3 | sort -r | head -n 1\n")?;
    fs::set_permissions(&script, fs::Permissions::from_mode(0o700))?;
    let output = Command::new(&script).output()?;
    match output.stdout.as_slice() {
        b"3\n" => Ok("a pipeline ran".to_owned()),
        _ => Err(Stop::Broken(format!("{output:?}"))),
    }
}

pub(crate) fn start_threads(_: &Scene) -> Act {
    let threads: Vec<_> = (0..8).map(|_| thread::Builder::new().spawn(|| 1_u32)).collect::<Result<_, _>>()?;
    let sum: u32 = threads.into_iter().filter_map(|thread| thread.join().ok()).sum();
    if sum == 8 { Ok("eight threads ran".to_owned()) } else { Err(Stop::Broken(format!("{sum} of 8 threads"))) }
}

pub(crate) fn use_devices(_: &Scene) -> Act {
    fs::write("/dev/null", "x")?;
    files::read("/dev/urandom".as_ref())?;
    files::read("/dev/zero".as_ref())
}

pub(crate) fn see_itself(_: &Scene) -> Act {
    let status = fs::read_to_string("/proc/self/status")?;
    Ok(format!("{} lines about itself", status.lines().count()))
}

/// The seccomp filter is per thread; a new one must not be free of it.
pub(crate) fn filtered_in_threads(scene: &Scene) -> Act {
    let scene = scene.clone();
    thread::spawn(move || super::sockets::tcp4(&scene)).join().unwrap_or(Err(Stop::Broken("panic".to_owned())))
}

/// Confinement passes on to what is started.
pub(crate) fn refused_to_children(scene: &Scene) -> Act {
    let target = scene.outside.join("open.txt");
    let output = Command::new("/bin/sh").args(["-c", "echo breach > \"$1\"", "sh"]).arg(&target).output()?;
    if output.status.success() {
        return Ok("a child wrote outside".to_owned());
    }
    let said = String::from_utf8_lossy(&output.stderr).to_lowercase();
    let errno = if said.contains("denied") { nix::errno::Errno::EACCES } else { nix::errno::Errno::ENOENT };
    Err(Stop::Refused(errno))
}
