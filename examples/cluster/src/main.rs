//! Run: cargo run -p cluster
//!
//! Two processes behind one address. PostgreSQL keeps users and credentials, and Redis keeps
//! one-time records and budgets. Each request goes to the next process. So a step of a flow never
//! runs on the process that ran the step before. `worker.rs` is the file to copy.
//!
//! It starts its own servers and deletes them in the end. `--postgres URL --redis URL` names yours
//! instead. `--walk-through` goes through the flow once and ends. `--port N` is 3000, and 0 picks
//! one. `benches/cluster` counts the flows that such processes do.

mod balancer;
mod client;
mod engines;
mod options;
mod processes;
#[path = "../../../tests/support/servers/mod.rs"]
mod servers;
mod walk_through;
mod worker;

use std::net::SocketAddr;

use axum::Router;
use credential_code::error::BoxError;
use credential_code::model::{User, UserId};
use credential_code::store::SqlStore;
use tokio::net::TcpListener;

use crate::balancer::Balancer;
use crate::engines::Engines;
use crate::options::{Options, Task};
use crate::processes::{Processes, Ring};

fn main() -> Result<(), BoxError> {
    match worker::name() {
        Some(name) => worker::run(name),
        None => run(Options::from_args(std::env::args().skip(1))?),
    }
}

#[tokio::main]
async fn run(options: Options) -> Result<(), BoxError> {
    let engines = Engines::start(options.engines)?;
    let store = SqlStore::connect_postgres(&engines.postgres_url).await?;
    store.migrate().await?;
    store.put_user(&User::new(UserId::new(worker::ADA)?, "ada@example.com")).await?;
    // Waits for the end of the task or for Ctrl-C, whichever comes first. Either way processes and
    // engines are stopped on the way out.
    tokio::select! {
        done = serve(&engines, options.port, options.task) => done,
        interrupted = tokio::signal::ctrl_c() => Ok(interrupted?),
    }
}

async fn serve(engines: &Engines, port: u16, task: Task) -> Result<(), BoxError> {
    let listener = TcpListener::bind(("127.0.0.1", port)).await?;
    let address = listener.local_addr()?;
    let origin = format!("http://localhost:{}", address.port());
    let processes = Processes::start(2, engines, &Ring::random()?, &origin)?;
    let balancer = Router::new().fallback(Balancer::forward).with_state(Balancer::new(processes.addresses()));
    let service = balancer.into_make_service_with_connect_info::<SocketAddr>();
    let serving = axum::serve(listener, service).into_future();
    match task {
        Task::Serve => {
            println!("Two processes behind http://{address}. Ctrl-C ends them. In another terminal:\n");
            let script = include_str!("../../axum_app/add_credential.sh");
            println!(
                "{}",
                script.replace("3000", &address.port().to_string()).replace("curl -s", "curl -si")
            );
            Ok(serving.await?)
        }
        Task::WalkThrough => tokio::select! {
            served = serving => Ok(served?),
            walked = walk_through::run(address) => walked,
        },
    }
}
