use std::sync::Arc;

/// The path under which the endpoints are.
#[derive(Clone, Debug)]
pub(crate) struct Mount(Arc<str>);

impl Mount {
    pub(super) fn new(path: &str) -> Self {
        match path.trim_matches('/') {
            "" => Self("".into()),
            path => Self(format!("/{path}").into()),
        }
    }

    /// Returns the part of a full path below the mount, if the path is there.
    pub(super) fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        match (&*self.0, path) {
            // No request has an empty path. The root itself looks like this.
            ("", "/") => Some(""),
            (mount, path) => path.strip_prefix(mount),
        }
    }

    /// Returns the same part of a path from which a router stripped the mount.
    pub(super) fn below_stripped(path: &str) -> &str {
        if path == "/" { "" } else { path }
    }

    /// Returns the full path of a part below the mount, as the client sees it.
    pub(super) fn path_of(&self, below: &str) -> String {
        match [&self.0, below].concat() {
            path if path.is_empty() => "/".to_owned(),
            path => path,
        }
    }
}
