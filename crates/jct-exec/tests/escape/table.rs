//! The matrix.
//!
//! L1 refuses system calls and has no network. L2 adds the file system and what Landlock scopes. L3 hides the host
//! altogether, so that its answers are those of things that do not exist.

use jct_contract::IsolationLevel::{L0, L1, L2, L3};
use nix::libc;

use crate::attempts::{descriptors, files, kernel, names, processes, sockets, syscall, work};
use crate::row::Control::{Ordinary, Root};
use crate::row::Promise::{Refused, Works};
use crate::row::Row;

/// The filter's answer, or that of a missing capability.
const EPERM: &[&str] = &["EPERM"];
/// Landlock's answer.
const EACCES: &[&str] = &["EACCES"];
/// Landlock's answers to what would move a file between places.
const ACROSS: &[&str] = &["EACCES", "EXDEV"];
/// What is not there.
const HIDDEN: &[&str] = &["ENOENT", "EACCES"];
/// What is there to be read.
const READ_ONLY: &[&str] = &["EROFS", "EACCES"];
/// What is not there, or not to be written.
const HIDDEN_OR_READ_ONLY: &[&str] = &["ENOENT", "EROFS", "EACCES"];
/// A process that does not exist, or may not be touched.
const NO_PROCESS: &[&str] = &["ESRCH", "EPERM"];
/// Nobody listens there in a network of one's own.
const NOBODY: &[&str] = &["ECONNREFUSED", "ENETUNREACH", "EADDRNOTAVAIL"];
/// A family that the filter refuses, or that the kernel does not have.
const NO_FAMILY: &[&str] = &["EPERM", "EAFNOSUPPORT"];

pub(crate) fn find(name: &str) -> Option<Row> {
    rows().into_iter().find(|row| row.name == name)
}

pub(crate) fn rows() -> Vec<Row> {
    let groups = [files(), links(), devices(), sockets(), processes(), names(), kernel(), inherited(), work()];
    groups.into_iter().flatten().collect()
}

fn files() -> Vec<Row> {
    vec![
        Row::new("write-outside", |s| files::write(&s.outside.join("open.txt"))).from(L2, EACCES).from(L3, HIDDEN),
        Row::new("create-outside", |s| files::create(&s.outside.join("new.txt"))).from(L2, EACCES).from(L3, HIDDEN),
        Row::new("remove-outside", |s| files::unlink(&s.outside.join("open.txt"))).from(L2, EACCES).from(L3, HIDDEN),
        Row::new("read-outside", |s| files::read(&s.outside.join("open.txt"))).from(L2, EACCES).from(L3, HIDDEN),
        Row::new("list-outside", |s| files::list(&s.outside)).from(L2, EACCES).from(L3, HIDDEN),
        Row::new("execute-outside", |s| files::execute(&s.outside.join("tool"))).from(L2, EACCES).from(L3, HIDDEN),
        Row::new("read-home-key", |s| files::read(&s.home.join(".ssh/id_ed25519"))).from(L2, EACCES).from(L3, HIDDEN),
        Row::new("list-home", |s| files::list(&s.home)).from(L2, EACCES).from(L3, HIDDEN),
        Row::new("rename-out", |s| files::rename(&s.workspace.join("own.txt"), &s.outside.join("moved.txt")))
            .from(L2, ACROSS)
            .from(L3, HIDDEN),
        Row::new("rename-in", |s| files::rename(&s.outside.join("open.txt"), &s.workspace.join("in.txt")))
            .from(L2, ACROSS)
            .from(L3, HIDDEN),
        Row::new("truncate-readable", |s| files::truncate(&s.readable.join("data.txt")))
            .from(L2, EACCES)
            .from(L3, READ_ONLY)
            .landlock(3),
        Row::new("open-truncating-readable", |s| files::open_truncating(&s.readable.join("data.txt")))
            .from(L2, EACCES)
            .from(L3, READ_ONLY),
        Row::new("create-in-readable", |s| files::create(&s.readable.join("new.txt")))
            .from(L2, EACCES)
            .from(L3, READ_ONLY),
        // Landlock does not mediate metadata: L2 says nothing about it.
        Row::new("chmod-outside", |s| files::chmod(&s.outside.join("open.txt"))).from(L3, HIDDEN),
        Row::new("chmod-readable", |s| files::chmod(&s.readable.join("data.txt"))).from(L3, READ_ONLY),
        Row::new("touch-outside", |s| files::touch(&s.outside.join("open.txt"))).from(L3, HIDDEN),
        Row::new("write-system-file", |_| files::open_to_write("/etc/passwd".as_ref()))
            .from(L2, EACCES)
            .from(L3, HIDDEN_OR_READ_ONLY)
            .control(Root),
        Row::new("read-shadow", |_| files::read("/etc/shadow".as_ref()))
            .from(L2, EACCES)
            .from(L3, HIDDEN)
            .control(Root),
        Row::new("write-program", |_| files::open_to_write("/usr/bin/env".as_ref()))
            .from(L2, EACCES)
            .from(L3, READ_ONLY)
            .control(Root),
    ]
}

