//! A PostgreSQL server of the test's own. Its files are in a temporary directory, its socket is
//! beside them, and it has no port.

use std::fs::{self, File};
use std::os::unix::fs::{MetadataExt, chown};
use std::os::unix::process::CommandExt;
use std::path::{Path, PathBuf};
use std::process::{Child, Command, Stdio};
use std::sync::LazyLock;
use std::sync::atomic::{AtomicU32, Ordering};
use std::time::{Duration, Instant};

use super::Directory;

/// The user that runs the server when the tests run as root: `nobody`. PostgreSQL refuses to run as
/// root.
const NOBODY: u32 = 65_534;
const PATIENCE: Duration = Duration::from_secs(60);

#[derive(Debug)]
pub(crate) struct Postgres {
    binaries: PathBuf,
    directory: Directory,
    as_nobody: bool,
    settings: Vec<String>,
    process: Option<Child>,
    guard: Option<Child>,
}

impl Postgres {
    /// Starts a new server. Where the machine has no PostgreSQL, it returns `None` and says so.
    /// There a run with `CI` set fails.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts a server with its own settings, for example `log_statement=all`.
    pub(crate) fn start_with(settings: &[&str]) -> Option<Self> {
        let binaries = super::found("PostgreSQL", binaries())?;
        let directory = Directory::new("postgres");
        // The owner of the directory is the user that runs the test.
        let as_nobody = fs::metadata(directory.path()).unwrap().uid() == 0;
        if as_nobody {
            chown(directory.path(), Some(NOBODY), Some(NOBODY)).unwrap();
        }
        let settings = settings.iter().map(|setting| (*setting).to_owned()).collect();
        let mut server = Self { binaries, directory, as_nobody, settings, process: None, guard: None };
        server.initialize();
        server.start_again();
        Some(server)
    }

