//! A Redis server of the test's own: alone on a socket, alone with TLS, or as a cluster. Its files
//! are in a temporary directory.

use std::ffi::OsStr;
use std::fs;
use std::path::Path;
use std::process::{Child, Command, Stdio};
use std::time::{Duration, Instant};

use redis::{Client, Connection, TlsCertificates};

use super::Directory;

const PATIENCE: Duration = Duration::from_secs(30);
const SLOTS: u16 = 16_384;

#[derive(Debug)]
pub(crate) struct Redis {
    directory: Directory,
    options: Vec<String>,
    client: Client,
    url: String,
    process: Option<Child>,
}

impl Redis {
    /// Starts a new server on a socket. Where the machine has no Redis, it returns `None` and says
    /// so. There a run with `CI` set fails.
    pub(crate) fn start() -> Option<Self> {
        Self::start_with(&[])
    }

    /// Starts a server with its own options, for example `["--appendonly", "yes"]`.
    pub(crate) fn start_with(options: &[&str]) -> Option<Self> {
        is_there()?;
        let directory = Directory::new("redis");
        let socket = directory.path().join("socket");
        let url = format!("unix://{}", socket.display());
        let mut all = vec!["--port".to_owned(), "0".to_owned(), "--unixsocket".to_owned(), text(&socket)];
        all.extend(options.iter().map(|option| (*option).to_owned()));
        Some(Self::run(directory, all, Client::open(url.as_str()).unwrap(), url))
    }

    /// Starts a server that speaks only TLS, and only to clients with this certificate.
    pub(crate) fn start_tls(certificate: &str, key: &str, clients: &TlsCertificates) -> Option<Self> {
        is_there()?;
        let (directory, port) = (Directory::new("redis-tls"), super::free_port());
        let [certificate_file, key_file] = [("certificate", certificate), ("key", key)].map(|(name, pem)| {
            let file = directory.path().join(name);
            fs::write(&file, pem).unwrap();
            text(&file)
        });
        let port = port.to_string();
        let options = [
            ["--port", "0"],
            ["--tls-port", &port],
            ["--tls-cert-file", &certificate_file],
            ["--tls-key-file", &key_file],
            ["--tls-ca-cert-file", &certificate_file],
            ["--tls-auth-clients", "yes"],
        ];
        let options = options.concat().into_iter().map(str::to_owned).collect();
        let url = format!("rediss://localhost:{port}/");
        let client = Client::build_with_tls(url.as_str(), clients.clone()).unwrap();
        Some(Self::run(directory, options, client, url))
    }

    fn run(directory: Directory, options: Vec<String>, client: Client, url: String) -> Self {
        let mut server = Self { directory, options, client, url, process: None };
        server.start_again();
        server
    }

    pub(crate) fn url(&self) -> &str {
        &self.url
    }

    /// Opens a connection of the test's own.
    pub(crate) fn connection(&self) -> Connection {
        self.client.get_connection_with_timeout(PATIENCE).unwrap()
    }

    /// Returns how often the server was asked this command since it started: `GETDEL` is `getdel`.
    pub(crate) fn calls(&self, command: &str) -> u64 {
        let statistics: String =
            redis::cmd("INFO").arg("commandstats").query(&mut self.connection()).unwrap();
        let prefix = format!("cmdstat_{command}:calls=");
        let line = statistics.lines().find_map(|line| line.strip_prefix(&prefix));
        line.map_or(0, |rest| rest.split(',').next().unwrap().parse().unwrap())
    }

    /// Kills the server as a crash would, without a word to anybody.
    pub(crate) fn kill(&mut self) {
        if let Some(mut process) = self.process.take() {
            super::signal(&process, "KILL");
            process.wait().unwrap();
        }
    }

