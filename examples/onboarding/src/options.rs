use std::error::Error;
use std::ops::RangeInclusive;
use std::path::PathBuf;
use std::time::Duration;

use credential_code::model::Approval;

use crate::places;

/// The text that `--help` prints.
pub(crate) const USAGE: &str =
    "onboarding [--port N] [--origin ORIGIN]... [--rp-id ID] [--approval none|asked|code]
           [--approval-lifetime SECONDS] [--setup-file FILE] [--undo-tokens FILE] [--relaxed-limits]

  --port N                     where app 1 listens: 3000 unless told otherwise, and 0 picks one
  --origin ORIGIN              where app 2 runs: http://localhost:3001, or https://... behind a tunnel
  --rp-id ID                   the relying party's id: localhost unless told otherwise
  --approval none|asked|code   whether app 1 is asked before a credential is added: it is asked unless
                               told otherwise, and with `code` for six digits that app 2 shows
  --approval-lifetime SECONDS  how long the answer may take: 300 unless told otherwise, 600 at most
  --setup-file FILE            writes there what a client needs to be one of the two users
  --undo-tokens FILE           adds a line of JSON for each new credential: what takes it back
  --relaxed-limits             for load tests";

/// How long an approval may take, in seconds.
const APPROVAL_LIFETIMES: RangeInclusive<u64> = 1..=600;

/// The options of the command line.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) origins: Vec<String>,
    pub(crate) rp_id: String,
    pub(crate) approval: Approval,
    pub(crate) approval_lifetime: Duration,
    pub(crate) setup_file: Option<PathBuf>,
    pub(crate) undo_tokens: Option<PathBuf>,
    pub(crate) limits: Limits,
}

/// How many requests anybody may make.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Limits {
    /// The default of the library.
    Default,
    /// Enough for load tests, and for nothing else.
    Relaxed,
}

impl Options {
    /// Returns `None` if somebody asks for help.
    pub(crate) fn from_args(mut args: impl Iterator<Item = String>) -> Result<Option<Self>, Box<dyn Error>> {
        let mut options = Self {
            port: 3000,
            origins: Vec::new(),
            rp_id: "localhost".to_owned(),
            approval: Approval::Asked,
            approval_lifetime: Duration::from_secs(300),
            setup_file: None,
            undo_tokens: None,
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
                "--approval" => options.approval = read_approval(&value()?)?,
                "--approval-lifetime" => options.approval_lifetime = read_approval_lifetime(&value()?)?,
                "--undo-tokens" => options.undo_tokens = Some(value()?.into()),
                "--setup-file" => options.setup_file = Some(value()?.into()),
                "--relaxed-limits" => options.limits = Limits::Relaxed,
                "--help" | "-h" => return Ok(None),
                _ => return Err(format!("unknown flag {flag}\n\n{USAGE}").into()),
            }
        }
        Ok(Some(options))
    }
}

fn read_approval(value: &str) -> Result<Approval, String> {
    match value {
        "none" => Ok(Approval::NotAsked),
        "asked" => Ok(Approval::Asked),
        "code" => Ok(Approval::AskedWithCheckCode),
        _ => Err(format!("--approval {value}: it is none, asked or code")),
    }
}

fn read_approval_lifetime(value: &str) -> Result<Duration, String> {
    match value.parse() {
        Ok(seconds) if APPROVAL_LIFETIMES.contains(&seconds) => Ok(Duration::from_secs(seconds)),
        _ => Err(format!("--approval-lifetime {value}: it is a whole number of seconds, from 1 to 600")),
    }
}
