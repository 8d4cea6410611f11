//! Which system calls may be made, kept by filters that the kernel runs before each.
//!
//! A filter sees numbers, not what pointers point to. So `clone3`, whose flags are behind a pointer, does not exist in
//! here and programs fall back to `clone`; and what would put a filter out of its depth, such as a second set of system
//! call numbers, ends the process.

use std::collections::BTreeMap;

use nix::libc;
use seccompiler::{
    BpfProgram, SeccompAction, SeccompCmpArgLen, SeccompCmpOp, SeccompCondition, SeccompFilter, SeccompRule,
    apply_filter, sock_filter,
};

use super::super::report::Network;
use super::super::step::SandboxStep;
use super::failure::{At, Failure};

/// The first version of Landlock that keeps files from being cut off.
const LANDLOCK_TRUNCATES: u32 = 3;

const PERMITTED_DOMAINS: [i32; 4] = [libc::AF_UNIX, libc::AF_INET, libc::AF_INET6, libc::AF_NETLINK];
/// The bits of a socket's type that are not flags.
const TYPE_MASK: u64 = 0xf;

/// The namespaces of `clone` and `unshare`.
const NAMESPACES: [i32; 7] = [
    libc::CLONE_NEWNS,
    libc::CLONE_NEWCGROUP,
    libc::CLONE_NEWUTS,
    libc::CLONE_NEWIPC,
    libc::CLONE_NEWUSER,
    libc::CLONE_NEWPID,
    libc::CLONE_NEWNET,
];
/// Only of `unshare`: `clone` has the exit signal there.
const NEW_TIME_NAMESPACE: u64 = 0x80;

const TIOCSTI: u64 = 0x5412;
const TIOCLINUX: u64 = 0x541c;

/// Never needed to build, test or edit anything; each has been, or opens, a way out.
const REFUSED: &[i64] = &[
    // Into other processes.
    libc::SYS_ptrace,
    libc::SYS_process_vm_readv,
    libc::SYS_process_vm_writev,
    libc::SYS_process_madvise,
    libc::SYS_pidfd_getfd,
    libc::SYS_kcmp,
    // Code that was never in a file; work that filters do not see.
    libc::SYS_memfd_create,
    libc::SYS_memfd_secret,
    libc::SYS_io_uring_setup,
    libc::SYS_io_uring_enter,
    libc::SYS_io_uring_register,
    libc::SYS_userfaultfd,
    libc::SYS_bpf,
    libc::SYS_perf_event_open,
    // Namespaces and mounts, by the old interface and the new one.
    libc::SYS_setns,
    libc::SYS_mount,
    libc::SYS_umount2,
    libc::SYS_pivot_root,
    libc::SYS_chroot,
    libc::SYS_fsopen,
    libc::SYS_fsconfig,
    libc::SYS_fsmount,
    libc::SYS_fspick,
    libc::SYS_open_tree,
    libc::SYS_move_mount,
    libc::SYS_mount_setattr,
    // `open_tree_attr`, younger than the table.
    467,
    // Files by handle, past every path.
    libc::SYS_open_by_handle_at,
    libc::SYS_fanotify_init,
    libc::SYS_fanotify_mark,
    libc::SYS_quotactl,
    libc::SYS_quotactl_fd,
    libc::SYS_acct,
    // Keys of the session.
    libc::SYS_add_key,
    libc::SYS_request_key,
    libc::SYS_keyctl,
    // The machine itself.
    libc::SYS_reboot,
    libc::SYS_kexec_load,
    libc::SYS_kexec_file_load,
    libc::SYS_init_module,
    libc::SYS_finit_module,
    libc::SYS_delete_module,
    libc::SYS_swapon,
    libc::SYS_swapoff,
    libc::SYS_sethostname,
    libc::SYS_setdomainname,
    libc::SYS_settimeofday,
    libc::SYS_clock_settime,
    libc::SYS_clock_adjtime,
    libc::SYS_adjtimex,
    libc::SYS_syslog,
    libc::SYS_vhangup,
    libc::SYS_nfsservctl,
    // Filters of its own.
    libc::SYS_seccomp,
];

