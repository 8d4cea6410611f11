//! Attempts to talk to anything outside.

use std::io::{Read as _, Write as _};
use std::net::{Ipv4Addr, Ipv6Addr, SocketAddr, TcpListener, TcpStream, UdpSocket};
use std::os::linux::net::SocketAddrExt as _;
use std::os::unix::net::{UnixDatagram, UnixListener, UnixStream};
use std::time::Duration;

use super::Act;
use super::syscall::{raw, word};
use crate::scene::Scene;
use nix::libc;

/// The servers of the scene answer at once; nobody waits for longer.
const PATIENCE: Duration = Duration::from_secs(2);
/// The word each server answers with.
pub(crate) const GREETING: &[u8] = b"host\n";

pub(crate) fn tcp(address: SocketAddr) -> Act {
    greeted(TcpStream::connect_timeout(&address, PATIENCE)?)
}

pub(crate) fn tcp4(scene: &Scene) -> Act {
    tcp((Ipv4Addr::LOCALHOST, scene.tcp).into())
}

pub(crate) fn tcp6(scene: &Scene) -> Act {
    match scene.tcp6 {
        Some(port) => tcp((Ipv6Addr::LOCALHOST, port).into()),
        None => Err(super::Stop::Missing("IPv6 on this machine".to_owned())),
    }
}

fn greeted(mut stream: impl std::io::Read) -> Act {
    let mut answer = [0_u8; GREETING.len()];
    stream.read_exact(&mut answer)?;
    Ok("the host's server answered".to_owned())
}

/// Sending says nothing: only an answer shows that a datagram arrived.
pub(crate) fn udp(scene: &Scene) -> Act {
    let socket = UdpSocket::bind((Ipv4Addr::LOCALHOST, 0))?;
    socket.set_read_timeout(Some(PATIENCE))?;
    socket.connect((Ipv4Addr::LOCALHOST, scene.udp))?;
    socket.send(b"hello")?;
    socket.recv(&mut [0_u8; 16])?;
    Ok("the host's server answered".to_owned())
}

pub(crate) fn unix_stream(scene: &Scene) -> Act {
    greeted(UnixStream::connect(&scene.socket)?)
}

/// No connection, one message: the calls are others than those of a stream.
pub(crate) fn unix_datagram(scene: &Scene) -> Act {
    UnixDatagram::unbound()?.send_to(b"hello", &scene.datagram)?;
    Ok("the host's server took a datagram".to_owned())
}

pub(crate) fn unix_abstract(scene: &Scene) -> Act {
    let address = std::os::unix::net::SocketAddr::from_abstract_name(&scene.abstract_name)?;
    greeted(UnixStream::connect_addr(&address)?)
}

pub(crate) fn unix_listen(scene: &Scene) -> Act {
    UnixListener::bind(scene.workspace.join("own.sock"))?;
    Ok("listened in the workspace".to_owned())
}

/// Listens, and talks to itself.
pub(crate) fn listen(_: &Scene) -> Act {
    let listener = TcpListener::bind((Ipv4Addr::LOCALHOST, 0))?;
    let mut client = TcpStream::connect(listener.local_addr()?)?;
    client.write_all(b"x")?;
    let (mut server, _) = listener.accept()?;
    server.read_exact(&mut [0_u8; 1])?;
    Ok("talked to itself over TCP".to_owned())
}

pub(crate) fn socket(family: i32, kind: i32, protocol: i32) -> Act {
    raw(libc::SYS_socket, [word(family), word(kind), word(protocol)])?;
    Ok("a socket was given".to_owned())
}

pub(crate) fn pair(_: &Scene) -> Act {
    let (mut one, mut other) = UnixStream::pair()?;
    one.write_all(b"x")?;
    other.read_exact(&mut [0_u8; 1])?;
    Ok("a pair of sockets talks".to_owned())
}

/// Talks to the worker's proxy, by the one way there is.
pub(crate) fn broker(_: &Scene) -> Act {
    let url = std::env::var("JCT_ESCAPE_BROKER").unwrap_or_default();
    match url.strip_prefix("http://").map(str::parse) {
        Some(Ok(address)) => tcp(address),
        _ => Err(super::Stop::Missing("a broker".to_owned())),
    }
}
