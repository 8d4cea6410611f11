//! The way out of a network with no way out: listens on a port inside and hands every connection on to the worker's
//! proxy, byte for byte. What may pass is the proxy's to decide.

use std::io::{self, BufRead, BufReader, Write};
use std::net::{Ipv4Addr, Shutdown, TcpListener, TcpStream};
use std::os::unix::net::UnixStream;
use std::os::unix::process::CommandExt;
use std::process::{Command, Stdio};
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::thread;

use nix::sys::signal::SigSet;
use rustix::process::{DumpableBehavior, Signal, set_dumpable_behavior, set_parent_process_death_signal};

use super::super::report::Network;
use super::super::step::SandboxStep;
use super::failure::{At, Failure};
use super::landlock::{Files, restrict};
use super::seccomp::{self, Surroundings};
use super::{RELAY, SELF, ended, privileges};

/// Where the proxy's socket is inside.
pub(super) const BROKER_SOCKET: &str = "/run/jct/broker.sock";
/// Connections at once; more have to wait.
const MOST_CONNECTIONS: usize = 64;

/// Starts a relay and says which port it listens on. Comes before the privileges are given up.
pub(super) fn start(landlock_abi: u32) -> Result<u16, Failure> {
    let start = || -> io::Result<u16> {
        let mut relay = Command::new(SELF)
            .arg0(RELAY)
            .arg(landlock_abi.to_string())
            .env_clear()
            .stdin(Stdio::null())
            .stdout(Stdio::piped())
            .stderr(Stdio::null())
            .spawn()?;
        let output = relay.stdout.take().ok_or(io::ErrorKind::BrokenPipe)?;
        let mut line = String::new();
        BufReader::new(output).read_line(&mut line)?;
        line.trim().parse().map_err(|_| io::Error::other("it did not start"))
    };
    start().at(SandboxStep::Network, "start the relay to the broker")
}

/// The whole life of a relay.
pub(super) fn main() -> u8 {
    let abi = std::env::args().nth(1).and_then(|text| text.parse().ok()).unwrap_or_default();
    ended(listen(abi).map(|listener| serve(&listener)))
}

fn listen(landlock_abi: u32) -> Result<TcpListener, Failure> {
    set_parent_process_death_signal(Some(Signal::KILL)).at(SandboxStep::Network, "end with the inside")?;
    // A program that is told to end may still want to say goodbye.
    SigSet::all().thread_block().at(SandboxStep::Network, "block signals")?;
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0)).at(SandboxStep::Network, "listen")?;
    let port = listener.local_addr().at(SandboxStep::Network, "listen")?.port();
    privileges::drop_all()?;
    restrict(landlock_abi, Network::Broker, &Files { read: &[], write: &[BROKER_SOCKET.into()] })?;
    let network = Network::Broker;
    seccomp::filter(Surroundings { network, landlock_abi: Some(landlock_abi), own_ipc: true })?;
    privileges::verify()?;
    set_dumpable_behavior(DumpableBehavior::NotDumpable).at(SandboxStep::Privileges, "hide the relay")?;
    writeln!(io::stdout(), "{port}").at(SandboxStep::Network, "say the port")?;
    Ok(listener)
}

fn serve(listener: &TcpListener) {
    let open = Arc::new(AtomicUsize::new(0));
    for connection in listener.incoming().flatten() {
        if open.load(Ordering::Acquire) >= MOST_CONNECTIONS {
            continue;
        }
        open.fetch_add(1, Ordering::AcqRel);
        let still_open = Arc::clone(&open);
        thread::spawn(move || {
            // The program sees a closed connection, the proxy knows why.
            let _closed = hand_on(&connection);
            still_open.fetch_sub(1, Ordering::AcqRel);
        });
    }
}

/// Copies both ways until both sides have said all they had.
fn hand_on(inside: &TcpStream) -> io::Result<()> {
    let outside = UnixStream::connect(BROKER_SOCKET)?;
    let (mut from_inside, mut to_outside) = (inside.try_clone()?, outside.try_clone()?);
    let up = thread::spawn(move || {
        let _ended = io::copy(&mut from_inside, &mut to_outside);
        let _closed = to_outside.shutdown(Shutdown::Write);
    });
    let (mut from_outside, mut to_inside) = (&outside, inside);
    let _ended = io::copy(&mut from_outside, &mut to_inside);
    let _closed = inside.shutdown(Shutdown::Write);
    let _joined = up.join();
    Ok(())
}
