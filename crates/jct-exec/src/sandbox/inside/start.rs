//! How each part begins: nothing inherited but its socket, and the profile read from it.

use std::fs;
use std::io::{self, BufRead, BufReader, Read};
use std::os::fd::{AsFd, OwnedFd, RawFd};
use std::os::unix::net::UnixStream;

use super::super::step::SandboxStep;
use super::super::wire::Profile;
use super::failure::{At, Failure};

/// A longer profile is refused.
const MOST_PROFILE_BYTES: u64 = 64 * 1024 * 1024;

/// Closes every descriptor but the standard ones, takes the socket that stands in for standard input, and puts
/// nothing in its place.
pub(super) fn socket() -> Result<UnixStream, Failure> {
    close_inherited().at(SandboxStep::Profile, "close inherited descriptors")?;
    let take = || -> io::Result<OwnedFd> {
        let socket = io::stdin().as_fd().try_clone_to_owned()?;
        rustix::stdio::dup2_stdin(null()?)?;
        Ok(socket)
    };
    take().map(UnixStream::from).at(SandboxStep::Profile, "take the socket")
}

/// The null device.
pub(super) fn null() -> io::Result<fs::File> {
    fs::File::options().read(true).write(true).open("/dev/null")
}

fn close_inherited() -> io::Result<()> {
    let mut inherited = Vec::new();
    for entry in fs::read_dir("/proc/self/fd")? {
        let number: Option<RawFd> = entry?.file_name().to_str().and_then(|name| name.parse().ok());
        inherited.extend(number.filter(|&number| number > 2));
    }
    for number in inherited {
        // The one that listed them is closed already.
        let _closed = nix::unistd::close(number);
    }
    Ok(())
}

/// What a part was told, and the bytes it was told it with.
pub(super) struct Told {
    pub(super) profile: Profile,
    pub(super) line: Vec<u8>,
    pub(super) input: Vec<u8>,
    /// What was read beyond it.
    pub(super) rest: Vec<u8>,
}

/// Reads the profile and the program's input.
pub(super) fn told(socket: &UnixStream) -> Result<Told, Failure> {
    let read = || -> io::Result<Told> {
        let mut reader = BufReader::new(socket);
        let mut line = Vec::new();
        (&mut reader).take(MOST_PROFILE_BYTES).read_until(b'\n', &mut line)?;
        if line.is_empty() {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let profile: Profile = serde_json::from_slice(&line)?;
        let mut input = vec![0; profile.input_bytes];
        reader.read_exact(&mut input)?;
        let rest = reader.buffer().to_vec();
        Ok(Told { profile, line, input, rest })
    };
    read().at(SandboxStep::Profile, "read the profile")
}
