use std::sync::Arc;

/// The path that the endpoints live under.
#[derive(Clone, Debug)]
pub(crate) struct Mount(Arc<str>);

impl Mount {
    pub(super) fn new(path: &str) -> Self {
        match path.trim_matches('/') {
            "" => Self("".into()),
            path => Self(format!("/{path}").into()),
        }
    }

    /// What a full path has below the mount, if it lies there.
    pub(super) fn below<'p>(&self, path: &'p str) -> Option<&'p str> {
        match (&*self.0, path) {
            // No request has an empty path: this is what the root itself looks like.
            ("", "/") => Some(""),
            (mount, path) => path.strip_prefix(mount),
        }
    }

    /// The same of a path from which a router stripped the mount.
    pub(super) fn below_stripped(path: &str) -> &str {
        if path == "/" { "" } else { path }
    }

    /// The full path of what lies below the mount, as the client sees it.
    pub(super) fn path_of(&self, below: &str) -> String {
        match [&self.0, below].concat() {
            path if path.is_empty() => "/".to_owned(),
            path => path,
        }
    }
}
