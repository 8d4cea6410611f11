//! The one interface of an empty network namespace, brought up.

use std::io;

use rustix::net::{AddressFamily, RecvFlags, SendFlags, SocketFlags, SocketType, recv, send, socket_with};

use super::super::step::SandboxStep;
use super::failure::{At, Failure};

const RTM_NEWLINK: u16 = 16;
const NLMSG_ERROR: u16 = 2;
/// Wants an answer.
const REQUEST_AND_ACKNOWLEDGE: u16 = 1 | 4;
/// The loopback interface is the first of every namespace.
const LOOPBACK: i32 = 1;
const UP: u32 = 1;

/// Brings the loopback interface up, and with it 127.0.0.1 and ::1.
pub(super) fn bring_loopback_up() -> Result<(), Failure> {
    try_bring_up().at(SandboxStep::Network, "bring the loopback interface up")
}

fn try_bring_up() -> io::Result<()> {
    let socket = socket_with(AddressFamily::NETLINK, SocketType::RAW, SocketFlags::CLOEXEC, None)?;
    send(&socket, &request(), SendFlags::empty())?;
    let mut answer = [0; 512];
    let (length, _) = recv(&socket, &mut answer, RecvFlags::empty())?;
    match outcome(&answer[..length.min(answer.len())]) {
        Some(0) => Ok(()),
        Some(error) => Err(io::Error::from_raw_os_error(error.saturating_neg())),
        None => Err(io::ErrorKind::InvalidData.into()),
    }
}

/// A message that sets the interface's flag: a header of 16 bytes, then 16 about the interface.
fn request() -> Vec<u8> {
    let mut bytes = Vec::with_capacity(32);
    bytes.extend(32_u32.to_ne_bytes());
    bytes.extend(RTM_NEWLINK.to_ne_bytes());
    bytes.extend(REQUEST_AND_ACKNOWLEDGE.to_ne_bytes());
    // Sequence number and sender.
    bytes.extend(1_u32.to_ne_bytes());
    bytes.extend(0_u32.to_ne_bytes());
    // Family, padding and type of the interface: any.
    bytes.extend([0; 4]);
    bytes.extend(LOOPBACK.to_ne_bytes());
    bytes.extend(UP.to_ne_bytes());
    bytes.extend(UP.to_ne_bytes());
    bytes
}

/// The error of an acknowledgement: 0 is success.
fn outcome(answer: &[u8]) -> Option<i32> {
    let kind = u16::from_ne_bytes(answer.get(4..6)?.try_into().ok()?);
    let error = i32::from_ne_bytes(answer.get(16..20)?.try_into().ok()?);
    (kind == NLMSG_ERROR).then_some(error)
}