fn links() -> Vec<Row> {
    vec![
        Row::new("write-through-planted-link", |s| files::create(&s.workspace.join("planted/new.txt")))
            .from(L2, EACCES)
            .from(L3, HIDDEN),
        Row::new("write-etc-through-planted-link", |s| files::open_to_write(&s.workspace.join("planted-etc/passwd")))
            .from(L2, EACCES)
            .from(L3, HIDDEN_OR_READ_ONLY)
            .control(Root),
        Row::new("read-key-through-planted-link", |s| files::read(&s.workspace.join("planted-key")))
            .from(L2, EACCES)
            .from(L3, HIDDEN),
        Row::new("write-through-own-link", |s| files::through_own_link(s, &s.outside.join("open.txt"), files::write))
            .from(L2, EACCES)
            .from(L3, HIDDEN),
        Row::new("read-through-own-root", |s| {
            let below = s.outside.strip_prefix("/").unwrap();
            files::read(&std::path::Path::new("/proc/self/root").join(below).join("open.txt"))
        })
        .from(L2, EACCES)
        .from(L3, HIDDEN),
        Row::new("hard-link-outside", files::hard_link).from(L2, ACROSS).from(L3, HIDDEN),
        Row::new("open-by-handle", files::open_by_handle).from(L1, EPERM).control(Root),
        Row::new("chroot", files::chroot).from(L1, EPERM).control(Root),
        Row::new("child-writes-outside", work::refused_to_children).from(L2, EACCES).from(L3, HIDDEN),
    ]
}

fn devices() -> Vec<Row> {
    vec![
        Row::new("make-device", files::make_device).from(L1, EPERM).from(L2, &["EPERM", "EACCES"]).control(Root),
        Row::new("read-disk", kernel::disk).from(L2, EACCES).from(L3, HIDDEN).control(Root),
        Row::new("read-kernel-log", |_| files::open_to_write("/dev/kmsg".as_ref()))
            .from(L2, EACCES)
            .from(L3, HIDDEN)
            .control(Root),
        Row::new("write-sysctl", |_| kernel::setting("kernel/core_pattern"))
            .from(L2, EACCES)
            .from(L3, HIDDEN_OR_READ_ONLY)
            .control(Root),
        Row::new("leave-control-group", kernel::group).from(L2, EACCES).from(L3, HIDDEN_OR_READ_ONLY).control(Root),
        Row::new("type-into-terminal", kernel::type_into_terminal).from(L1, EPERM),
        Row::new("type-into-terminal-disguised", kernel::type_into_terminal_disguised).from(L1, EPERM),
        Row::new("paste-into-terminal", kernel::paste_into_terminal).from(L1, EPERM),
    ]
}

