use std::fmt;

/// The names of the tables: a prefix, and in PostgreSQL also a schema.
///
/// Both go into the text of statements, where no driver can bind a name. So they are parsed first:
/// lower-case ASCII letters, digits and underscores, and no digit at the beginning.
///
/// ```
/// use credential_code::store::TableNames;
///
/// assert!(TableNames::prefixed("auth_").is_ok());
/// assert!(TableNames::prefixed("auth; DROP TABLE users").is_err());
/// assert!(TableNames::prefixed("auth_").unwrap().in_schema("accounts").is_ok());
/// ```
#[derive(Clone, Eq, PartialEq)]
pub struct TableNames {
    schema: Option<Box<str>>,
    prefix: Box<str>,
}

/// The prefix in the text of statements and migrations, which is also the default.
const PREFIX: &str = "credential_code_";

/// PostgreSQL cuts a name after 63 bytes. The longest of our names has less than 31 bytes after the
/// prefix.
const LONGEST_PREFIX: usize = 32;
const LONGEST_SCHEMA: usize = 63;

impl TableNames {
    /// Creates names that begin with a prefix of 1 to 32 bytes.
    pub fn prefixed(prefix: impl Into<Box<str>>) -> Result<Self, InvalidName> {
        let prefix = prefix.into();
        check(&prefix, LONGEST_PREFIX)?;
        match prefix.starts_with("sqlite_") {
            true => Err(InvalidName("SQLite keeps names that begin with sqlite_ for itself")),
            false => Ok(Self { schema: None, prefix }),
        }
    }

    /// Puts the same tables into a PostgreSQL schema, which is created if it is missing. Without
    /// one, the role's `search_path` decides.
    pub fn in_schema(self, schema: impl Into<Box<str>>) -> Result<Self, InvalidName> {
        let schema = schema.into();
        check(&schema, LONGEST_SCHEMA)?;
        match schema.starts_with("pg_") {
            true => Err(InvalidName("PostgreSQL keeps schemas that begin with pg_ for itself")),
            false => Ok(Self { schema: Some(schema), ..self }),
        }
    }

    /// Returns the schema, if there is one.
    pub(super) fn schema(&self) -> Option<&str> {
        self.schema.as_deref()
    }

    /// Returns a statement over these tables.
    pub(super) fn statement(&self, sql: &str) -> String {
        match &self.schema {
            // It is quoted, because a schema may have the name of a key word. A prefixed name never
            // is one.
            Some(schema) => sql.replace(PREFIX, &format!("\"{schema}\".{}", self.prefix)),
            None => self.migration(sql),
        }
    }

    /// Returns a script that creates these tables. It names no schema: an index has none of its
    /// own.
    pub(super) fn migration(&self, sql: &str) -> String {
        sql.replace(PREFIX, &self.prefix)
    }
}

fn check(name: &str, longest: usize) -> Result<(), InvalidName> {
    if name.is_empty() || name.len() > longest {
        return Err(InvalidName("a prefix has 1 to 32 bytes, and a schema 1 to 63"));
    }
    let is_symbol = |byte: u8| byte.is_ascii_lowercase() || byte.is_ascii_digit() || byte == b'_';
    match name.bytes().all(is_symbol) && !name.starts_with(|first: char| first.is_ascii_digit()) {
        true => Ok(()),
        false => Err(InvalidName(
            "a name has lower-case ASCII letters, digits and underscores, and no digit in front",
        )),
    }
}

impl Default for TableNames {
    fn default() -> Self {
        Self { schema: None, prefix: PREFIX.into() }
    }
}

impl fmt::Debug for TableNames {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "TableNames({}…)", self.statement(PREFIX))
    }
}

/// The reason why a prefix or a schema was refused.
#[derive(Clone, Copy, Debug, Eq, PartialEq, thiserror::Error)]
#[error("{0}")]
pub struct InvalidName(pub(super) &'static str);
