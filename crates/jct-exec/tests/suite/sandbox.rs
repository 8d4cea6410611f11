//! The sandbox from the worker's side: what a run may do, how it ends, what is left of it.

use std::fs;
use std::path::Path;
use std::sync::{Arc, OnceLock};
use std::time::Duration;

use jct_exec::LogStream;
use jct_exec::process::{Bounds, Capture, CommandSpec, Environment, ProcessEnd, ProcessOutcome, run};
use jct_exec::sandbox::{IsolationLevel, Launcher, Limit, Limits, Network, Sandbox, SandboxOptions, SandboxStep};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio_util::sync::CancellationToken;

use crate::support::{LONG, Lines, bounds, is_alive, line_in};

const LEVELS: [IsolationLevel; 3] = [IsolationLevel::L1, IsolationLevel::L2, IsolationLevel::L3];

fn launcher() -> Launcher {
    Launcher::program(env!("CARGO_BIN_EXE_jct-sandbox"))
}

fn options() -> SandboxOptions {
    SandboxOptions { minimum: IsolationLevel::L0, ..SandboxOptions::new(launcher()) }
}

/// The best that this machine can give.
pub(crate) fn best_sandbox() -> Sandbox {
    static BEST: OnceLock<Sandbox> = OnceLock::new();
    BEST.get_or_init(|| Sandbox::new(options()).unwrap()).clone()
}

/// A sandbox of that level, unless this machine cannot give it.
fn sandbox(level: IsolationLevel) -> Option<Sandbox> {
    let best = best_sandbox().level();
    if best < level {
        println!("skipped at {level}: this machine gives {best}");
        return None;
    }
    Some(Sandbox::new(SandboxOptions { level: Some(level), ..options() }).unwrap())
}

struct Ran {
    outcome: ProcessOutcome,
    lines: Arc<Lines>,
}

impl Ran {
    fn stdout(&self) -> Vec<String> {
        self.lines.of(LogStream::Stdout)
    }
}

async fn sh(sandbox: &Sandbox, folder: &Path, script: &str) -> Ran {
    let command = shell(folder, script).confined(sandbox.confine().writable(folder));
    ran(command).await
}

fn shell(folder: &Path, script: &str) -> CommandSpec {
    CommandSpec::new("/bin/sh", folder, Environment::clean(folder, folder)).args(["-c", script])
}

async fn ran(command: CommandSpec) -> Ran {
    let lines = Arc::new(Lines::default());
    let capture = Capture::new(lines.clone(), 1_000_000);
    let outcome = run(&command, &bounds(), &capture).await;
    Ran { outcome, lines }
}

#[test]
fn the_probe_says_what_it_tried() {
    let best = best_sandbox();
    println!("{:#?}", best.probe());
    let gates = &best.probe().gates;
    assert!(gates.iter().all(|gate| gate.works || gate.remedy.is_some()));
    // Whatever works by itself must work together: otherwise every test here would skip and nobody would know.
    let is_mechanism = |name: &str| name == "landlock" || name == "seccomp" || name.ends_with("_namespace");
    if gates.iter().filter(|gate| is_mechanism(&gate.name)).all(|gate| gate.works) {
        assert_eq!(best.level(), IsolationLevel::L3);
    }
}

#[tokio::test]
async fn a_run_reports_what_it_got() {
    for level in LEVELS {
        let Some(sandbox) = sandbox(level) else { continue };
        let folder = TempDir::new().unwrap();
        let ran = sh(&sandbox, folder.path(), "echo hello > file; cat file; echo $HOME >&2; exit 3").await;
        assert!(matches!(ran.outcome.end, ProcessEnd::Exited { code: 3 }), "{level}: {:?}", ran.outcome);
        assert_eq!(ran.stdout(), ["hello"]);
        let report = ran.outcome.isolation.unwrap();
        assert_eq!((report.effective, report.network), (level, Network::None));
        assert_eq!(fs::read_to_string(folder.path().join("file")).unwrap(), "hello\n");
    }
}

#[tokio::test]
async fn ends_are_told_apart() {
    for level in LEVELS {
        let Some(sandbox) = sandbox(level) else { continue };
        let folder = TempDir::new().unwrap();
        let end = async |script: &str| sh(&sandbox, folder.path(), script).await.outcome.end;
        assert!(matches!(end("exit 0").await, ProcessEnd::Exited { code: 0 }), "{level}");
        // The exit codes of the inside's own failures are no failures of it when a program ends with them.
        for code in [120, 126, 127] {
            let ended = end(&format!("exit {code}")).await;
            assert!(matches!(ended, ProcessEnd::Exited { code: c } if c == code), "{level}: {ended:?}");
        }
        assert!(matches!(end("kill -SEGV $$").await, ProcessEnd::Signalled { signal: 11 }), "{level}");
        assert!(matches!(end("kill -KILL $$").await, ProcessEnd::Signalled { signal: 9 }), "{level}");
    }
}