fn sockets() -> Vec<Row> {
    const NETLINK_EVENTS: i32 = 15;
    vec![
        Row::new("tcp-ipv4", sockets::tcp4).from(L1, EPERM).networked(Refused(NOBODY)),
        Row::new("tcp-ipv6", sockets::tcp6).from(L1, EPERM).networked(Refused(NOBODY)),
        Row::new("udp", sockets::udp).from(L1, EPERM).networked(Refused(NOBODY)),
        Row::new("tcp-in-thread", work::filtered_in_threads).from(L1, EPERM).networked(Refused(NOBODY)),
        Row::new("tcp-listen", sockets::listen).from(L1, EPERM).networked(Works),
        Row::new("unix-stream-outside", sockets::unix_stream).from(L1, EPERM).networked(Refused(HIDDEN)),
        Row::new("unix-datagram-outside", sockets::unix_datagram).from(L1, EPERM).networked(Refused(HIDDEN)),
        Row::new("unix-abstract", sockets::unix_abstract)
            .from(L1, EPERM)
            .networked(Refused(&["ECONNREFUSED", "EPERM"])),
        Row::new("unix-listen", sockets::unix_listen).from(L1, EPERM).networked(Works),
        Row::new("raw-socket", |_| sockets::socket(libc::AF_INET, libc::SOCK_RAW, libc::IPPROTO_ICMP))
            .from(L1, EPERM)
            .control(Root),
        Row::new("packet-socket", |_| sockets::socket(libc::AF_PACKET, libc::SOCK_RAW, 0))
            .from(L1, NO_FAMILY)
            .control(Root),
        Row::new("vsock", |_| sockets::socket(libc::AF_VSOCK, libc::SOCK_STREAM, 0)).from(L1, NO_FAMILY),
        Row::new("crypto-socket", |_| sockets::socket(libc::AF_ALG, libc::SOCK_SEQPACKET, 0)).from(L1, NO_FAMILY),
        Row::new("netlink-route", |_| sockets::socket(libc::AF_NETLINK, libc::SOCK_RAW, libc::NETLINK_ROUTE))
            .from(L1, EPERM)
            .networked(Works),
        Row::new("netlink-events", |_| sockets::socket(libc::AF_NETLINK, libc::SOCK_RAW, NETLINK_EVENTS))
            .from(L1, EPERM),
        Row::new("broker", sockets::broker).brokered(Works),
        Row::new("io-uring", kernel::io_uring).from(L1, EPERM),
    ]
}

fn processes() -> Vec<Row> {
    vec![
        Row::new("ptrace-worker", processes::attach).from(L1, EPERM),
        Row::new("ptrace-me", processes::be_traced).from(L1, EPERM),
        Row::new("read-worker-memory", processes::read_memory).from(L1, EPERM),
        Row::new("write-worker-memory", processes::write_memory).from(L1, EPERM),
        Row::new("take-worker-descriptor", processes::take_descriptor).from(L1, EPERM).from(L3, NO_PROCESS),
        Row::new("signal-worker", processes::kill).from(L2, EPERM).from(L3, NO_PROCESS).landlock(6),
        Row::new("signal-worker-thread", processes::kill_thread).from(L2, EPERM).from(L3, NO_PROCESS).landlock(6),
        Row::new("signal-worker-by-descriptor", processes::kill_by_descriptor)
            .from(L2, EPERM)
            .from(L3, NO_PROCESS)
            .landlock(6),
        // At L3 the parent is the first process of the namespace, which no signal from inside can end.
        Row::new("signal-parent", processes::kill_parent).from(L2, EPERM).open_from(L3).landlock(6),
        Row::new("limit-worker", processes::set_limits).from(L1, EPERM).from(L3, NO_PROCESS),
        Row::new("worker-environment", processes::environment).from(L2, &["EACCES", "EPERM"]).from(L3, HIDDEN),
        Row::new("parent-environment", processes::environment_of_parent).from(L1, HIDDEN),
        Row::new("parent-memory-file", processes::memory_of_parent).from(L2, &["EACCES", "EPERM"]).from(L3, READ_ONLY),
        Row::new("worker-memory-file", processes::memory_file).from(L2, &["EACCES", "EPERM"]).from(L3, HIDDEN),
        Row::new("worker-root", processes::root_of_worker).from(L2, &["EACCES", "EPERM"]).from(L3, HIDDEN),
        Row::new("worker-folder", processes::folder_of_worker).from(L2, &["EACCES", "EPERM"]).from(L3, HIDDEN),
        Row::new("worker-shared-memory", processes::attach_memory).from(L2, EPERM).from(L3, &["EPERM", "EINVAL"]),
        Row::new("worker-message-queue", processes::open_queue).from(L2, EPERM).from(L3, &["EPERM", "ENOENT"]),
        Row::new("see-host-processes", processes::see_processes).from(L3, HIDDEN),
    ]
}

