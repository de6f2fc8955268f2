use std::error::Error;
use std::path::PathBuf;

/// What the command line says.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) origins: Vec<String>,
    pub(crate) rp_id: String,
    pub(crate) setup_file: Option<PathBuf>,
    pub(crate) limits: Limits,
}

/// How much anybody may ask for.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Limits {
    /// What the library allows unless told otherwise.
    Default,
    /// Enough for load tests, and for nothing else.
    Relaxed,
}

impl Options {
    pub(crate) fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, Box<dyn Error>> {
        let mut options = Self {
            port: 3000,
            origins: Vec::new(),
            rp_id: "localhost".to_owned(),
            setup_file: None,
            limits: Limits::Default,
        };
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or(format!("{flag} needs a value"));
            match flag.as_str() {
                "--port" => options.port = value()?.parse()?,
                "--origin" => options.origins.push(value()?),
                "--rp-id" => options.rp_id = value()?,
                "--setup-file" => options.setup_file = Some(value()?.into()),
                "--relaxed-limits" => options.limits = Limits::Relaxed,
                _ => return Err(format!("unknown flag {flag}").into()),
            }
        }
        Ok(options)
    }
}