#[tokio::test]
async fn a_missing_program_or_folder_is_no_failure_of_the_sandbox() {
    for level in LEVELS {
        let Some(sandbox) = sandbox(level) else { continue };
        let folder = TempDir::new().unwrap();
        let environment = Environment::clean(folder.path(), folder.path());
        for program in ["no-such-program-anywhere", "", "./none", "a\0b"] {
            let command = CommandSpec::new(program, folder.path(), environment.clone());
            let end = ran(command.confined(sandbox.confine().writable(folder.path()))).await.outcome.end;
            assert!(matches!(end, ProcessEnd::SpawnFailed(_)), "{level} {program:?}: {end:?}");
        }
        let nowhere = CommandSpec::new("true", folder.path().join("none"), environment.clone());
        let end = ran(nowhere.confined(sandbox.confine().writable(folder.path()))).await.outcome.end;
        assert!(matches!(end, ProcessEnd::SpawnFailed(_)), "{level}: {end:?}");
        let missing = sandbox.confine().writable(folder.path().join("none"));
        let end = ran(shell(folder.path(), "true").confined(missing)).await.outcome.end;
        assert!(matches!(end, ProcessEnd::SandboxFailed { step: SandboxStep::Launch, .. }), "{level}: {end:?}");
    }
}

#[tokio::test]
async fn less_than_what_is_needed_does_not_run() {
    let folder = TempDir::new().unwrap();
    let Some(sandbox) = sandbox(IsolationLevel::L2) else { return };
    let confined = || sandbox.confine().writable(folder.path());
    for confinement in [
        confined().network(Network::Local),
        confined().at_least(IsolationLevel::L3),
        confined().network(Network::Broker).broker_socket("/none"),
        confined().broker_socket("/none"),
        Sandbox::unconfined().confine().at_least(IsolationLevel::L1),
    ] {
        let ran = ran(shell(folder.path(), "touch ran").confined(confinement)).await;
        assert!(matches!(ran.outcome.end, ProcessEnd::SandboxFailed { .. }), "{:?}", ran.outcome);
        assert_eq!(ran.outcome.isolation, None);
        assert!(!folder.path().join("ran").exists());
    }
}

#[test]
fn a_machine_that_gives_too_little_is_refused() {
    let broken = SandboxOptions::new(Launcher::program("/bin/true"));
    let error = Sandbox::new(broken).unwrap_err();
    assert_eq!((error.wanted, error.probe.level), (IsolationLevel::L2, IsolationLevel::L0));
    assert!(error.to_string().contains("launcher"), "{error}");
}

#[tokio::test]
async fn input_reaches_the_program() {
    for level in LEVELS {
        let Some(sandbox) = sandbox(level) else { continue };
        let folder = TempDir::new().unwrap();
        let input = "x".repeat(300_000) + "\n";
        let command = CommandSpec::new("wc", folder.path(), Environment::clean(folder.path(), folder.path()));
        let command = command.args(["-c"]).stdin(input.into_bytes());
        let ran = ran(command.confined(sandbox.confine().writable(folder.path()))).await;
        assert_eq!(ran.stdout(), ["300001"], "{level}: {:?}", ran.outcome);
    }
}

#[tokio::test]
async fn bytes_that_are_no_text_survive_in_arguments_and_values() {
    use std::ffi::OsStr;
    use std::os::unix::ffi::OsStrExt;
    let Some(sandbox) = sandbox(IsolationLevel::L3) else { return };
    let folder = TempDir::new().unwrap();
    let odd = OsStr::from_bytes(b"a\xff {broker_url}");
    let place = folder.path().join(OsStr::from_bytes(b"\xfe dir"));
    fs::create_dir(&place).unwrap();
    let environment = Environment::clean(&place, &place).with("ODD", odd);
    let command = CommandSpec::new("sh", &place, environment);
    let command =
        command.args([OsStr::new("-c"), OsStr::new("[ \"$ODD\" = \"$1\" ] && pwd > out"), OsStr::new("sh"), odd]);
    let ran = ran(command.confined(sandbox.confine().writable(&place))).await;
    assert!(matches!(ran.outcome.end, ProcessEnd::Exited { code: 0 }), "{:?}", ran.outcome);
    assert!(place.join("out").exists());
}

