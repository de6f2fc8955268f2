//! Run: cargo run -p existing_app
//!
//! A small application that signs people in with passkeys, by webauthn-rs. It shows what you add to
//! use this library: the folder `codes`, and the lines that the README shows.
//!
//! It runs at `http://existing.localhost:3000`, and as a second app at
//! `http://app2.existing.localhost:3000`. `--origin O` and `--rp-id ID` put it elsewhere.
//! `--origin` may be repeated, and the first one is app 1. `--behind-proxy` says that your own
//! proxy is in front. `--database FILE` says where users are kept. `--port 0` picks a port.

mod accounts;
mod app;
#[cfg(feature = "code")]
mod codes;
mod database;
mod options;
mod outbox;
mod sessions;
mod sign_in;
#[cfg(test)]
mod tests;

use std::net::SocketAddr;
use std::process::ExitCode;

use axum::serve;
use tokio::net::TcpListener;

use crate::app::Error;
use crate::options::Options;

#[tokio::main]
async fn main() -> ExitCode {
    tracing_subscriber::fmt().with_writer(std::io::stderr).init();
    match run().await {
        Ok(()) => ExitCode::SUCCESS,
        Err(error) => {
            eprintln!("{error}");
            ExitCode::FAILURE
        }
    }
}

async fn run() -> Result<(), Error> {
    let mut options = Options::from_args(std::env::args().skip(1))?;
    let listener = TcpListener::bind(("127.0.0.1", options.port)).await?;
    options.listening_on(listener.local_addr()?.port());
    let db = database::open(&options.database).await?;
    let router = app::router(&options, &db).await?;
    println!("Listening on port {} as {}", options.port, options.origins.join(" and "));
    tokio::select! {
        served = serve(listener, router.into_make_service_with_connect_info::<SocketAddr>()) => served?,
        delivered = outbox::deliver(&db) => delivered?,
        interrupted = tokio::signal::ctrl_c() => interrupted?,
    }
    Ok(())
}
