//! A small repository for a demo outside of any checkout.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::time::Duration;

use jct_exec::LineSink;
use jct_exec::process::{Bounds, Capture, CommandSpec, Environment, ProcessEnd, run};
use tokio_util::sync::CancellationToken;

use crate::commands::lines::Lines;
use crate::exit::Exit;
use crate::failure::Failure;

/// Below the working directory.
const FOLDER: &str = ".jct/demo-repo";
const GIT_LIMIT: Duration = Duration::from_secs(30);
const OUTPUT_LIMIT: usize = 64 * 1024;

/// Names and contents: two languages, a manifest, a licence and a note, so that the report has something to say.
const FILES: [(&str, &str); 5] = [
    (
        "README.md",
        "# Sample\n\nA small repository, made by `jct up --demo` because there was no checkout to look at.\n",
    ),
    ("LICENSE", "Permission to use, copy, modify, and/or distribute this sample for any purpose is granted.\n"),
    ("Cargo.toml", "[package]\nname = \"sample\"\nversion = \"0.1.0\"\nedition = \"2024\"\n"),
    ("src/main.rs", "//! Says hello.\n\nfn main() {\n    println!(\"hello\");\n}\n"),
    ("scripts/count.py", "\"\"\"Counts lines.\"\"\"\n\nimport sys\n\nprint(sum(1 for _ in sys.stdin))\n"),
];

/// The folder of the sample, made if it is not there.
pub(super) async fn ensure(working: &Path) -> Result<PathBuf, Failure> {
    let folder = working.join(FOLDER);
    let done = folder.join(".git/refs/heads/main");
    if done.exists() {
        return Ok(folder);
    }
    write(&folder).map_err(|error| {
        Failure::caused(Exit::Local, format!("the sample cannot be written to {}", folder.display()), &error)
    })?;
    git(&folder, &["init", "--quiet", "--initial-branch=main"]).await?;
    git(&folder, &["add", "--all"]).await?;
    git(&folder, &["commit", "--quiet", "--message", "Add the sample"]).await?;
    Ok(folder)
}

fn write(folder: &Path) -> io::Result<()> {
    for (name, content) in FILES {
        let path = folder.join(name);
        path.parent().map_or(Ok(()), fs::create_dir_all)?;
        fs::write(path, content)?;
    }
    Ok(())
}

/// Runs git with nobody's configuration but its own defaults.
async fn git(folder: &Path, arguments: &[&str]) -> Result<(), Failure> {
    let person = [("NAME", "jct demo"), ("EMAIL", "demo@localhost")];
    let environment = Environment::clean(folder, &std::env::temp_dir())
        .with("GIT_CONFIG_NOSYSTEM", "1")
        .with("GIT_CONFIG_GLOBAL", "/dev/null");
    let environment = person.iter().fold(environment, |environment, (name, value)| {
        environment.with(format!("GIT_AUTHOR_{name}"), value).with(format!("GIT_COMMITTER_{name}"), value)
    });
    let (lines, bounds) = (Arc::new(Lines::default()), Bounds::new(GIT_LIMIT, CancellationToken::new()));
    let capture = Capture::new(Arc::clone(&lines) as Arc<dyn LineSink>, OUTPUT_LIMIT);
    let command = CommandSpec::new("git", folder, environment).args(arguments);
    match run(&command, &bounds, &capture).await.end {
        ProcessEnd::Exited { code: 0 } => Ok(()),
        end => {
            let failure =
                Failure::new(Exit::Local, format!("`git {}` did not make the sample: {end:?}", arguments.join(" ")));
            let failure = lines.take().into_iter().fold(failure, Failure::detail);
            Err(failure.hint("`jct doctor` looks at git"))
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn the_sample_is_made_once() {
        let folder = tempfile::tempdir().expect("a folder");
        let first = ensure(folder.path()).await.expect("a sample");
        let head = fs::read_to_string(first.join(".git/refs/heads/main")).expect("a commit");
        assert_eq!(ensure(folder.path()).await.expect("the same"), first);
        assert_eq!(fs::read_to_string(first.join(".git/refs/heads/main")).expect("a commit"), head);
    }
}