#[tokio::test]
async fn a_folder_that_was_named_by_a_link_is_there_under_both_names() {
    for level in LEVELS {
        let Some(sandbox) = sandbox(level) else { continue };
        let folder = TempDir::new().unwrap();
        let (real, link) = (folder.path().join("real"), folder.path().join("link"));
        fs::create_dir(&real).unwrap();
        std::os::unix::fs::symlink(&real, &link).unwrap();
        let script = format!("echo 1 > a; cat {}/a {}/a", link.display(), real.display());
        let ran = sh(&sandbox, &link, &script).await;
        assert_eq!(ran.stdout(), ["1", "1"], "{level}: {:?}", ran.outcome);
    }
}

fn within(sandbox: &Sandbox, folder: &Path, limits: Limits, script: &str) -> CommandSpec {
    shell(folder, script).confined(sandbox.confine().writable(folder).limits(limits))
}

#[tokio::test]
async fn each_limit_ends_the_run_under_its_name() {
    const MIB: u64 = 1024 * 1024;
    let limits = || Limits {
        memory_bytes: 192 * MIB,
        processes: 64,
        file_bytes: MIB,
        cpu_seconds: Some(1),
        disk_bytes: 8 * MIB,
        output_bytes: 4 * MIB,
        ..Limits::default()
    };
    let eater = "exec awk 'BEGIN { s = \"x\"; while (1) s = s s }'";
    let swarm = "swarm() { swarm | swarm & }; swarm 2> /dev/null; sleep 1000";
    let cases = [
        (Limit::Memory, eater),
        (Limit::Processes, swarm),
        (Limit::FileSize, "exec head -c 2000000 /dev/zero > big"),
        (Limit::FileSize, "head -c 2000000 /dev/zero > big"),
        (Limit::Disk, "for i in $(seq 20); do head -c 1000000 /dev/zero > $i; done; sleep 1000"),
        (Limit::CpuTime, "while :; do :; done"),
        (Limit::Output, "exec yes"),
    ];
    for level in LEVELS {
        let Some(sandbox) = sandbox(level) else { continue };
        for (expect, script) in cases {
            let folder = TempDir::new().unwrap();
            let end = ran(within(&sandbox, folder.path(), limits(), script)).await.outcome.end;
            assert!(matches!(end, ProcessEnd::LimitHit { limit } if limit == expect), "{level} {expect}: {end:?}");
        }
    }
}

#[tokio::test]
async fn what_a_program_leaves_behind_goes_with_it() {
    // Loses its parent and its environment: outside a sandbox, nothing finds it.
    let script =
        "(setsid env -i /bin/sh -c 'echo $$ > pid; exec /bin/sleep 4321' &) ; until [ -s pid ]; do sleep 0.01; done";
    for level in LEVELS {
        let Some(sandbox) = sandbox(level) else { continue };
        let folder = TempDir::new().unwrap();
        let ran = sh(&sandbox, folder.path(), script).await;
        assert!(matches!(ran.outcome.end, ProcessEnd::Exited { code: 0 }), "{level}: {:?}", ran.outcome);
        assert_eq!(sleepers("4321"), Vec::<String>::new(), "{level}");
    }
}

#[tokio::test]
async fn being_told_to_end_is_polite_first() {
    for level in LEVELS {
        let Some(sandbox) = sandbox(level) else { continue };
        let folder = TempDir::new().unwrap();
        let script = "trap 'echo bye > said; exit 0' TERM; echo $$ > pid; while true; do sleep 0.05; done";
        let command = shell(folder.path(), script).confined(sandbox.confine().writable(folder.path()));
        let cancel = CancellationToken::new();
        let limits = Bounds::new(LONG, cancel.clone()).with_grace(LONG);
        let capture = Capture::new(Arc::new(Lines::default()), 1000);
        let stopper = async {
            line_in(&folder.path().join("pid")).await;
            cancel.cancel();
        };
        let (outcome, ()) = tokio::join!(run(&command, &limits, &capture), stopper);
        assert!(matches!(outcome.end, ProcessEnd::Cancelled), "{level}: {outcome:?}");
        assert_eq!(fs::read_to_string(folder.path().join("said")).unwrap(), "bye\n", "{level}");
    }
}

