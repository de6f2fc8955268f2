use std::error::Error;
use std::path::PathBuf;

use crate::places;

/// What `--help` prints.
pub(crate) const USAGE: &str =
    "onboarding [--port N] [--origin ORIGIN]... [--rp-id ID] [--setup-file FILE] [--relaxed-limits]

  --port N            where app 1 listens: 3000 unless told otherwise, and 0 picks one
  --origin ORIGIN     where app 2 runs: http://localhost:3001, or https://... behind a tunnel
  --rp-id ID          the relying party's id: localhost unless told otherwise
  --setup-file FILE   writes there what a client needs to be the user
  --relaxed-limits    for load tests";

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
    /// `None` if somebody asks for help.
    pub(crate) fn from_args(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, Box<dyn Error>> {
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
                "--port" => {
                    options.port = value()?.parse().map_err(|_| "--port needs a number up to 65535")?
                }
                "--origin" => options.origins.push(places::read_origin(&value()?)?),
                "--rp-id" => options.rp_id = value()?,
                "--setup-file" => options.setup_file = Some(value()?.into()),
                "--relaxed-limits" => options.limits = Limits::Relaxed,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown flag {flag}\n\n{USAGE}").into()),
            }
        }
        Ok(Some(options))
    }
}
