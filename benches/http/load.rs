//! A server, and clients that send requests as fast as they can.

use std::net::SocketAddr;
use std::sync::Arc;
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::{Duration, Instant};

use axum::Router;
use axum::body::Bytes;
use http::{Request, header};
use http_body_util::{BodyExt, Full};
use hyper::client::conn::http1;
use hyper_util::rt::TokioIo;
use tokio::net::{TcpListener, TcpStream};
use tokio::runtime::{Builder, Runtime};

/// A server on a runtime of its own, with a thread for each core.
pub(crate) struct Server {
    runtime: Runtime,
    address: SocketAddr,
}

impl Server {
    pub(crate) fn start(app: Router) -> Self {
        let runtime = Builder::new_multi_thread().thread_name("bench-server").enable_all().build();
        let runtime = runtime.expect("a runtime");
        let listener = runtime.block_on(TcpListener::bind("127.0.0.1:0")).expect("a port");
        let address = listener.local_addr().expect("an address");
        runtime.spawn(async move { axum::serve(listener, app).await });
        Self { runtime, address }
    }

    pub(crate) fn stop(self) {
        self.runtime.shutdown_background();
    }
}

/// Returns how long the threads of servers have been running, where the system tells it.
fn server_time() -> Option<Duration> {
    let tasks = std::fs::read_dir("/proc/self/task").ok()?;
    let running = tasks.flatten().filter_map(|task| {
        let name = std::fs::read_to_string(task.path().join("comm")).ok()?;
        let times = std::fs::read_to_string(task.path().join("schedstat")).ok()?;
        let nanoseconds = times.split(' ').next()?.parse().ok()?;
        (name.trim() == "bench-server").then(|| Duration::from_nanos(nanoseconds))
    });
    Some(running.sum())
}

pub(crate) struct Sent {
    /// Requests per second.
    pub(crate) rate: f64,
    /// The server's running time for each request, in microseconds.
    pub(crate) server_micros: Option<f64>,
    /// The length of an answer.
    pub(crate) answer: usize,
}

/// Sends every body once, over connections that are kept open. Every answer has to be 200.
pub(crate) fn send(server: &Server, path: &'static str, connections: usize, bodies: Vec<Bytes>) -> Sent {
    let clients = Builder::new_multi_thread().enable_all().build().expect("a runtime");
    let count = bodies.len();
    let (bodies, next, longest) =
        (Arc::new(bodies), Arc::new(AtomicUsize::new(0)), Arc::new(AtomicUsize::new(0)));
    let address = server.address;
    clients.block_on(async move {
        let mut senders = Vec::new();
        for _ in 0..connections {
            let stream = TcpStream::connect(address).await.expect("a connection");
            stream.set_nodelay(true).expect("the option exists");
            let (sender, connection) = http1::handshake(TokioIo::new(stream)).await.expect("a handshake");
            tokio::spawn(connection);
            senders.push(sender);
        }
        let (before, start) = (server_time(), Instant::now());
        let tasks: Vec<_> = senders
            .into_iter()
            .map(|mut sender| {
                let (bodies, next, longest) = (bodies.clone(), next.clone(), longest.clone());
                tokio::spawn(async move {
                    while let Some(body) = bodies.get(next.fetch_add(1, Ordering::Relaxed)) {
                        let request = Request::post(path)
                            .header(header::HOST, "localhost")
                            .header(header::CONTENT_TYPE, "application/json")
                            .body(Full::new(body.clone()))
                            .expect("a request");
                        let response = sender.send_request(request).await.expect("an answer");
                        assert_eq!(response.status(), 200);
                        let answer = response.into_body().collect().await.expect("a body").to_bytes();
                        longest.fetch_max(answer.len(), Ordering::Relaxed);
                    }
                })
            })
            .collect();
        for task in tasks {
            task.await.expect("every request was answered");
        }
        let took = start.elapsed().as_secs_f64();
        let server_micros = before
            .zip(server_time())
            .map(|(before, after)| after.saturating_sub(before).as_secs_f64() * 1e6 / count as f64);
        Sent { rate: count as f64 / took, server_micros, answer: longest.load(Ordering::Relaxed) }
    })
}
