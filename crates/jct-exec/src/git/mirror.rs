//! One repository of the cache: where it lies, and what a crash may have done to it.
//!
//! Layout: `<root>/<owner>+<name>-<digest of the address>.git`, beside it its `.lock` (who changes it) and its `.lease`
//! (who needs its objects). The digest keeps apart what the same name meant before a source was configured anew.

use std::fs;
use std::io;
use std::path::{Path, PathBuf};

use sha2::{Digest, Sha256};

use super::error::GitError;
use super::reference::RefName;
use super::url::RemoteUrl;

/// A bare copy of a repository.
#[derive(Debug)]
pub(super) struct Mirror {
    pub(super) repo: String,
    pub(super) remote: RemoteUrl,
    pub(super) folder: PathBuf,
}

impl Mirror {
    pub(super) fn new(root: &Path, repo: &str, remote: RemoteUrl) -> Self {
        Self { folder: root.join(folder_name(repo, &remote)), repo: repo.to_owned(), remote }
    }

    pub(super) fn exists(&self) -> bool {
        self.folder.join("HEAD").exists()
    }

    pub(super) fn lock_file(&self) -> PathBuf {
        self.folder.with_extension("lock")
    }

    pub(super) fn lease_file(&self) -> PathBuf {
        self.folder.with_extension("lease")
    }

    /// Where its objects lie.
    pub(super) fn objects(&self) -> PathBuf {
        self.folder.join("objects")
    }

    /// Removes the lock files of a git that was killed. The caller holds the repository's lock, so that no git works
    /// here but one that pins a base, and that one locks only its own reference.
    pub(super) fn remove_stale_locks(folder: &Path) -> io::Result<()> {
        let pins = folder.join("refs/jct/base");
        let mut folders = vec![folder.to_owned(), folder.join("objects/info"), folder.join("objects/pack")];
        let mut references = vec![folder.join("refs")];
        while let Some(next) = references.pop() {
            let below = entries(&next)?.into_iter().filter(|path| path.is_dir() && *path != pins);
            references.extend(below);
            folders.push(next);
        }
        for file in folders.iter().map(|folder| entries(folder)).collect::<io::Result<Vec<_>>>()?.into_iter().flatten()
        {
            if file.extension().is_some_and(|extension| extension == "lock") && file.is_file() {
                fs::remove_file(file)?;
            }
        }
        Ok(())
    }

    /// Removes the folder; moves it aside first, so that a crash meanwhile leaves no half of a cache.
    pub(super) fn discard(folder: &Path) -> io::Result<()> {
        let aside = folder.with_extension(format!("discarded-{}", uuid::Uuid::new_v4().simple()));
        fs::rename(folder, &aside)?;
        fs::remove_dir_all(&aside)
    }

    pub(super) fn not_found(&self, reference: &RefName) -> GitError {
        GitError::RefNotFound { repo: self.repo.clone(), reference: reference.as_str().to_owned() }
    }
}

fn entries(folder: &Path) -> io::Result<Vec<PathBuf>> {
    match fs::read_dir(folder) {
        Ok(entries) => entries.map(|entry| Ok(entry?.path())).collect(),
        Err(error) if error.kind() == io::ErrorKind::NotFound => Ok(Vec::new()),
        Err(error) => Err(error),
    }
}

/// A readable and unique folder name: the digest separates, the rest is for people.
fn folder_name(repo: &str, remote: &RemoteUrl) -> String {
    let digest = Sha256::digest(format!("{}\n{}", repo.to_lowercase(), remote.address()));
    let readable: String = repo.to_lowercase().replace('/', "+").chars().take(80).collect();
    format!("{readable}-{}.git", hex::encode(&digest[..10]))
}

/// Messages of git (in the C locale) about its own files.
pub(super) fn looks_damaged(stderr: &str) -> bool {
    const SIGNS: [&str; 7] = [
        ".lock': File exists",
        "loose object",
        "is corrupt",
        "is empty",
        "bad object",
        "missing blob",
        "not a git repository: '<folder>'",
    ];
    SIGNS.iter().any(|sign| stderr.contains(sign))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn folder_names_stay_apart_and_inside() {
        let one = RemoteUrl::parse("/srv/One").unwrap();
        let two = RemoteUrl::parse("/srv/two").unwrap();
        let name = folder_name("myorg/a", &one);
        assert!(name.starts_with("myorg+a-") && name.ends_with(".git"), "{name}");
        assert_ne!(name, folder_name("myorg/a", &two));
        assert_ne!(folder_name("myorg/a+b", &one), folder_name("myorg/a/b", &one));
        assert_eq!(name, folder_name("MyOrg/A", &one));
    }

    #[test]
    fn only_messages_about_the_cache_count_as_damage() {
        assert!(looks_damaged("fatal: Unable to create '<folder>/packed-refs.lock': File exists."));
        assert!(looks_damaged("error: object file ab/cd is empty"));
        assert!(!looks_damaged("fatal: '<remote>' does not appear to be a git repository"));
        assert!(!looks_damaged("ssh: connect to host h port 22: Connection refused"));
    }
}