fn names() -> Vec<Row> {
    vec![
        Row::new("unshare-user", names::unshare_user).from(L1, EPERM),
        Row::new("unshare-mounts", names::unshare_mounts).from(L1, EPERM).control(Root),
        Row::new("clone-user", names::clone_user).from(L1, EPERM),
        Row::new("clone3", names::clone3).from(L1, &["ENOSYS"]),
        Row::new("setns", names::enter_namespace).from(L1, EPERM).control(Root),
        Row::new("mount", names::mount).from(L1, EPERM).control(Root),
        Row::new("umount", names::unmount).from(L1, EPERM).control(Root),
        Row::new("fsopen", names::open_file_system).from(L1, EPERM).control(Root),
        Row::new("open-tree", names::open_tree).from(L1, EPERM).control(Root),
        Row::new("move-mount", names::move_mount).from(L1, EPERM).control(Root),
        Row::new("mount-setattr", names::set_mount_attributes).from(L1, EPERM).control(Root),
        Row::new("pivot-root", names::pivot_root).from(L1, EPERM).control(Root),
        Row::new("change-user", names::change_user).from(L1, &["EPERM", "EINVAL"]).control(Root),
        Row::new("regain-capability", names::regain_capability).from(L1, EPERM).control(Root),
        Row::new("keep-capabilities", names::capabilities).from(L1, EPERM).control(Root),
        Row::new("set-user-id-program", names::setuid_program).from(L1, EPERM).control(Ordinary),
    ]
}

fn kernel() -> Vec<Row> {
    const NO_DOOR: &[&str] = &["SIGSYS", "EPERM", "ENOSYS"];
    vec![
        Row::new("memfd", kernel::memory_file).from(L1, EPERM),
        Row::new("memfd-execute", kernel::execute_memory).from(L1, EPERM),
        Row::new("bpf", kernel::bpf).from(L1, EPERM).control(Root),
        Row::new("keyctl", kernel::keyring).from(L1, EPERM),
        Row::new("add-key", kernel::add_key).from(L1, EPERM),
        Row::new("request-key", kernel::request_key).from(L1, EPERM),
        Row::new("userfaultfd", kernel::user_faults).from(L1, EPERM),
        Row::new("perf-event-open", kernel::performance).from(L1, EPERM),
        Row::new("personality", kernel::personality).from(L1, EPERM),
        Row::new("kexec", kernel::kexec).from(L1, EPERM).control(Root),
        Row::new("init-module", kernel::load_module).from(L1, EPERM).control(Root),
        Row::new("finit-module", kernel::load_module_file).from(L1, EPERM).control(Root),
        Row::new("delete-module", kernel::unload_module).from(L1, EPERM).control(Root),
        Row::new("reboot", kernel::reboot).from(L1, EPERM).control(Root),
        Row::new("set-host-name", kernel::host_name).from(L1, EPERM).control(Root),
        Row::new("set-clock", kernel::clock).from(L1, EPERM).control(Root),
        Row::new("swapon", kernel::swap).from(L1, EPERM).control(Root),
        Row::new("acct", kernel::accounting).from(L1, EPERM).control(Root),
        Row::new("quotactl", kernel::quota).from(L1, EPERM),
        Row::new("fanotify", kernel::watch_everything).from(L1, EPERM),
        Row::new("second-filter", kernel::second_filter).from(L1, EPERM),
        Row::new("second-filter-by-prctl", kernel::second_filter_by_prctl).from(L1, EPERM),
        Row::new("compat-call", |_| syscall::compat_getpid()).from(L1, NO_DOOR),
        Row::new("x32-call", kernel::x32).from(L1, NO_DOOR),
    ]
}

fn inherited() -> Vec<Row> {
    vec![
        Row::new("inherited-descriptor", descriptors::inherited).from(L0, &["EBADF"]),
        Row::new("inherited-secret", processes::own_environment).from(L0, &["ENOENT"]),
        Row::new("core-dump", descriptors::core_dump).from(L1, EPERM),
        Row::new("raise-limit", descriptors::raise_limit).from(L1, EPERM),
    ]
}

fn work() -> Vec<Row> {
    vec![
        Row::new("works-files", work::write_workspace).works(),
        Row::new("works-reading", work::read_given).works(),
        Row::new("works-temporary-folder", work::use_temporary_folder).works(),
        Row::new("works-programs", work::run_programs).works(),
        Row::new("works-own-program", |s| files::execute(&s.workspace.join("tool"))).works(),
        Row::new("works-threads", work::start_threads).works(),
        Row::new("works-devices", work::use_devices).works(),
        Row::new("works-own-process", work::see_itself).works(),
        Row::new("works-socket-pair", sockets::pair).works(),
    ]
}
