//! The files of the system that programs expect everywhere, and nothing of them that tells about this machine.

use std::fs;
use std::io;
use std::os::unix::fs::symlink;
use std::path::Path;

use rustix::process::{getegid, geteuid};

/// Device nodes that hold nothing.
pub(super) const DEVICES: [&str; 5] = ["null", "zero", "full", "random", "urandom"];

/// Configuration that tool chains read: shown as it is. Of certificates only what is public.
pub(super) const CONFIGURATION: [&str; 35] = [
    "alternatives",
    "ca-certificates",
    "ca-certificates.conf",
    "debian_version",
    "fonts",
    "gai.conf",
    "host.conf",
    "java",
    "ld.so.cache",
    "ld.so.conf",
    "ld.so.conf.d",
    "ld.so.preload",
    "locale.alias",
    "localtime",
    "login.defs",
    "lsb-release",
    "magic",
    "manpath.config",
    "mime.types",
    "os-release",
    "perl",
    "pki/ca-trust",
    "pki/java",
    "pki/tls/cert.pem",
    "pki/tls/certs",
    "pki/tls/openssl.cnf",
    "profile",
    "protocols",
    "python3",
    "services",
    "shells",
    "ssl/cert.pem",
    "ssl/certs",
    "ssl/openssl.cnf",
    "timezone",
];

/// Files of `/etc` that are made up where that is possible: they would name people and machines.
pub(super) const MADE_UP: [&str; 4] = ["passwd", "group", "hosts", "nsswitch.conf"];

/// Writes the files that are made up.
pub(super) fn write_made_up(etc: &Path, home: &str) -> io::Result<()> {
    let (user, group) = (geteuid().as_raw(), getegid().as_raw());
    // A field of this file ends at a colon or a line feed, whatever the folder is called.
    let home = if home.contains([':', '\n']) { "/" } else { home };
    let root_home = if user == 0 { home } else { "/" };
    let mut users = format!("root:x:0:0:root:{root_home}:/bin/sh\n");
    let mut groups = "root:x:0:\n".to_owned();
    if user != 0 {
        users += &format!("jct:x:{user}:{group}:jct:{home}:/bin/sh\n");
    }
    if group != 0 {
        groups += &format!("jct:x:{group}:\n");
    }
    users += "nobody:x:65534:65534:nobody:/:/usr/sbin/nologin\n";
    groups += "nogroup:x:65534:\n";
    let [passwd, group_file, hosts, nsswitch] = MADE_UP.map(|name| etc.join(name));
    fs::write(passwd, users)?;
    fs::write(group_file, groups)?;
    fs::write(hosts, "127.0.0.1 localhost sandbox\n::1 localhost\n")?;
    fs::write(nsswitch, "passwd: files\ngroup: files\nhosts: files\n")
}

/// Makes the links that stand for a process's own descriptors.
pub(super) fn link_descriptors(dev: &Path) -> io::Result<()> {
    symlink("/proc/self/fd", dev.join("fd"))?;
    for (name, number) in [("stdin", 0), ("stdout", 1), ("stderr", 2)] {
        symlink(format!("/proc/self/fd/{number}"), dev.join(name))?;
    }
    Ok(())
}
