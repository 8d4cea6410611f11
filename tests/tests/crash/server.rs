//! Restarts of PostgreSQL itself: a server of the test's own, stopped without warning and started again.

use std::path::{Path, PathBuf};
use std::process::Command;

use jct_tests::free_port;
use tempfile::TempDir;

/// A server in a temporary folder; gone when it is dropped.
pub(crate) struct Server {
    programs: PathBuf,
    folder: TempDir,
    port: u16,
}

impl Server {
    /// Starts one; `None`, with the reason printed, where PostgreSQL's programs are not installed.
    pub(crate) fn start() -> Option<Self> {
        let Some(programs) = programs() else {
            println!("skipped: the programs of a PostgreSQL server are not installed");
            return None;
        };
        let server = Self { programs, folder: tempfile::tempdir().unwrap(), port: free_port() };
        if is_root() {
            run(Command::new("chown").arg("postgres").arg(server.folder.path()));
        }
        let data = server.data();
        run(server
            .program("initdb")
            .args(["-U", "postgres", "-A", "trust", "-E", "UTF8", "--no-locale", "-D"])
            .arg(&data));
        server.up();
        Some(server)
    }

    pub(crate) fn address(&self) -> String {
        format!("postgresql://postgres@127.0.0.1:{}/postgres", self.port)
    }

    /// Without a word to anybody: what was not on disk is gone.
    pub(crate) fn down(&self) {
        run(self.program("pg_ctl").args(["-m", "immediate", "-w", "stop", "-D"]).arg(self.data()));
    }

    pub(crate) fn up(&self) {
        let options = format!("-c listen_addresses=127.0.0.1 -c port={} -c unix_socket_directories=", self.port);
        let mut start = self.program("pg_ctl");
        start.args(["-w", "-t", "60", "-o", &options, "-l"]).arg(self.folder.path().join("log"));
        run(start.arg("-D").arg(self.data()).arg("start"));
    }

    fn data(&self) -> PathBuf {
        self.folder.path().join("data")
    }

    /// A program of the server, which refuses to run as root.
    fn program(&self, name: &str) -> Command {
        let path = self.programs.join(name);
        let mut command = if is_root() {
            let mut command = Command::new("runuser");
            command.args(["-u", "postgres", "--"]).arg(path);
            command
        } else {
            Command::new(path)
        };
        command.current_dir(self.folder.path()).stdout(std::process::Stdio::null());
        command
    }
}

impl Drop for Server {
    fn drop(&mut self) {
        drop(self.program("pg_ctl").args(["-m", "immediate", "-w", "stop", "-D"]).arg(self.data()).status());
    }
}

#[track_caller]
fn run(command: &mut Command) {
    let status = command.status().unwrap_or_else(|error| panic!("{command:?}: {error}"));
    assert!(status.success(), "{command:?}: {status}");
}

fn is_root() -> bool {
    std::fs::metadata("/proc/self").is_ok_and(|own| std::os::unix::fs::MetadataExt::uid(&own) == 0)
}

/// The folder of the server's programs: on the path, or where Debian keeps it.
fn programs() -> Option<PathBuf> {
    let on_path =
        std::env::var_os("PATH").into_iter().flat_map(|path| std::env::split_paths(&path).collect::<Vec<_>>());
    let versions = std::fs::read_dir("/usr/lib/postgresql").into_iter().flatten().flatten();
    let mut packaged: Vec<PathBuf> = versions.map(|version| version.path().join("bin")).collect();
    packaged.sort_unstable();
    on_path.chain(packaged.into_iter().rev()).find(|folder: &PathBuf| Path::new(folder).join("initdb").exists())
}
