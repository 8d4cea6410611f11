//! A real git repository for tasks to work on.

use std::path::Path;
use std::process::Command;

use tempfile::TempDir;

/// A repository with one commit on `main`: a source file with a note to do, a licence, a folder.
#[derive(Debug)]
pub struct SampleRepository {
    folder: TempDir,
}

impl SampleRepository {
    /// Makes one.
    #[must_use]
    pub fn new() -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::create_dir(folder.path().join("docs")).unwrap();
        for (name, text) in [
            ("main.rs", "// TO".to_owned() + "DO: say something else\nfn main() {\n    println!(\"hello\");\n}\n"),
            ("LICENSE", "MIT License\n".to_owned()),
            ("docs/guide.md", "# Guide\n".to_owned()),
        ] {
            std::fs::write(folder.path().join(name), text).unwrap();
        }
        let sample = Self { folder };
        sample.git(&["init", "-q", "-b", "main"]);
        sample.git(&["add", "."]);
        sample.git(&["-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "First"]);
        sample
    }

    /// Where it is.
    #[must_use]
    pub fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Commits a file, on `main`.
    pub fn commit(&self, name: &str, text: &str) {
        let path = self.path().join(name);
        if let Some(folder) = path.parent() {
            std::fs::create_dir_all(folder).unwrap();
        }
        std::fs::write(path, text).unwrap();
        self.git(&["add", "."]);
        self.git(&["-c", "user.name=Test", "-c", "user.email=test@example.com", "commit", "-q", "-m", "Another"]);
    }

    /// What git prints for these arguments here; empty if it refuses.
    #[must_use]
    pub fn ask(&self, arguments: &[&str]) -> String {
        let output = Command::new("git").current_dir(self.path()).args(arguments).output().unwrap();
        if output.status.success() {
            String::from_utf8(output.stdout).unwrap().trim().to_owned()
        } else {
            String::new()
        }
    }

    fn git(&self, arguments: &[&str]) {
        let status = Command::new("git").current_dir(self.path()).args(arguments).status().unwrap();
        assert!(status.success(), "git {arguments:?}");
    }
}

impl Default for SampleRepository {
    fn default() -> Self {
        Self::new()
    }
}
