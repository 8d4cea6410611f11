//! Removing a folder that an executor filled: no link is followed, and no depth exhausts stack or handles.
//!
//! A tree can be deeper than any recursion or path may be. So every folder found inside the tree is moved up to its
//! top and emptied there: two open handles are enough for any depth.

use std::ffi::OsStr;
use std::io;

use rustix::fs::{self, FileType, Mode};
use rustix::io::Errno;

use crate::directory::Directory;

/// Removes `name` in `parent`, whatever it is. Nothing there is no error.
pub(crate) fn remove(parent: &Directory, name: &OsStr) -> io::Result<()> {
    let Some(stat) = parent.stat(name)? else {
        return Ok(());
    };
    if FileType::from_raw_mode(stat.st_mode) != FileType::Directory {
        return parent.unlink(name);
    }
    let top = open_writable(parent, name)?;
    let mut counter = 0;
    while empty_top(&top, &mut counter)? {}
    parent.remove_folder(name)
}

/// One pass over the top; returns whether folders were found, so that another pass is needed.
fn empty_top(top: &Directory, counter: &mut u64) -> io::Result<bool> {
    let mut found_folder = false;
    for name in top.entries()? {
        let name = name?;
        let name = name.as_os_str();
        match top.stat(name)? {
            Some(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                found_folder = true;
                empty_into(top, name, counter)?;
                top.remove_folder(name)?;
            }
            Some(_) => top.unlink(name)?,
            None => {}
        }
    }
    Ok(found_folder)
}

/// Removes the files of the folder `name` and moves its folders to the top.
fn empty_into(top: &Directory, name: &OsStr, counter: &mut u64) -> io::Result<()> {
    let folder = open_writable(top, name)?;
    for name in folder.entries()? {
        let name = name?;
        let name = name.as_os_str();
        match folder.stat(name)? {
            Some(stat) if FileType::from_raw_mode(stat.st_mode) == FileType::Directory => {
                hoist(&folder, name, top, counter)?;
            }
            Some(_) => folder.unlink(name)?,
            None => {}
        }
    }
    Ok(())
}

fn hoist(folder: &Directory, name: &OsStr, top: &Directory, counter: &mut u64) -> io::Result<()> {
    let mut reopened = false;
    loop {
        *counter += 1;
        match fs::renameat(folder, name, top, format!(".{counter}")) {
            Ok(()) | Err(Errno::NOENT) => return Ok(()),
            // The executor has chosen that name itself.
            Err(Errno::EXIST | Errno::NOTEMPTY | Errno::NOTDIR) => {}
            // Moving a folder changes what its `..` means, which needs the right to write to it.
            Err(Errno::ACCESS) if !reopened => {
                reopened = true;
                open_writable(folder, name)?;
            }
            Err(error) => return Err(error.into()),
        }
    }
}

/// Opens a folder and makes sure that its owner may list and change it, which the executor may have forbidden.
pub(crate) fn open_writable(parent: &Directory, name: &OsStr) -> io::Result<Directory> {
    let folder = match parent.folder(name) {
        Err(Errno::ACCESS) => {
            fs::chmodat(parent, name, Mode::RWXU, fs::AtFlags::empty())?;
            parent.folder(name)?
        }
        other => other?,
    };
    let mode = Mode::from_raw_mode(fs::fstat(&folder)?.st_mode);
    if !mode.contains(Mode::RWXU) {
        fs::fchmod(&folder, mode | Mode::RWXU)?;
    }
    Ok(folder)
}
