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
}

/// One of the endpoints under a mount.
pub(crate) trait Route: Copy + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// Its path below the mount.
    fn path(self) -> &'static str;

    /// The one of a path below the mount.
    fn below_mount(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|route| route.path() == path)
    }
}

impl Route for Endpoint {
    const ALL: &'static [Self] = &[Self::Mint, Self::Exchange, Self::Register];

    fn path(self) -> &'static str {
        match self {
            Self::Mint => "/code",
            Self::Exchange => "/code/init",
            Self::Register => "/code/verify",
        }
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
    pub(crate) fn endpoint_of<R: Route>(&self, path: &str) -> Option<R> {
        R::below_mount(path.strip_prefix(&*self.0)?)
    }

    /// The endpoint of a full path, or of one from which a router stripped the mount.
    pub(crate) fn endpoint_of_nested<R: Route>(&self, path: &str) -> Option<R> {
        self.endpoint_of(path).or_else(|| R::below_mount(path))
    }

    /// The full path of an endpoint, as the client sees it.
    pub(crate) fn path_of(&self, endpoint: impl Route) -> String {
        [&self.0, endpoint.path()].concat()
    }
}
