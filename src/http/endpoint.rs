use std::sync::Arc;

use crate::flow::Step;

/// One of the three endpoints.
#[derive(Clone, Copy, Debug, Eq, PartialEq)]
pub(crate) enum Endpoint {
    Mint,
    Exchange,
    Register,
}

impl Endpoint {
    pub(crate) fn step(self) -> Step {
        match self {
            Self::Mint => Step::Mint,
            Self::Exchange => Step::Exchange,
            Self::Register => Step::Register,
        }
    }

    fn path(self) -> &'static str {
        match self {
            Self::Mint => "/code",
            Self::Exchange => "/code/init",
            Self::Register => "/code/verify",
        }
    }

    fn below_mount(path: &str) -> Option<Self> {
        [Self::Mint, Self::Exchange, Self::Register].into_iter().find(|endpoint| endpoint.path() == path)
    }
}

/// The path that the endpoints live under.
#[derive(Clone, Debug)]
pub(crate) struct Mount(Arc<str>);

impl Default for Mount {
    fn default() -> Self {
        Self::new("/auth/credentials")
    }
}

impl Mount {
    pub(crate) fn new(path: &str) -> Self {
        match path.trim_matches('/') {
            "" => Self("".into()),
            path => Self(format!("/{path}").into()),
        }
    }

    /// The endpoint of a full path.
    pub(crate) fn endpoint_of(&self, path: &str) -> Option<Endpoint> {
        Endpoint::below_mount(path.strip_prefix(&*self.0)?)
    }

    /// The endpoint of a full path, or of one from which a router stripped the mount.
    pub(crate) fn endpoint_of_nested(&self, path: &str) -> Option<Endpoint> {
        self.endpoint_of(path).or_else(|| Endpoint::below_mount(path))
    }

    /// The full path of an endpoint, as the client sees it.
    pub(crate) fn path_of(&self, endpoint: Endpoint) -> String {
        [&self.0, endpoint.path()].concat()
    }
}