#[cfg(target_arch = "x86_64")]
const REFUSED_HERE: &[i64] = &[
    libc::SYS_iopl,
    libc::SYS_ioperm,
    libc::SYS_modify_ldt,
    libc::SYS_uselib,
    libc::SYS_ustat,
    libc::SYS_sysfs,
    libc::SYS__sysctl,
];
#[cfg(not(target_arch = "x86_64"))]
const REFUSED_HERE: &[i64] = &[];

/// Memory and queues that every process of the same user can reach, unless they are in a namespace.
const SHARED_IPC: &[i64] = &[
    libc::SYS_shmget,
    libc::SYS_shmat,
    libc::SYS_shmctl,
    libc::SYS_msgget,
    libc::SYS_msgsnd,
    libc::SYS_msgrcv,
    libc::SYS_msgctl,
    libc::SYS_semget,
    libc::SYS_semop,
    libc::SYS_semtimedop,
    libc::SYS_semctl,
    libc::SYS_mq_open,
    libc::SYS_mq_unlink,
];

type Rules = BTreeMap<i64, Vec<SeccompRule>>;

/// What the filters have to make up for.
#[derive(Debug, Clone, Copy)]
pub(super) struct Surroundings {
    pub(super) network: Network,
    /// The version of Landlock that confines files, if one does.
    pub(super) landlock_abi: Option<u32>,
    /// Whether shared memory and message queues are the run's own.
    pub(super) own_ipc: bool,
}

/// Filters this process's system calls, for good.
pub(super) fn filter(surroundings: Surroundings) -> Result<(), Failure> {
    let apply = || -> Result<(), seccompiler::Error> {
        apply_filter(&one_table_only())?;
        // The kernel of an older machine: programs know what to do without these.
        let absent = BTreeMap::from([(libc::SYS_clone3, vec![])]);
        apply_filter(&compiled(absent, libc::ENOSYS)?)?;
        apply_filter(&compiled(rules(surroundings)?, libc::EPERM)?)
    };
    apply().at(SandboxStep::Seccomp, "filter system calls")
}

fn compiled(rules: Rules, errno: i32) -> Result<BpfProgram, seccompiler::Error> {
    let refused = SeccompAction::Errno(errno.unsigned_abs());
    let filter = SeccompFilter::new(rules, SeccompAction::Allow, refused, std::env::consts::ARCH.try_into()?)?;
    Ok(filter.try_into()?)
}

/// Ends a process that uses the second table of system calls that the first architecture check lets pass (x32), in
/// which every number of ours means something else.
fn one_table_only() -> BpfProgram {
    const LOAD_NUMBER: sock_filter = sock_filter { code: 0x20, jt: 0, jf: 0, k: 0 };
    const IF_SECOND_TABLE: sock_filter = sock_filter { code: 0x35, jt: 0, jf: 1, k: 0x4000_0000 };
    const END_PROCESS: sock_filter = sock_filter { code: 0x06, jt: 0, jf: 0, k: 0x8000_0000 };
    const ALLOW: sock_filter = sock_filter { code: 0x06, jt: 0, jf: 0, k: 0x7fff_0000 };
    vec![LOAD_NUMBER, IF_SECOND_TABLE, END_PROCESS, ALLOW]
}

/// What is refused; everything else is allowed.
fn rules(surroundings: Surroundings) -> Result<Rules, seccompiler::Error> {
    let mut rules: Rules = REFUSED.iter().chain(REFUSED_HERE).map(|&number| (number, vec![])).collect();
    let namespaces = NAMESPACES.map(|flag| u64::from(flag.unsigned_abs()));
    rules.insert(libc::SYS_clone, flags(0, namespaces)?);
    rules.insert(libc::SYS_unshare, flags(0, namespaces.into_iter().chain([NEW_TIME_NAMESPACE]))?);
    rules.insert(libc::SYS_ioctl, vec![when([is(1, TIOCSTI)?])?, when([is(1, TIOCLINUX)?])?]);
    rules.insert(libc::SYS_prctl, vec![when([is(0, u64::from(libc::PR_SET_SECCOMP.unsigned_abs()))?])?]);
    // Asking for the personality, and setting the one that everybody has.
    rules.insert(libc::SYS_personality, vec![when([is_not(0, 0)?, is_not(0, 0xffff_ffff)?])?]);
    // The limits of another process.
    rules.insert(libc::SYS_prlimit64, vec![when([is_not(0, 0)?])?]);
    match surroundings.network {
        Network::None => no_sockets(&mut rules)?,
        Network::Local | Network::Broker => own_sockets(&mut rules)?,
    }
    if !surroundings.own_ipc {
        rules.extend(SHARED_IPC.iter().map(|&number| (number, vec![])));
    }
    if surroundings.landlock_abi.is_some_and(|abi| abi < LANDLOCK_TRUNCATES) {
        no_truncation(&mut rules)?;
    }
    Ok(rules)
}