    /// Returns the one server that all tests of this process may share, if they leave it as it is.
    pub(crate) fn shared() -> Option<&'static Self> {
        static SHARED: LazyLock<Option<Postgres>> =
            LazyLock::new(|| Some(Postgres::start_with(&["max_connections=500"])?.until_exit()));
        SHARED.as_ref()
    }

    /// Adds a guard for a `static`, which is never dropped. The guard waits for the end of this
    /// process, whatever its cause, and then stops the server.
    fn until_exit(mut self) -> Self {
        // Nothing is ever sent, so reading ends when this process ends.
        let script = "read _; \"$0\" stop -m immediate -D \"$1\"; rm -rf \"$2\"";
        let mut command = self.command("/bin/sh");
        command.args(["-c", script]).arg(self.binaries.join("pg_ctl"));
        command.arg(self.data()).arg(self.directory.path());
        // The guard has its own process group. So Control-C at a terminal does not end it as well.
        command.stdin(Stdio::piped()).stderr(Stdio::null()).process_group(0);
        self.guard = Some(command.spawn().unwrap());
        self
    }

    pub(crate) fn url(&self) -> String {
        self.url_of("postgres")
    }

    /// Makes an empty database, and returns its address.
    pub(crate) fn make_database(&self) -> String {
        static COUNT: AtomicU32 = AtomicU32::new(0);
        let name = format!("database_{}", COUNT.fetch_add(1, Ordering::Relaxed));
        let mut command = self.command("createdb");
        command.args(["-U", "postgres", "-p", self.port(), "-h"]).arg(self.directory.path());
        assert!(command.arg(&name).status().unwrap().success());
        self.url_of(&name)
    }

    fn url_of(&self, database: &str) -> String {
        let socket = self.directory.path().display();
        format!("postgres://postgres@localhost:{}/{database}?host={socket}", self.port())
    }

    /// Returns the port that names its socket, if it listens on no other.
    fn port(&self) -> &str {
        self.settings.iter().find_map(|setting| setting.strip_prefix("port=")).unwrap_or("5432")
    }

    /// Returns the server's log.
    pub(crate) fn log(&self) -> String {
        fs::read_to_string(self.directory.path().join("log")).unwrap()
    }

    /// Stops the server. It breaks every connection, writes everything down and ends.
    pub(crate) fn stop(&mut self) {
        self.end("INT");
    }

    /// Stops the server at once, as `pg_ctl stop -m immediate` does. Nothing is written down, and
    /// the next start recovers from the log.
    pub(crate) fn crash(&mut self) {
        self.end("QUIT");
    }

    fn end(&mut self, signal: &str) {
        if let Some(mut process) = self.process.take() {
            super::signal(&process, signal);
            process.wait().unwrap();
        }
    }

    /// Starts it again over the same files, and waits until it answers.
    pub(crate) fn start_again(&mut self) {
        let mut command = self.command("postgres");
        command.arg("-D").arg(self.data()).arg("-k").arg(self.directory.path());
        for setting in
            ["listen_addresses=", "max_connections=100"].into_iter().chain(self.settings.iter().map(|s| &**s))
        {
            command.args(["-c", setting]);
        }
        let log = File::options().create(true).append(true).open(self.directory.path().join("log")).unwrap();
        self.process = Some(command.stderr(log).spawn().unwrap());
        self.wait_until_ready();
    }

    /// Stops every process of the server, until [`thaw`](Self::thaw). Connections stay, and nothing
    /// answers.
    pub(crate) fn freeze(&self) {
        self.signal_all("STOP");
    }

    pub(crate) fn thaw(&self) {
        self.signal_all("CONT");
    }

    fn initialize(&self) {
        let mut command = self.command("initdb");
        command.args(["--username=postgres", "--auth=trust", "--encoding=UTF8", "--no-sync", "--pgdata"]);
        let output = command.arg(self.data()).stdout(Stdio::piped()).stderr(Stdio::piped()).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
    }

    fn wait_until_ready(&mut self) {
        let started = Instant::now();
        loop {
            let mut command = self.command("pg_isready");
            let is_ready =
                command.args(["-q", "-p", self.port(), "-h"]).arg(self.directory.path()).status().unwrap();
            if is_ready.success() {
                return;
            }
            let ended = self.process.as_mut().and_then(|process| process.try_wait().unwrap());
            assert!(
                ended.is_none() && started.elapsed() < PATIENCE,
                "PostgreSQL does not start: {}",
                self.log()
            );
            std::thread::sleep(Duration::from_millis(20));
        }
    }

    fn signal_all(&self, signal: &str) {
        let postmaster = self.process.as_ref().expect("the server runs");
        super::signal(postmaster, signal);
        let children = format!("/proc/{0}/task/{0}/children", postmaster.id());
        let children = fs::read_to_string(children).unwrap();
        // Some may end meanwhile.
        let _ = Command::new("kill").args(["-s", signal]).args(children.split_whitespace()).output().unwrap();
    }

    fn data(&self) -> PathBuf {
        self.directory.path().join("data")
    }

    fn command(&self, binary: &str) -> Command {
        let mut command = Command::new(self.binaries.join(binary));
        command.current_dir(self.directory.path()).stdin(Stdio::null()).stdout(Stdio::null());
        // If the machine has its own server, it is not ours.
        for variable in ["PGHOST", "PGPORT", "PGDATA", "PGUSER"] {
            command.env_remove(variable);
        }
        if self.as_nobody {
            command.uid(NOBODY).gid(NOBODY);
        }
        command
    }
}

impl Drop for Postgres {
    fn drop(&mut self) {
        // At once, since nobody will read the files again.
        self.crash();
    }
}

/// Returns the directory of the newest server: in `PATH`, or where Debian puts them.
fn binaries() -> Option<PathBuf> {
    let path = std::env::var_os("PATH").unwrap_or_default();
    let mut folders: Vec<PathBuf> = fs::read_dir("/usr/lib/postgresql")
        .into_iter()
        .flatten()
        .map(|version| version.unwrap().path().join("bin"))
        .collect();
    let version = |folder: &Path| -> Option<u32> { folder.parent()?.file_name()?.to_str()?.parse().ok() };
    folders.sort_by_key(|folder| std::cmp::Reverse(version(folder)));
    folders.extend(std::env::split_paths(&path));
    folders.into_iter().find(|folder| {
        ["initdb", "postgres", "pg_isready"].iter().all(|binary| folder.join(binary).is_file())
    })
}
