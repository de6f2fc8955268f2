//! Servers that a test starts for itself, from the binaries that the machine has, and stops again.
#![allow(dead_code, reason = "each test uses a part of it")]

#[cfg(feature = "postgres")]
pub(crate) mod postgres;
#[cfg(feature = "redis")]
pub(crate) mod redis;

use std::fs;
use std::io::ErrorKind;
use std::net::TcpListener;
use std::path::{Path, PathBuf};
use std::process::{Child, Command};
use std::sync::atomic::{AtomicU32, Ordering};

/// A directory for one server. It is deleted when the value is dropped.
#[derive(Debug)]
pub(crate) struct Directory(PathBuf);

impl Directory {
    pub(crate) fn new(of: &str) -> Self {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        loop {
            let number = COUNT.fetch_add(1, Ordering::Relaxed);
            let name = format!("credential-code-{of}-{}-{number}", std::process::id());
            let path = std::env::temp_dir().join(name);
            match fs::create_dir(&path) {
                Ok(()) => return Self(path),
                // A process that was killed left it, and had the same id.
                Err(error) if error.kind() == ErrorKind::AlreadyExists => {}
                Err(error) => panic!("{}: {error}", path.display()),
            }
        }
    }

    pub(crate) fn path(&self) -> &Path {
        &self.0
    }
}

impl Drop for Directory {
    fn drop(&mut self) {
        let _ = fs::remove_dir_all(&self.0);
    }
}

/// Returns the binaries of a server. Without them it returns `None`, and says that the test is
/// skipped. With `CI` set it fails instead.
fn found<T>(server: &str, binaries: Option<T>) -> Option<T> {
    if binaries.is_none() {
        assert!(std::env::var_os("CI").is_none(), "{server} is missing, and CI is set");
        eprintln!("Skipped: {server} is missing.");
    }
    binaries
}

fn signal(process: &Child, signal: &str) {
    let id = process.id().to_string();
    let sent = Command::new("kill").args(["-s", signal, &id]).status().unwrap();
    assert!(sent.success(), "kill -s {signal} {id}");
}

/// Returns a port. Others who ask for a port get another one for a while, so nobody takes it before
/// the server does.
pub(crate) fn free_port() -> u16 {
    TcpListener::bind("127.0.0.1:0").unwrap().local_addr().unwrap().port()
}