/// No socket but pairs of connected ones. A pair of datagram sockets could still send to any name there is.
fn no_sockets(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    for number in
        [libc::SYS_socket, libc::SYS_connect, libc::SYS_bind, libc::SYS_listen, libc::SYS_accept, libc::SYS_accept4]
    {
        rules.insert(number, vec![]);
    }
    let unix = u64::from(libc::AF_UNIX.unsigned_abs());
    let mut refused = vec![when([is_not(0, unix)?])?];
    for kind in 0..=TYPE_MASK {
        if kind != 1 && kind != 5 {
            refused.push(when([masked(1, TYPE_MASK, kind)?])?);
        }
    }
    rules.insert(libc::SYS_socketpair, refused);
    Ok(())
}

/// Sockets in a network of the run's own: the usual families, nothing raw, and of netlink only the routing table, which
/// programs read to list their interfaces.
fn own_sockets(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    let domains = PERMITTED_DOMAINS.map(|domain| u64::from(domain.unsigned_abs()));
    let others: Result<Vec<_>, _> = domains.iter().map(|&domain| is_not(0, domain)).collect();
    let mut refused = vec![SeccompRule::new(others?)?];
    for domain in [libc::AF_INET, libc::AF_INET6] {
        for kind in 0..=TYPE_MASK {
            if kind != 1 && kind != 2 {
                refused.push(when([is(0, u64::from(domain.unsigned_abs()))?, masked(1, TYPE_MASK, kind)?])?);
            }
        }
    }
    refused.push(when([is(0, u64::from(libc::AF_NETLINK.unsigned_abs()))?, is_not(2, 0)?])?);
    rules.insert(libc::SYS_socket, refused);
    Ok(())
}

/// Cutting off a file needs no right of an old Landlock's.
fn no_truncation(rules: &mut Rules) -> Result<(), seccompiler::Error> {
    let read_and_cut = u64::from(libc::O_TRUNC.unsigned_abs());
    let mask = read_and_cut | u64::from(libc::O_ACCMODE.unsigned_abs());
    rules.insert(libc::SYS_truncate, vec![]);
    rules.insert(libc::SYS_openat, vec![when([masked(2, mask, read_and_cut)?])?]);
    // Its flags are behind a pointer.
    rules.insert(libc::SYS_openat2, vec![]);
    #[cfg(target_arch = "x86_64")]
    rules.insert(libc::SYS_open, vec![when([masked(1, mask, read_and_cut)?])?]);
    Ok(())
}

/// One rule for each of several bits of an argument.
fn flags(argument: u8, bits: impl IntoIterator<Item = u64>) -> Result<Vec<SeccompRule>, seccompiler::Error> {
    bits.into_iter().map(|bit| when([masked(argument, bit, bit)?])).collect()
}

fn when<const N: usize>(conditions: [SeccompCondition; N]) -> Result<SeccompRule, seccompiler::Error> {
    Ok(SeccompRule::new(conditions.into())?)
}

fn is(argument: u8, value: u64) -> Result<SeccompCondition, seccompiler::Error> {
    condition(argument, SeccompCmpOp::Eq, value)
}

fn is_not(argument: u8, value: u64) -> Result<SeccompCondition, seccompiler::Error> {
    condition(argument, SeccompCmpOp::Ne, value)
}

fn masked(argument: u8, mask: u64, value: u64) -> Result<SeccompCondition, seccompiler::Error> {
    condition(argument, SeccompCmpOp::MaskedEq(mask), value)
}

/// The kernel takes these arguments as 32 bits, whatever stands above.
fn condition(argument: u8, operator: SeccompCmpOp, value: u64) -> Result<SeccompCondition, seccompiler::Error> {
    Ok(SeccompCondition::new(argument, SeccompCmpArgLen::Dword, operator, value)?)
}
