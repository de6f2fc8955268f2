use std::path::PathBuf;

use crate::app::Error;

/// What the command line says.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) database: PathBuf,
    /// The domain that passkeys are for.
    pub(crate) rp_id: String,
    /// Where the application is, app 1 first.
    pub(crate) origins: Vec<String>,
    /// Whether every request comes through a proxy of one's own.
    pub(crate) is_proxied: bool,
}

impl Options {
    pub(crate) fn from_args(args: impl IntoIterator<Item = String>) -> Result<Self, Error> {
        let mut options = Self {
            port: 3000,
            database: std::env::temp_dir().join("existing_app.db"),
            rp_id: "existing.localhost".into(),
            origins: Vec::new(),
            is_proxied: false,
        };
        let mut args = args.into_iter();
        while let Some(flag) = args.next() {
            if flag == "--behind-proxy" {
                options.is_proxied = true;
                continue;
            }
            let value = args.next().ok_or_else(|| format!("{flag} has a value, or is unknown"))?;
            match flag.as_str() {
                "--port" => options.port = value.parse()?,
                "--database" => options.database = value.into(),
                "--rp-id" => options.rp_id = value,
                "--origin" => options.origins.push(value),
                _ => return Err(format!("{flag} is unknown").into()),
            }
        }
        Ok(options)
    }

    /// Says on which port it listens, which was perhaps picked. Without other origins it is there on
    /// this machine: browsers find names under `localhost` by themselves.
    pub(crate) fn listening_on(&mut self, port: u16) {
        self.port = port;
        if self.origins.is_empty() {
            let names = ["existing.localhost", "app2.existing.localhost"];
            self.origins = names.map(|name| format!("http://{name}:{port}")).to_vec();
        }
    }
}
