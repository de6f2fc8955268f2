use credential_code::error::BoxError;

const USAGE: &str = "cluster [--port 3000] [--postgres URL --redis URL] [--walk-through]";

/// The options of the command line.
#[derive(Debug)]
pub(crate) struct Options {
    pub(crate) port: u16,
    pub(crate) engines: Option<Urls>,
    pub(crate) task: Task,
}

/// The addresses of servers that somebody else runs.
#[derive(Debug)]
pub(crate) struct Urls {
    pub(crate) postgres: String,
    pub(crate) redis: String,
}

#[derive(Clone, Copy, Debug)]
pub(crate) enum Task {
    /// Serve until somebody stops the program.
    Serve,
    /// Go through the flow once.
    WalkThrough,
}

impl Options {
    pub(crate) fn from_args(mut args: impl Iterator<Item = String>) -> Result<Self, BoxError> {
        let (mut port, mut postgres, mut redis, mut task) = (3000, None, None, Task::Serve);
        while let Some(flag) = args.next() {
            let mut value = || args.next().ok_or(format!("{flag} needs a value"));
            match flag.as_str() {
                "--port" => port = value()?.parse()?,
                "--postgres" => postgres = Some(value()?),
                "--redis" => redis = Some(value()?),
                "--walk-through" => task = Task::WalkThrough,
                _ => return Err(format!("unknown flag {flag}\n{USAGE}").into()),
            }
        }
        let engines = match (postgres, redis) {
            (Some(postgres), Some(redis)) => Some(Urls { postgres, redis }),
            (None, None) => None,
            _ => return Err("name both, --postgres and --redis, or neither".into()),
        };
        Ok(Self { port, engines, task })
    }
}
