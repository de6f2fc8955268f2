//! A process that serves the flow on a socket. It is this binary again, started on a test that is
//! ignored otherwise.

use std::io::{BufRead, BufReader};
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::sync::Arc;

use axum::Router;
use credential_code::model::User;
use credential_code::store::{RedisStore, SlotKey, SlotKeys, SqlStore};
use credential_code::testing::{MemoryHost, site_builder};
use credential_code::{CodeFlow, CodeRouter, Storage};
use tokio::net::UnixListener;

use crate::support::{plenty, user};

const POSTGRES: &str = "CREDENTIAL_CODE_TEST_POSTGRES";
const REDIS: &str = "CREDENTIAL_CODE_TEST_REDIS";
const SOCKET: &str = "CREDENTIAL_CODE_TEST_SOCKET";

#[derive(Debug)]
pub(crate) struct Worker(Child);

impl Worker {
    /// Starts one, and waits until it serves.
    pub(crate) fn start(postgres: &str, redis: &str, socket: &Path) -> Self {
        let _ = std::fs::remove_file(socket);
        let mut command = Command::new(std::env::current_exe().unwrap());
        command.args(["--exact", "worker::worker", "--ignored", "--nocapture"]);
        command.env(POSTGRES, postgres).env(REDIS, redis).env(SOCKET, socket);
        let streams = command.stdin(Stdio::piped()).stdout(Stdio::null()).stderr(Stdio::piped());
        let mut process = streams.spawn().unwrap();
        let mut lines = BufReader::new(process.stderr.take().unwrap()).lines();
        assert_eq!(lines.next().map(Result::unwrap).as_deref(), Some("ready"));
        // It has more to say only if it panics.
        std::thread::spawn(move || lines.map_while(Result::ok).for_each(|line| eprintln!("{line}")));
        Self(process)
    }

    /// Kills the process with `kill -9`.
    pub(crate) fn kill(&mut self) {
        self.0.kill().unwrap();
        self.0.wait().unwrap();
    }
}

impl Drop for Worker {
    fn drop(&mut self) {
        let _ = self.0.kill();
        let _ = self.0.wait();
    }
}

#[ignore = "it is one of the processes that other tests start"]
#[tokio::test(flavor = "multi_thread", worker_threads = 2)]
async fn worker() {
    let [Ok(postgres), Ok(redis), Ok(socket)] = [POSTGRES, REDIS, SOCKET].map(std::env::var) else { return };
    // It never outlives the test that started it.
    std::thread::spawn(|| {
        std::io::stdin().lines().for_each(drop);
        std::process::exit(0);
    });
    let rows = SqlStore::connect_postgres(&postgres).await.unwrap();
    let records = RedisStore::at(redis).connect().await.unwrap();
    let keys = SlotKeys::new(&SlotKey::new([7; 32]).unwrap(), &[]);
    let host = Arc::new(MemoryHost::new([User::new(user(), "ada@example.com")]));
    let site = site_builder(&host).events(|_| {}).users(rows.clone()).credentials(rows);
    let site = site.storage(Storage::shared(records, keys)).build().unwrap();
    let flow = CodeFlow::new(&site, plenty()).unwrap();
    let app = Router::new().nest_service("/auth/credentials", CodeRouter::new(flow));
    let listener = UnixListener::bind(socket).unwrap();
    eprintln!("ready");
    axum::serve(listener, app).await.unwrap();
}
