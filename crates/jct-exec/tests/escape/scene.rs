//! Where an attempt happens: what is allowed, what is outside, and who is attacked.

use std::fs;
use std::io;
use std::os::unix::fs::{PermissionsExt as _, symlink};
use std::path::{Path, PathBuf};

use serde::{Deserialize, Serialize};

/// Stands for every secret of the worker: in its environment, its memory, its files.
pub(crate) const SECRET: &str = "jct-escape-secret-7f3a";

/// Everything an attempt is told.
#[derive(Clone, Debug, Serialize, Deserialize)]
pub(crate) struct Scene {
    /// May be written.
    pub(crate) workspace: PathBuf,
    /// May be read.
    pub(crate) readable: PathBuf,
    /// Open to everybody on the host, and none of the sandbox's business.
    pub(crate) outside: PathBuf,
    /// A home folder with a key in it.
    pub(crate) home: PathBuf,
    /// The process id of the worker.
    pub(crate) worker: i32,
    /// Where the secret lies in the worker's memory.
    pub(crate) address: usize,
    /// Memory of the worker that may be overwritten.
    pub(crate) scratch: usize,
    pub(crate) tcp: u16,
    pub(crate) tcp6: Option<u16>,
    pub(crate) udp: u16,
    pub(crate) socket: PathBuf,
    pub(crate) datagram: PathBuf,
    pub(crate) abstract_name: String,
    /// A shared memory segment of the worker.
    pub(crate) segment: Option<i32>,
    /// A message queue of the worker.
    pub(crate) queue: Option<String>,
    /// The handle of a file outside.
    pub(crate) handle: Option<Vec<u8>>,
    pub(crate) disk: Option<PathBuf>,
    /// A file that moves a process into the root control group.
    pub(crate) group: Option<PathBuf>,
    /// A program that runs as root for everybody.
    pub(crate) setuid: Option<PathBuf>,
}

impl Scene {
    /// Everything as it was before the last attempt.
    pub(crate) fn reset(&self) -> io::Result<()> {
        for folder in [&self.workspace, &self.readable, &self.home] {
            let _ = fs::remove_dir_all(folder);
            fs::create_dir_all(folder)?;
        }
        fs::create_dir_all(&self.outside)?;
        fs::set_permissions(&self.outside, fs::Permissions::from_mode(0o777))?;
        let _ = fs::remove_file(self.outside.join("new.txt"));
        let _ = fs::remove_file(self.outside.join("moved.txt"));
        fs::write(self.readable.join("data.txt"), "to be read\n")?;
        fs::write(self.outside.join("open.txt"), "open to everybody\n")?;
        fs::set_permissions(self.outside.join("open.txt"), fs::Permissions::from_mode(0o666))?;
        program(&self.outside.join("tool"))?;
        program(&self.workspace.join("tool"))?;
        fs::create_dir(self.home.join(".ssh"))?;
        fs::write(self.home.join(".ssh/id_ed25519"), SECRET)?;
        fs::write(self.workspace.join("own.txt"), "own\n")?;
        symlink("/etc", self.workspace.join("planted-etc"))?;
        symlink(&self.outside, self.workspace.join("planted"))?;
        symlink(self.home.join(".ssh/id_ed25519"), self.workspace.join("planted-key"))
    }
}

impl Scene {
    /// Whether everything outside the workspace is as [`reset`](Self::reset) left it.
    pub(crate) fn is_untouched(&self) -> bool {
        let same = |path: PathBuf, content: &str| fs::read_to_string(path).is_ok_and(|now| now == content);
        same(self.outside.join("open.txt"), "open to everybody\n")
            && same(self.readable.join("data.txt"), "to be read\n")
            && same(self.home.join(".ssh/id_ed25519"), SECRET)
            && !self.outside.join("new.txt").exists()
            && !self.outside.join("moved.txt").exists()
            && !self.readable.join("new.txt").exists()
    }
}

fn program(path: &Path) -> io::Result<()> {
    fs::write(path, "#!/bin/true\n")?;
    fs::set_permissions(path, fs::Permissions::from_mode(0o755))
}
