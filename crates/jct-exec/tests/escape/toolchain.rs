//! Real tools still do their work inside: a sandbox that breaks them would be switched off.

use std::env;
use std::path::PathBuf;
use std::process::Command;
use std::sync::Arc;

use jct_exec::process::ProcessEnd;
use jct_exec::sandbox::{IsolationLevel, Network};
use libtest_mimic::{Failed, Trial};

use crate::matrix::skipped;
use crate::tools::{self, Tools, User};

/// A tool, what it is to do, and what it must print last.
struct Work {
    tool: &'static str,
    script: &'static str,
    prints: &'static str,
    network: Network,
    /// The lowest level at which it works.
    from: IsolationLevel,
}

const WORK: [Work; 8] = [
    Work {
        tool: "git",
        script: "git init -q -b main . && echo x > f && git add f && git -c user.name=a -c user.email=a@b commit -q -m m \
                 && git clone -q --shared . copy && git -C copy log --format=%s && git bundle create -q b main && echo ok",
        prints: "ok",
        network: Network::None,
        from: IsolationLevel::L1,
    },
    Work {
        tool: "sh",
        script: "printf 'b\\na\\n' | sort | tee sorted | wc -l | tr -d ' ' && sed -n 1p sorted && find . -name sorted | wc -l",
        prints: "1",
        network: Network::None,
        from: IsolationLevel::L1,
    },
    Work {
        tool: "python3",
        script: "python3 -c 'import threading,subprocess;t=[threading.Thread(target=lambda:subprocess.run([\"true\"])) \
                 for _ in range(4)];[x.start() for x in t];[x.join() for x in t];print(\"ok\")'",
        prints: "ok",
        network: Network::None,
        from: IsolationLevel::L1,
    },
    Work {
        tool: "python3",
        script: "python3 -c 'import multiprocessing as m;print(sum(m.Pool(2).map(abs,[-1,2])))'",
        prints: "3",
        network: Network::None,
        // Its locks are files in `/dev/shm`, which below L3 would be everybody's.
        from: IsolationLevel::L3,
    },
    Work {
        tool: "node",
        script: "node -e 'console.log(require(\"child_process\").execSync(\"echo ok\").toString().trim())'",
        prints: "ok",
        network: Network::None,
        from: IsolationLevel::L1,
    },
    Work {
        tool: "node",
        script: "node -e 's=require(\"net\").createServer(c=>c.end(\"ok\")).listen(0,\"127.0.0.1\",()=>require(\"net\")\
                 .connect(s.address().port,\"127.0.0.1\").on(\"data\",d=>{console.log(String(d));process.exit()}))'",
        prints: "ok",
        network: Network::Local,
        from: IsolationLevel::L3,
    },
    Work {
        tool: "cargo",
        script: "cargo --version > /dev/null && cargo init -q --vcs none demo && cd demo && cargo test -q --offline && \
                 echo ok",
        prints: "ok",
        network: Network::None,
        from: IsolationLevel::L1,
    },
    Work {
        tool: "cc",
        script: "printf 'int main(void){return 0;}' > a.c && cc -o a a.c && ./a && echo ok",
        prints: "ok",
        network: Network::None,
        from: IsolationLevel::L1,
    },
];

pub(crate) fn trials(tools: &Arc<Tools>) -> Vec<Trial> {
    let mut trials = Vec::new();
    for level in [IsolationLevel::L1, IsolationLevel::L2, IsolationLevel::L3] {
        for (number, work) in WORK.into_iter().enumerate() {
            if level < work.from {
                continue;
            }
            let tools = Arc::clone(tools);
            let name = format!("toolchain::{level}::{}-{number}", work.tool);
            trials.push(Trial::test(name, move || tools::runtime().block_on(check(&tools, level, &work))));
        }
    }
    trials
}

async fn check(tools: &Tools, level: IsolationLevel, work: &Work) -> Result<(), Failed> {
    let programs = tools.programs(User::Root);
    std::fs::create_dir(programs.workspace())?;
    let Ok(sandbox) = programs.sandbox(level) else {
        skipped(format!("{} at {level}", work.tool));
        return Ok(());
    };
    let bare = Command::new("sh").args(["-c", &format!("{} --version", work.tool)]).output()?;
    if !bare.status.success() && work.tool != "sh" {
        skipped(format!("{} at {level}: it is not installed", work.tool));
        return Ok(());
    }
    let confinement = tool_folders().into_iter().fold(programs.confine(&sandbox), |all, one| all.readable(one));
    let environment = programs
        .environment()
        .passing(["RUSTUP_TOOLCHAIN", "PYENV_VERSION"])
        .with("RUSTUP_HOME", home_folder("RUSTUP_HOME", ".rustup"))
        .with("CARGO_HOME", programs.workspace().join(".cargo"));
    let command = jct_exec::process::CommandSpec::new("/bin/sh", programs.workspace(), environment)
        .args(["-c", work.script])
        .confined(confinement.network(work.network));
    let (outcome, text) = tools::finish(&command).await;
    match outcome.end {
        ProcessEnd::Exited { code: 0 } if text.lines().last() == Some(work.prints) => Ok(()),
        other => Err(format!("{other:?} {text}").into()),
    }
}

/// What version managers keep in the home folder; an operator lists such folders in the configuration.
fn tool_folders() -> Vec<PathBuf> {
    let folders = [
        home_folder("RUSTUP_HOME", ".rustup"),
        home_folder("CARGO_HOME", ".cargo").join("bin"),
        home_folder("PYENV_ROOT", ".pyenv"),
    ];
    folders.into_iter().filter(|folder| folder.is_dir()).collect()
}

fn home_folder(variable: &str, name: &str) -> PathBuf {
    let home = || PathBuf::from(env::var_os("HOME").unwrap_or_default()).join(name);
    env::var_os(variable).map_or_else(home, PathBuf::from)
}
