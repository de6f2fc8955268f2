use std::time::{Duration, SystemTime, UNIX_EPOCH};

/// A value for a statement.
#[derive(Clone, Copy, Debug)]
pub(super) enum Value<'a> {
    Bytes(&'a [u8]),
    Integer(i64),
    MaybeBytes(Option<&'a [u8]>),
    MaybeInteger(Option<i64>),
    MaybeText(Option<&'a str>),
    Text(&'a str),
}

/// A row from a statement: its cells, from left to right.
#[derive(Debug)]
pub(super) struct Row(std::vec::IntoIter<Cell>);

#[derive(Debug)]
pub(super) enum Cell {
    Bytes(Vec<u8>),
    Integer(i64),
    Null,
    Text(String),
}

/// A row that does not hold what its table should hold.
#[derive(Clone, Copy, Debug, thiserror::Error)]
#[error("a row does not hold what its table should")]
pub(super) struct UnexpectedRow;

impl Row {
    pub(super) fn from_cells<E>(cells: impl Iterator<Item = Result<Cell, E>>) -> Result<Self, E> {
        Ok(Self(cells.collect::<Result<Vec<_>, _>>()?.into_iter()))
    }

    pub(super) fn bytes(&mut self) -> Result<Vec<u8>, UnexpectedRow> {
        self.maybe_bytes()?.ok_or(UnexpectedRow)
    }

    pub(super) fn maybe_bytes(&mut self) -> Result<Option<Vec<u8>>, UnexpectedRow> {
        match self.0.next() {
            Some(Cell::Bytes(bytes)) => Ok(Some(bytes)),
            Some(Cell::Null) => Ok(None),
            _ => Err(UnexpectedRow),
        }
    }

    pub(super) fn integer(&mut self) -> Result<i64, UnexpectedRow> {
        self.maybe_integer()?.ok_or(UnexpectedRow)
    }

    pub(super) fn maybe_integer(&mut self) -> Result<Option<i64>, UnexpectedRow> {
        match self.0.next() {
            Some(Cell::Integer(integer)) => Ok(Some(integer)),
            Some(Cell::Null) => Ok(None),
            _ => Err(UnexpectedRow),
        }
    }

    pub(super) fn text(&mut self) -> Result<String, UnexpectedRow> {
        self.maybe_text()?.ok_or(UnexpectedRow)
    }

    pub(super) fn maybe_text(&mut self) -> Result<Option<String>, UnexpectedRow> {
        match self.0.next() {
            Some(Cell::Text(text)) => Ok(Some(text)),
            Some(Cell::Null) => Ok(None),
            _ => Err(UnexpectedRow),
        }
    }
}

/// Returns microseconds since 1970, as both engines keep a time. A time that is earlier or far too
/// late becomes the nearest that fits.
pub(super) fn micros(time: SystemTime) -> i64 {
    let since = time.duration_since(UNIX_EPOCH).unwrap_or_default();
    i64::try_from(since.as_micros()).unwrap_or(i64::MAX)
}

/// Returns the time of a number of microseconds since 1970.
pub(super) fn time(micros: i64) -> Result<SystemTime, UnexpectedRow> {
    let since = u64::try_from(micros).map_err(|_| UnexpectedRow)?;
    UNIX_EPOCH.checked_add(Duration::from_micros(since)).ok_or(UnexpectedRow)
}
