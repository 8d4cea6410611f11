//! Files named on the command line, read whole and never further than they may be long.

use std::fs::File;
use std::io::{self, Read, Write};
use std::path::Path;

use jct_contract::Sha256Digest;
use sha2::{Digest as _, Sha256};

use crate::exit::Exit;
use crate::failure::Failure;

/// The bytes of a file, or of standard input for `-`.
pub(super) fn read(path: &Path, most_bytes: u64) -> Result<Vec<u8>, Failure> {
    let mut bytes = Vec::new();
    let limit = most_bytes + 1;
    let read = if path == Path::new("-") {
        io::stdin().lock().take(limit).read_to_end(&mut bytes)
    } else {
        File::open(path).and_then(|file| file.take(limit).read_to_end(&mut bytes))
    };
    read.map_err(|error| Failure::caused(Exit::Local, format!("`{}` cannot be read", path.display()), &error))?;
    if u64::try_from(bytes.len()).unwrap_or(u64::MAX) >= limit {
        return Err(Failure::new(Exit::Refused, format!("`{}` is longer than {most_bytes} bytes", path.display())));
    }
    Ok(bytes)
}

/// Copies everything from `from` to `to`, and gives the digest of what was copied.
pub(super) fn copy_digested(from: &mut impl Read, to: &mut impl Write) -> io::Result<Sha256Digest> {
    const PIECE: usize = 64 * 1024;
    let (mut hash, mut piece) = (Sha256::new(), vec![0; PIECE]);
    loop {
        let read = match from.read(&mut piece) {
            Ok(0) => return Ok(Sha256Digest::from_bytes(hash.finalize().into())),
            Ok(read) => &piece[..read],
            Err(error) if error.kind() == io::ErrorKind::Interrupted => continue,
            Err(error) => return Err(error),
        };
        hash.update(read);
        to.write_all(read)?;
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_digest_is_that_of_what_was_copied() {
        let bytes: Vec<u8> = (0_u8..=255).cycle().take(200_000).collect();
        let mut copy = Vec::new();
        let digest = copy_digested(&mut bytes.as_slice(), &mut copy).expect("copied");
        assert_eq!((digest, copy), (Sha256Digest::of(&bytes), bytes));
    }

    #[test]
    fn a_file_is_read_up_to_its_limit() {
        let file = tempfile::NamedTempFile::new().expect("a file");
        std::fs::write(file.path(), "12345").expect("written");
        assert_eq!(read(file.path(), 5).expect("read"), b"12345");
        assert_eq!(read(file.path(), 4).expect_err("too long").exit(), Exit::Refused);
        assert_eq!(read(Path::new("/nowhere/at/all"), 4).expect_err("not there").exit(), Exit::Local);
    }
}
