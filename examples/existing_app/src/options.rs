use std::path::PathBuf;

use crate::app::Error;

/// The options of the command line.
#[derive(Clone, Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) database: PathBuf,
    /// The domain that passkeys are for.
    pub(crate) rp_id: String,
    /// The origins of the application, app 1 first.
    pub(crate) origins: Vec<String>,
    /// Whether every request comes through your own proxy.
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

    /// Sets the port that the application listens on, which the system may have picked. Without
    /// other origins the application is on this machine: browsers find names under `localhost` by
    /// themselves.
    pub(crate) fn listening_on(&mut self, port: u16) {
        self.port = port;
        if self.origins.is_empty() {
            let names = ["existing.localhost", "app2.existing.localhost"];
            self.origins = names.map(|name| format!("http://{name}:{port}")).to_vec();
        }
    }
}
