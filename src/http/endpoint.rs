use std::sync::Arc;

use crate::flow::Step;

/// One of the endpoints under a mount.
pub(crate) trait Route: Copy + Send + Sync + 'static {
    /// All of them.
    const ALL: &'static [Self];

    /// Its path below the mount.
    fn path(self) -> &'static str;

    /// What is done there.
    fn step(self) -> Step;

    /// The one of a path below the mount.
    fn below_mount(path: &str) -> Option<Self> {
        Self::ALL.iter().copied().find(|route| route.path() == path)
    }
}

/// The path that the endpoints live under.
#[derive(Clone, Debug)]
pub(crate) struct Mount(Arc<str>);

impl Mount {
    pub(crate) fn new(path: &str) -> Self {
        match path.trim_matches('/') {
            "" => Self("".into()),
            path => Self(format!("/{path}").into()),
        }
    }

    /// The endpoint of a full path.
    pub(crate) fn endpoint_of<R: Route>(&self, path: &str) -> Option<R> {
        match (&*self.0, path) {
            // No request has an empty path: this is what the root itself looks like.
            ("", "/") => R::below_mount(""),
            (mount, path) => R::below_mount(path.strip_prefix(mount)?),
        }
    }

    /// The endpoint of a full path, or of one from which a router stripped the mount.
    pub(crate) fn endpoint_of_nested<R: Route>(&self, path: &str) -> Option<R> {
        self.endpoint_of(path).or_else(|| Self("".into()).endpoint_of(path))
    }

    /// The full path of an endpoint, as the client sees it.
    pub(crate) fn path_of(&self, endpoint: impl Route) -> String {
        match [&self.0, endpoint.path()].concat() {
            path if path.is_empty() => "/".to_owned(),
            path => path,
        }
    }
}
