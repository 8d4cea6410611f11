//! A service for embeddings that says what a test wants it to say.

use std::io::{BufRead, BufReader, Read, Write};
use std::net::{TcpListener, TcpStream};
use std::sync::{Arc, Mutex};
use std::thread;

use serde_json::{Value, json};

/// What the service answers.
pub(crate) struct Reply {
    pub(crate) status: u16,
    pub(crate) headers: &'static str,
    pub(crate) body: String,
}

impl Reply {
    pub(crate) fn status(status: u16) -> Self {
        Self { status, headers: "", body: "{\"error\":\"s3cret of the service\"}".to_owned() }
    }

    pub(crate) fn body(body: &Value) -> Self {
        Self { status: 200, headers: "", body: body.to_string() }
    }
}

/// One call, as the service has heard it.
#[derive(Clone, Debug)]
pub(crate) struct Call {
    pub(crate) path: String,
    pub(crate) authorization: Option<String>,
    pub(crate) body: Value,
}

impl Call {
    pub(crate) fn texts(&self) -> Vec<String> {
        self.body["input"].as_array().unwrap().iter().map(|text| text.as_str().unwrap().to_owned()).collect()
    }
}

/// The running service. Its threads end with the process.
pub(crate) struct Stub {
    pub(crate) url: String,
    calls: Arc<Mutex<Vec<Call>>>,
}

impl Stub {
    /// Answers every call with what `answer` makes of its number, from 0, and itself.
    pub(crate) fn start(answer: impl Fn(usize, &Call) -> Reply + Send + Sync + 'static) -> Self {
        let listener = TcpListener::bind("127.0.0.1:0").unwrap();
        let url = format!("http://{}/v1", listener.local_addr().unwrap());
        let calls: Arc<Mutex<Vec<Call>>> = Arc::default();
        let (heard, answer) = (calls.clone(), Arc::new(answer));
        thread::spawn(move || {
            for stream in listener.incoming().flatten() {
                let (heard, answer) = (heard.clone(), answer.clone());
                thread::spawn(move || while let Some(()) = serve(&stream, &heard, answer.as_ref()) {});
            }
        });
        Self { url, calls }
    }

    /// A service that always answers well.
    pub(crate) fn good() -> Self {
        Self::start(|_, call| Reply::body(&vectors(&call.texts())))
    }

    pub(crate) fn calls(&self) -> Vec<Call> {
        self.calls.lock().unwrap().clone()
    }
}

/// A vector that tells texts apart.
pub(crate) fn vector(text: &str) -> [f32; 3] {
    let sum: u32 = text.bytes().map(u32::from).sum();
    [f32::from(u16::try_from(text.len()).unwrap()), f32::from(u16::try_from(sum % 1000).unwrap()), 0.5]
}

/// A good answer, its vectors in the wrong order and their indices in the right one.
pub(crate) fn vectors(texts: &[String]) -> Value {
    let all = texts.iter().enumerate().rev();
    let data: Vec<Value> =
        all.map(|(index, text)| json!({ "object": "embedding", "index": index, "embedding": vector(text) })).collect();
    json!({ "object": "list", "data": data, "usage": { "prompt_tokens": texts.len(), "total_tokens": texts.len() } })
}

fn serve(mut stream: &TcpStream, heard: &Mutex<Vec<Call>>, answer: &dyn Fn(usize, &Call) -> Reply) -> Option<()> {
    let mut reader = BufReader::new(stream);
    let mut line = String::new();
    reader.read_line(&mut line).ok().filter(|read| *read > 0)?;
    let path = line.split(' ').nth(1)?.to_owned();
    let (mut length, mut authorization) = (0, None);
    loop {
        let mut header = String::new();
        reader.read_line(&mut header).ok().filter(|read| *read > 0)?;
        let Some((name, value)) = header.trim_end().split_once(':') else { break };
        match name.to_ascii_lowercase().as_str() {
            "content-length" => length = value.trim().parse().ok()?,
            "authorization" => authorization = Some(value.trim().to_owned()),
            _ => {}
        }
    }
    let mut body = vec![0; length];
    reader.read_exact(&mut body).ok()?;
    let call = Call { path, authorization, body: serde_json::from_slice(&body).ok()? };
    let number = {
        let mut calls = heard.lock().unwrap();
        calls.push(call.clone());
        calls.len() - 1
    };
    let Reply { status, headers, body } = answer(number, &call);
    let head = format!(
        "HTTP/1.1 {status} X\r\nContent-Type: application/json\r\n{headers}Content-Length: {}\r\n\r\n",
        body.len()
    );
    stream.write_all(head.as_bytes()).ok()?;
    stream.write_all(body.as_bytes()).ok()
}
