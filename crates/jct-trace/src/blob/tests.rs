//! Files of jobs on a real disk.

use jct_contract::{TaskId, Timestamp};
use tempfile::TempDir;

use super::*;

fn root() -> (TempDir, BlobRoot) {
    let folder = tempfile::tempdir().unwrap();
    let root = BlobRoot::open(folder.path()).unwrap();
    (folder, root)
}

fn arrived(root: &BlobRoot, content: &[u8]) -> FinishedUpload {
    let mut upload = root.begin(1 << 20).unwrap();
    for piece in content.chunks(7) {
        upload.write(piece).unwrap();
    }
    upload.finish().unwrap()
}

fn arriving(folder: &TempDir) -> usize {
    std::fs::read_dir(folder.path().join("arriving")).unwrap().count()
}

fn job() -> TaskId {
    TaskId::at(Timestamp::from_micros(1))
}

#[test]
fn a_file_is_found_by_its_content_below_its_job_alone() {
    let (folder, root) = root();
    let (here, elsewhere) = (job(), job());
    let upload = arrived(&root, b"the whole content");
    let (digest, size) = (upload.digest(), upload.size_bytes());
    assert_eq!((digest, size), (jct_contract::Sha256Digest::of(b"the whole content"), 17));
    assert!(root.take(here).unwrap().keep(&upload).unwrap());
    assert!(!root.take(here).unwrap().keep(&arrived(&root, b"the whole content")).unwrap());
    assert_eq!(arriving(&folder), 0);
    assert_eq!(std::io::read_to_string(root.read(here, digest, size).unwrap()).unwrap(), "the whole content");
    assert!(matches!(root.read(elsewhere, digest, size), Err(OpenBlobError::Missing)));
    root.take(here).unwrap().discard(digest).unwrap();
    assert!(matches!(root.read(here, digest, size), Err(OpenBlobError::Missing)));
}

#[test]
fn a_file_that_was_changed_behind_our_back_is_not_shown() {
    let (folder, root) = root();
    let job = job();
    let upload = arrived(&root, b"abc");
    let digest = upload.digest();
    root.take(job).unwrap().keep(&upload).unwrap();
    let name = digest.to_string().replace("sha256:", "");
    let path = folder.path().join(job.to_string()).join(name);
    for changed in ["abd", "abcd", ""] {
        std::fs::write(&path, changed).unwrap();
        assert!(matches!(root.read(job, digest, 3), Err(OpenBlobError::Altered)), "{changed}");
    }
    std::fs::remove_file(&path).unwrap();
    std::os::unix::fs::symlink("/etc/passwd", &path).unwrap();
    assert!(root.read(job, digest, 3).is_err());
}

#[test]
fn what_is_too_large_or_given_up_leaves_nothing() {
    let (folder, root) = root();
    let mut upload = root.begin(4).unwrap();
    upload.write(b"abc").unwrap();
    assert!(upload.has_room(1) && !upload.has_room(2));
    assert_eq!(upload.write(b"de").unwrap_err().kind(), std::io::ErrorKind::FileTooLarge);
    upload.write(b"d").unwrap();
    assert_eq!(arriving(&folder), 1);
    drop(upload);
    drop(arrived(&root, b"finished but never kept"));
    assert_eq!(arriving(&folder), 0);
}

#[test]
fn opening_clears_away_what_was_left_for_a_day() {
    let (folder, root) = root();
    let (old, new) = (folder.path().join("arriving/old"), folder.path().join("arriving/new"));
    for path in [&old, &new] {
        std::fs::write(path, "half").unwrap();
    }
    let yesterday = std::time::SystemTime::now() - std::time::Duration::from_secs(25 * 60 * 60);
    std::fs::File::options().write(true).open(&old).unwrap().set_modified(yesterday).unwrap();
    drop(root);
    BlobRoot::open(folder.path()).unwrap();
    assert!(!old.exists() && new.exists());
}

#[test]
fn one_pair_of_hands_at_a_time() {
    let (_folder, root) = root();
    let job = job();
    let held = root.take(job).unwrap();
    let other = root;
    let waiting = std::thread::spawn(move || drop(other.take(job).unwrap()));
    std::thread::sleep(std::time::Duration::from_millis(50));
    assert!(!waiting.is_finished());
    drop(held);
    waiting.join().unwrap();
}