    /// Starts it again over the same files and at the same address, and waits until it answers.
    pub(crate) fn start_again(&mut self) {
        let log = self.directory.path().join("log");
        let mut command = Command::new("redis-server");
        command.args(["--save", "", "--appendonly", "no", "--maxmemory-policy", "noeviction"]);
        command.arg("--dir").arg(self.directory.path()).arg("--logfile").arg(&log).args(&self.options);
        let process = command.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::null()).spawn();
        self.process = Some(process.unwrap());
        wait_until(|| {
            let answer = self.client.get_connection_with_timeout(Duration::from_secs(1));
            let answer =
                answer.and_then(|mut connection| redis::cmd("PING").query::<String>(&mut connection));
            let gone = self.process.as_mut().unwrap().try_wait().unwrap();
            assert!(gone.is_none(), "{}", fs::read_to_string(&log).unwrap_or_default());
            answer.is_ok()
        });
    }

    /// Stops the server, until [`thaw`](Self::thaw). Connections stay, and nothing answers.
    pub(crate) fn freeze(&self) {
        super::signal(self.process.as_ref().unwrap(), "STOP");
    }

    pub(crate) fn thaw(&self) {
        super::signal(self.process.as_ref().unwrap(), "CONT");
    }
}

impl Drop for Redis {
    fn drop(&mut self) {
        if let Some(process) = &mut self.process {
            let _ = process.kill();
            let _ = process.wait();
        }
    }
}

/// Three servers that are one cluster, without replicas.
#[derive(Debug)]
pub(crate) struct RedisCluster(Vec<Redis>);

impl RedisCluster {
    pub(crate) fn start() -> Option<Self> {
        is_there()?;
        let nodes: Vec<Redis> = std::iter::repeat_with(Self::node).take(3).collect();
        let ask = |node: &Redis, words: &[&str]| -> String {
            redis::cmd("CLUSTER").arg(words).query(&mut node.connection()).unwrap()
        };
        let share = SLOTS / 3 + 1;
        for (number, node) in (0..).zip(&nodes) {
            let (first, last) = (number * share, ((number + 1) * share).min(SLOTS) - 1);
            ask(node, &["ADDSLOTSRANGE", &first.to_string(), &last.to_string()]);
            ask(node, &["SET-CONFIG-EPOCH", &(number + 1).to_string()]);
        }
        for node in &nodes[1..] {
            let [port, bus] = ["--port", "--cluster-port"].map(|name| node.option(name));
            ask(&nodes[0], &["MEET", "127.0.0.1", port, bus]);
        }
        for node in &nodes {
            wait_until(|| {
                let info = ask(node, &["INFO"]);
                info.contains("cluster_state:ok") && info.contains("cluster_known_nodes:3")
            });
        }
        Some(Self(nodes))
    }

    fn node() -> Redis {
        let (directory, port) = (Directory::new("redis-node"), super::free_port().to_string());
        let url = format!("redis://127.0.0.1:{port}/");
        let bus = super::free_port().to_string();
        let options = [
            ["--port", &port],
            ["--bind", "127.0.0.1"],
            ["--cluster-enabled", "yes"],
            ["--cluster-port", &bus],
        ];
        let options = options.concat().into_iter().map(str::to_owned).collect();
        Redis::run(directory, options, Client::open(url.as_str()).unwrap(), url)
    }

    pub(crate) fn urls(&self) -> impl Iterator<Item = &str> {
        self.0.iter().map(Redis::url)
    }

    pub(crate) fn calls(&self, command: &str) -> Vec<u64> {
        self.0.iter().map(|node| node.calls(command)).collect()
    }
}

impl Redis {
    fn option(&self, name: &str) -> &str {
        let at = self.options.iter().position(|option| option == name).unwrap();
        &self.options[at + 1]
    }
}

fn is_there() -> Option<()> {
    let version = Command::new("redis-server").arg("--version").output().ok();
    super::found("redis-server", version.map(drop))
}

fn wait_until(mut holds: impl FnMut() -> bool) {
    let started = Instant::now();
    while !holds() {
        assert!(started.elapsed() < PATIENCE, "the server does not come up");
        std::thread::sleep(Duration::from_millis(10));
    }
}

fn text(path: &Path) -> String {
    let path: &OsStr = path.as_ref();
    path.to_str().unwrap().to_owned()
}