#[tokio::test]
async fn the_deaf_end_too_and_so_does_what_is_dropped() {
    let deaf = "trap '' TERM; setsid sleep 5432 & echo $$ > pid; while true; do sleep 1; done";
    for level in LEVELS {
        let Some(sandbox) = sandbox(level) else { continue };
        let folder = TempDir::new().unwrap();
        let command = shell(folder.path(), deaf).confined(sandbox.confine().writable(folder.path()));
        let capture = Capture::new(Arc::new(Lines::default()), 1000);
        let cancel = CancellationToken::new();
        let limits = Bounds::new(LONG, cancel.clone()).with_grace(Duration::from_millis(100));
        let pid_file = folder.path().join("pid");
        let stopper = async {
            line_in(&pid_file).await;
            cancel.cancel();
        };
        let (outcome, ()) = tokio::join!(run(&command, &limits, &capture), stopper);
        assert!(matches!(outcome.end, ProcessEnd::Cancelled), "{level}: {outcome:?}");
        assert_eq!(sleepers("5432"), Vec::<String>::new(), "{level}");

        fs::remove_file(&pid_file).unwrap();
        let limits = bounds();
        tokio::select! {
            outcome = run(&command, &limits, &capture) => panic!("{outcome:?}"),
            _ = line_in(&pid_file) => {}
        }
        assert_eq!(sleepers("5432"), Vec::<String>::new(), "{level}");
    }
}

/// The processes of this machine that sleep for that long: the number is each test's own.
fn sleepers(seconds: &str) -> Vec<String> {
    let processes = fs::read_dir("/proc").unwrap().filter_map(|entry| entry.ok()?.file_name().into_string().ok());
    let is_sleeper = |pid: &String| {
        let line = fs::read(format!("/proc/{pid}/cmdline")).unwrap_or_default();
        line.ends_with(format!("sleep\0{seconds}\0").as_bytes())
    };
    processes.filter(|pid| is_sleeper(pid) && is_alive(pid)).collect()
}

#[tokio::test]
async fn a_network_of_its_own_reaches_only_itself() {
    let Some(sandbox) = sandbox(IsolationLevel::L3) else { return };
    let folder = TempDir::new().unwrap();
    let outside = std::net::TcpListener::bind("127.0.0.1:0").unwrap();
    let port = outside.local_addr().unwrap().port();
    let script = format!(
        "use IO::Socket::INET; my $own = IO::Socket::INET->new(Listen => 1, LocalAddr => '127.0.0.1') or die 'listen';
        print IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => $own->sockport) ? 'own ' : 'none ';
        print IO::Socket::INET->new(PeerAddr => '127.0.0.1', PeerPort => {port}) ? 'theirs' : 'alone';"
    );
    let perl = |network| {
        let environment = Environment::clean(folder.path(), folder.path());
        let confinement = sandbox.confine().writable(folder.path()).network(network);
        CommandSpec::new("perl", folder.path(), environment).args(["-e", &script]).confined(confinement)
    };
    assert_eq!(ran(perl(Network::Local)).await.stdout(), ["own alone"]);
    let none = ran(perl(Network::None)).await;
    assert!(!matches!(none.outcome.end, ProcessEnd::Exited { code: 0 }), "{:?}", none.outcome);
}

#[tokio::test]
async fn the_broker_is_the_only_way_out() {
    let Some(sandbox) = sandbox(IsolationLevel::L3) else { return };
    let folder = TempDir::new().unwrap();
    let place = TempDir::new().unwrap();
    let socket = place.path().join("broker.sock");
    let listener = tokio::net::UnixListener::bind(&socket).unwrap();
    let broker = async {
        let (mut stream, _) = listener.accept().await.unwrap();
        let mut asked = String::new();
        stream.read_to_string(&mut asked).await.unwrap();
        stream.write_all(format!("heard {asked}").as_bytes()).await.unwrap();
    };
    let script = "use IO::Socket::INET; my ($host) = $ENV{URL} =~ m{^http://([^/]+)/v1$}; $ARGV[0] eq $ENV{URL} or die;
        my $s = IO::Socket::INET->new($host) or die $!; print $s 'you'; $s->shutdown(1); print <$s>;";
    let environment = Environment::clean(folder.path(), folder.path()).with("URL", "{broker_url}/v1");
    let confinement = sandbox.confine().writable(folder.path()).network(Network::Broker).broker_socket(&socket);
    let command = CommandSpec::new("perl", folder.path(), environment).args(["-e", script, "{broker_url}/v1"]);
    let (ran, ()) = tokio::join!(ran(command.confined(confinement)), broker);
    assert_eq!(ran.stdout(), ["heard you"], "{:?}", ran.lines.all());
}
