//! A server that answers what it is told to, because a real tower cannot be made to lie.

use std::collections::BTreeMap;
use std::io::{BufRead as _, BufReader, Read as _, Write as _};
use std::net::{TcpListener, TcpStream};
use std::path::Path;
use std::process::Output;
use std::sync::{Arc, Mutex, PoisonError};

use serde_json::Value;

use super::binary::{checked, jct};

/// Answers and requests of a server.
#[derive(Default)]
struct Script {
    answers: BTreeMap<String, (u16, Vec<u8>)>,
    requests: Vec<(String, Value)>,
}

/// A server that answers `METHOD /path` as it was told, and 404 to everything else.
pub(crate) struct Server {
    /// Its address.
    pub(crate) url: String,
    script: Arc<Mutex<Script>>,
}

impl Server {
    pub(crate) fn start() -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").expect("a port");
        let url = format!("http://{}", listener.local_addr().expect("its number"));
        let script = Arc::<Mutex<Script>>::default();
        let shared = Arc::clone(&script);
        std::thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                answer(stream, &shared);
            }
        });
        Self { url, script }
    }

    /// Answers this request with these bytes from now on.
    pub(crate) fn answer(&self, request: &str, status: u16, body: impl Into<Vec<u8>>) {
        let mut script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.answers.insert(request.to_owned(), (status, body.into()));
    }

    /// The bodies that came to this request.
    pub(crate) fn sent(&self, request: &str) -> Vec<Value> {
        let script = self.script.lock().unwrap_or_else(PoisonError::into_inner);
        script.requests.iter().filter(|(name, _)| name == request).map(|(_, body)| body.clone()).collect()
    }

    /// Runs `jct` against it.
    #[track_caller]
    pub(crate) fn run(&self, folder: &Path, expect: i32, arguments: &[&str]) -> String {
        let output = self.output(folder, arguments);
        checked(&output, expect, arguments)
    }

    pub(crate) fn output(&self, folder: &Path, arguments: &[&str]) -> Output {
        jct(folder, arguments).env("JCT_URL", &self.url).output().expect("run")
    }
}

/// One request a connection is enough for a test.
fn answer(stream: TcpStream, script: &Mutex<Script>) -> Option<()> {
    let mut reader = BufReader::new(stream.try_clone().ok()?);
    let (mut first, mut length) = (String::new(), 0);
    reader.read_line(&mut first).ok()?;
    loop {
        let mut line = String::new();
        reader.read_line(&mut line).ok()?;
        match line.trim_end().split_once(": ") {
            Some((name, value)) if name.eq_ignore_ascii_case("content-length") => length = value.parse().ok()?,
            Some(_) => {}
            None => break,
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let mut words = first.split(' ');
    let path = |target: &str| target.split('?').next().unwrap_or_default().to_owned();
    let request = format!("{} {}", words.next()?, path(words.next()?));
    let (status, answer) = {
        let mut script = script.lock().unwrap_or_else(PoisonError::into_inner);
        script.requests.push((request.clone(), serde_json::from_slice(&body).unwrap_or_default()));
        let unknown = (404, br#"{"code": "NOT_FOUND", "message": "not here"}"#.to_vec());
        script.answers.get(&request).cloned().unwrap_or(unknown)
    };
    let mut stream = stream;
    let head = format!("HTTP/1.1 {status} It\r\nContent-Length: {}\r\nConnection: close\r\n\r\n", answer.len());
    stream.write_all(&[head.as_bytes(), &answer].concat()).ok()
}
