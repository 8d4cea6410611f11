//! What needs a real connection: slow bodies, and the end of the server.

use std::net::SocketAddr;
use std::time::Duration;

use jct_policy::PolicyConfig;
use jct_store::{DatabaseUrl, Store, StoreOptions};
use jct_tower::{Tower, TowerOptions};
use tempfile::TempDir;
use tokio::io::{AsyncReadExt, AsyncWriteExt};
use tokio::net::TcpStream;
use tokio::sync::oneshot;
use tokio::task::JoinHandle;

use super::app::task;
use crate::{AppState, HttpOptions, bind};

struct Running {
    address: SocketAddr,
    stop: oneshot::Sender<()>,
    served: JoinHandle<std::io::Result<()>>,
    _folder: TempDir,
}

async fn start(options: HttpOptions) -> Running {
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(folder.path().join("jct.db"));
    let store = Store::open(&url, StoreOptions::default()).await.unwrap();
    let policy = PolicyConfig::from_prefix_list("myorg/").unwrap();
    let tower = Tower::new(store, TowerOptions { policy, ..TowerOptions::default() });
    let server = bind(HttpOptions { port: 0, workers: 1, ..options }, AppState::new(tower, "0")).unwrap();
    let (address, (stop, stopped)) = (server.address(), oneshot::channel());
    let served = tokio::spawn(server.serve(async {
        let _ = stopped.await;
    }));
    Running { address, stop, served, _folder: folder }
}

async fn send(address: SocketAddr, request: &str) -> TcpStream {
    let mut stream = TcpStream::connect(address).await.unwrap();
    stream.write_all(request.as_bytes()).await.unwrap();
    stream
}

async fn read_all(mut stream: TcpStream) -> String {
    let mut bytes = Vec::new();
    stream.read_to_end(&mut bytes).await.unwrap();
    String::from_utf8_lossy(&bytes).into_owned()
}

fn post(body: &str, announced: usize) -> String {
    format!(
        "POST /tasks/enqueue HTTP/1.1\r\nhost: localhost\r\nconnection: close\r\ncontent-type: application/json\r\n\
         content-length: {announced}\r\n\r\n{body}"
    )
}

#[tokio::test(flavor = "multi_thread")]
async fn a_body_that_never_arrives_is_a_timeout() {
    let running = start(HttpOptions { request_timeout: Duration::from_secs(2), ..HttpOptions::default() }).await;
    let answer = read_all(send(running.address, &post("{", 100)).await).await;
    assert!(answer.starts_with("HTTP/1.1 408 "), "{answer}");
    assert!(answer.contains("\"code\":\"REQUEST_TIMEOUT\""), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_announced_body_that_is_too_large_is_refused_before_it_is_read() {
    let running = start(HttpOptions::default()).await;
    let answer = read_all(send(running.address, &post("{", 2 << 20)).await).await;
    assert!(answer.starts_with("HTTP/1.1 413 "), "{answer}");
    assert!(answer.contains("connection: close"), "{answer}");
}

#[tokio::test(flavor = "multi_thread")]
async fn an_open_event_stream_does_not_hold_up_the_end_of_the_server() {
    let running = start(HttpOptions { shutdown_grace: Duration::from_secs(60), ..HttpOptions::default() }).await;
    let body = task().to_string();
    let enqueued = read_all(send(running.address, &post(&body, body.len())).await).await;
    assert!(enqueued.starts_with("HTTP/1.1 201 "), "{enqueued}");
    let id = enqueued.split("\"task_id\":\"").nth(1).unwrap().get(..36).unwrap().to_owned();
    let mut stream =
        send(running.address, &format!("GET /tasks/{id}/events HTTP/1.1\r\nhost: localhost\r\n\r\n")).await;
    let mut first = [0; 1024];
    let read = stream.read(&mut first).await.unwrap();
    assert!(String::from_utf8_lossy(&first[..read]).starts_with("HTTP/1.1 200 OK"));
    running.stop.send(()).unwrap();
    let ended = tokio::time::timeout(Duration::from_secs(20), running.served).await;
    ended.expect("the stream held up the shutdown").unwrap().unwrap();
}

#[tokio::test(flavor = "multi_thread")]
async fn a_taken_address_is_an_error_that_names_it() {
    let running = start(HttpOptions::default()).await;
    let folder = tempfile::tempdir().unwrap();
    let url = DatabaseUrl::sqlite(folder.path().join("jct.db"));
    let store = Store::open(&url, StoreOptions::default()).await.unwrap();
    let app = AppState::new(Tower::new(store, TowerOptions::default()), "0");
    let error = bind(HttpOptions { port: running.address.port(), ..HttpOptions::default() }, app).unwrap_err();
    assert_eq!(error.to_string(), format!("failed to listen on {}", running.address));
}
