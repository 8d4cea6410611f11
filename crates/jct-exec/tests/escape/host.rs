//! The host that is attacked: real servers, real shared memory, a real secret in the worker's memory.

use std::fs::{self, File};
use std::io::{self, Write};
use std::net::{Ipv4Addr, Ipv6Addr, TcpListener, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{SocketAddr, UnixDatagram, UnixListener};
use std::path::{Path, PathBuf};
use std::thread;

use crate::attempts::files::zero_ended;
use crate::attempts::sockets::GREETING;
use crate::attempts::syscall::{at, raw, word};
use crate::scene::{SECRET, Scene};
use crate::tools::Programs;
use nix::libc;

/// Answers for as long as the worker lives.
pub(crate) struct Host {
    pub(crate) scene: Scene,
    /// What the attacks on memory aim at; never moved.
    _secret: Box<[u8]>,
    _scratch: Box<[u8; 64]>,
}

impl Host {
    /// Builds everything below a folder that the current user owns.
    pub(crate) fn build(programs: &Programs) -> io::Result<Self> {
        let Programs { base, attempts, .. } = programs;
        let secret: Box<[u8]> = SECRET.as_bytes().into();
        let scratch = Box::new([0_u8; 64]);
        let unique = format!("jct-escape-{}", std::process::id());
        let scene = Scene {
            workspace: base.join("workspace"),
            readable: base.join("readable"),
            outside: base.join("outside"),
            home: base.join("home"),
            worker: i32::try_from(std::process::id()).map_err(io::Error::other)?,
            address: secret.as_ptr().addr(),
            scratch: scratch.as_ptr().addr(),
            tcp: serve_tcp(TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?)?,
            tcp6: TcpListener::bind((Ipv6Addr::LOCALHOST, 0)).and_then(serve_tcp).ok(),
            udp: serve_udp()?,
            socket: base.join("outside/server.sock"),
            datagram: base.join("outside/datagram.sock"),
            abstract_name: unique.clone(),
            segment: segment(),
            queue: queue(&unique),
            handle: None,
            disk: disk(),
            group: group(),
            setuid: Some(attempts.with_file_name("setuid")).filter(|program| program.exists()),
        };
        scene.reset()?;
        serve_unix(UnixListener::bind(&scene.socket)?);
        serve_unix(UnixListener::bind_addr(&SocketAddr::from_abstract_name(&unique)?)?);
        take_datagrams(UnixDatagram::bind(&scene.datagram)?);
        let handle = handle(&scene.outside.join("open.txt"));
        Ok(Self { scene: Scene { handle, ..scene }, _secret: secret, _scratch: scratch })
    }
}

impl Drop for Host {
    fn drop(&mut self) {
        if let Some(queue) = &self.scene.queue {
            let name = zero_ended(queue.as_ref());
            let _ = raw(libc::SYS_mq_unlink, [name.as_ptr().addr()]);
        }
    }
}

fn serve_tcp(listener: TcpListener) -> io::Result<u16> {
    let port = listener.local_addr()?.port();
    thread::spawn(move || listener.incoming().flatten().for_each(greet));
    Ok(port)
}

pub(crate) fn serve_unix(listener: UnixListener) {
    thread::spawn(move || listener.incoming().flatten().for_each(greet));
}

fn greet(mut stream: impl Write) {
    let _ = stream.write_all(GREETING);
}

fn serve_udp() -> io::Result<u16> {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    let port = socket.local_addr()?.port();
    thread::spawn(move || {
        while let Ok((_, from)) = socket.recv_from(&mut [0_u8; 64]) {
            let _ = socket.send_to(GREETING, from);
        }
    });
    Ok(port)
}

fn take_datagrams(socket: UnixDatagram) {
    thread::spawn(move || while socket.recv(&mut [0_u8; 64]).is_ok() {});
}

/// A segment of this process. It is marked for removal at once and stays for as long as it is attached.
fn segment() -> Option<i32> {
    let (private, owner_only, remove) = (0, 0o1600, 0);
    let id = raw(libc::SYS_shmget, [private, 4096, owner_only]).ok()?;
    let attached = raw(libc::SYS_shmat, [id, 0, 0]);
    let _ = raw(libc::SYS_shmctl, [id, remove, 0]);
    attached.ok().and_then(|_| i32::try_from(id).ok())
}

fn queue(name: &str) -> Option<String> {
    let path = zero_ended(name.as_ref());
    let flags = word(libc::O_RDWR | libc::O_CREAT | libc::O_CLOEXEC);
    raw(libc::SYS_mq_open, [path.as_ptr().addr(), flags, 0o600, 0]).ok().map(|_| name.to_owned())
}

fn handle(path: &Path) -> Option<Vec<u8>> {
    const ROOM: u32 = 128;
    let name = zero_ended(path);
    let mut handle = vec![0_u8; 8 + ROOM as usize];
    handle[..4].copy_from_slice(&ROOM.to_ne_bytes());
    let mount = 0_u64;
    let here = word(libc::AT_FDCWD);
    raw(libc::SYS_name_to_handle_at, [here, name.as_ptr().addr(), handle.as_mut_ptr().addr(), at(&mount), 0]).ok()?;
    Some(handle)
}

/// A whole disk; for root, one that the host lets it read.
fn disk() -> Option<PathBuf> {
    let names = fs::read_dir("/sys/block").ok()?.flatten().map(|entry| entry.file_name());
    let virtual_ones = ["loop", "ram", "zram"];
    let mut disks = names
        .filter(|name| !virtual_ones.iter().any(|prefix| name.to_string_lossy().starts_with(prefix)))
        .map(|name| Path::new("/dev").join(name));
    disks.find(|disk| disk.exists() && (File::open(disk).is_ok() || !crate::tools::is_root()))
}

fn group() -> Option<PathBuf> {
    let candidates = ["cgroup.procs", "memory/cgroup.procs", "unified/cgroup.procs"];
    candidates.iter().map(|name| Path::new("/sys/fs/cgroup").join(name)).find(|path| path.exists())
}

/// Opens a file of the worker so that whatever it starts inherits the descriptor.
pub(crate) fn leak_descriptor(path: &Path) -> io::Result<()> {
    let file = File::open(path)?;
    let (duplicate, least) = (word(libc::F_DUPFD), 57);
    raw(libc::SYS_fcntl, [word(std::os::fd::AsRawFd::as_raw_fd(&file)), duplicate, least])?;
    Ok(())
}
