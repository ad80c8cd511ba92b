//! What is in a parcel, and in the answer to one, before it is sealed: a head in JSON, and the rows as they are, bytes.

use crate::moving::refusal::MoveRefusal;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use zeroize::Zeroizing;

/// Bytes of the length before the head and before each part.
const LENGTH_BYTES: usize = 4;
/// Most parts of one parcel: rows, and the org's key.
const PARTS_MAX: usize = 4_096;

/// Which walk a place is in.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub(crate) enum WalkKind {
    /// Over all rows.
    Rows,
    /// Over the digests of all rows.
    Ranges,
    /// Over the digests of the rows that changed.
    Checks,
}

/// A place in a walk: in this table, after this key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Spot {
    pub(crate) walk: WalkKind,
    pub(crate) table: String,
    pub(crate) key: Option<String>,
}

/// So many rows of a table.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowsOf {
    pub(crate) table: String,
    pub(crate) rows: usize,
}

/// A row that changed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Change {
    pub(crate) table: String,
    pub(crate) key: String,
    /// Whether there is such a row; it is among the parts then.
    pub(crate) present: bool,
}

/// What the rows of a range amount to. The range begins after a key and goes up to one, that one included.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RangeSum {
    pub(crate) table: String,
    pub(crate) after: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) rows: usize,
    pub(crate) digest: String,
}

/// What a row amounts to; none if there is no such row.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct RowSum {
    pub(crate) table: String,
    pub(crate) key: String,
    pub(crate) digest: Option<String>,
}

/// The head of a parcel.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case", deny_unknown_fields)]
pub(crate) enum Head {
    /// All rows between two places.
    Rows {
        after: Option<Spot>,
        next: Option<Spot>,
        tables: Vec<RowsOf>,
        with_key: bool,
    },
    /// Rows that changed.
    Changes {
        changes: Vec<Change>,
        with_key: bool,
    },
    /// Digests of ranges.
    Ranges { ranges: Vec<RangeSum> },
    /// Digests of rows that changed, and of the org's key if it did.
    Checks { checks: Vec<RowSum> },
}

impl Head {
    const fn with_key(&self) -> bool {
        match self {
            Self::Rows { with_key, .. } | Self::Changes { with_key, .. } => *with_key,
            Self::Ranges { .. } | Self::Checks { .. } => false,
        }
    }
}

/// A parcel.
pub(crate) struct Contents {
    pub(crate) head: Head,
    /// The org's key, in the clear.
    pub(crate) key: Option<Zeroizing<Vec<u8>>>,
    pub(crate) rows: Vec<Vec<u8>>,
}

/// A range that differs, and the keys that the taker has in it.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(crate) struct Differing {
    pub(crate) table: String,
    pub(crate) after: Option<String>,
    pub(crate) until: Option<String>,
    pub(crate) keys: Vec<String>,
}

fn unread() -> MoveRefusal {
    MoveRefusal::Invalid(String::from("a message of another form"))
}

/// JSON of our own types: it cannot fail but for a mistake of ours.
pub(crate) fn render_json(value: &impl Serialize) -> Result<String, MoveRefusal> {
    serde_json::to_string(value).map_err(|_| unread())
}

/// Reads [`render_json`].
pub(crate) fn parse_json<T: DeserializeOwned>(bytes: &[u8]) -> Result<T, MoveRefusal> {
    serde_json::from_slice(bytes).map_err(|_| unread())
}

fn put_part(bytes: &mut Vec<u8>, part: &[u8]) {
    let length = u32::try_from(part.len()).unwrap_or(u32::MAX);
    bytes.extend_from_slice(&length.to_be_bytes());
    bytes.extend_from_slice(part);
}

fn take_part<'b>(bytes: &mut &'b [u8]) -> Option<&'b [u8]> {
    let (length, rest) = bytes.split_first_chunk::<LENGTH_BYTES>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    let (part, rest) = rest.split_at_checked(length)?;
    *bytes = rest;
    Some(part)
}

impl Contents {
    /// The bytes that are sealed.
    pub(crate) fn render(&self) -> Result<Zeroizing<Vec<u8>>, MoveRefusal> {
        let head = render_json(&self.head)?;
        let parts = || self.key.iter().map(|key| key.as_slice());
        let parts = || parts().chain(self.rows.iter().map(Vec::as_slice));
        // All of its room at once: a buffer that grows leaves keys behind where it was.
        let room = parts().map(|part| LENGTH_BYTES + part.len()).sum::<usize>();
        let mut bytes = Zeroizing::new(Vec::with_capacity(LENGTH_BYTES + head.len() + room));
        put_part(&mut bytes, head.as_bytes());
        for part in parts() {
            put_part(&mut bytes, part);
        }
        Ok(bytes)
    }

    /// Reads [`Self::render`].
    pub(crate) fn parse(bytes: &[u8]) -> Result<Self, MoveRefusal> {
        let mut rest = bytes;
        let head: Head = parse_json(take_part(&mut rest).ok_or_else(unread)?)?;
        let key = if head.with_key() {
            let key = take_part(&mut rest).ok_or_else(unread)?;
            Some(Zeroizing::new(key.to_vec()))
        } else {
            None
        };
        let mut rows = Vec::new();
        while !rest.is_empty() {
            if rows.len() == PARTS_MAX {
                return Err(unread());
            }
            rows.push(take_part(&mut rest).ok_or_else(unread)?.to_vec());
        }
        let announced = match &head {
            Head::Rows { tables, .. } => tables
                .iter()
                .try_fold(0_usize, |sum, of| sum.checked_add(of.rows)),
            Head::Changes { changes, .. } => {
                Some(changes.iter().filter(|change| change.present).count())
            }
            Head::Ranges { .. } | Head::Checks { .. } => Some(0),
        };
        if announced != Some(rows.len()) {
            return Err(unread());
        }
        Ok(Self { head, key, rows })
    }
}

#[cfg(test)]
mod tests {
    use super::{Change, Contents, Head, RowsOf};
    use proptest::prelude::{any, prop, proptest};
    use zeroize::Zeroizing;

    #[test]
    fn parcels_are_read_as_they_were_written() {
        let head = Head::Rows {
            after: None,
            next: None,
            tables: vec![RowsOf {
                table: String::from("users"),
                rows: 2,
            }],
            with_key: true,
        };
        let contents = Contents {
            head,
            key: Some(Zeroizing::new(vec![7; 4])),
            rows: vec![vec![1, 2], Vec::new()],
        };
        let bytes = contents.render().unwrap();
        let read = Contents::parse(&bytes).unwrap();
        assert_eq!((&read.head, &read.key), (&contents.head, &contents.key));
        assert_eq!(read.rows, contents.rows);
        for end in 0..bytes.len() {
            assert!(Contents::parse(&bytes[..end]).is_err(), "{end}");
        }
    }

    #[test]
    fn a_row_that_is_not_announced_is_refused() {
        let change = |present| Change {
            table: String::from("users"),
            key: String::from("[]"),
            present,
        };
        for (present, rows, fits) in [
            (true, 1, true),
            (false, 0, true),
            (true, 0, false),
            (false, 1, false),
        ] {
            let contents = Contents {
                head: Head::Changes {
                    changes: vec![change(present)],
                    with_key: false,
                },
                key: None,
                rows: vec![vec![1]; rows],
            };
            let bytes = contents.render().unwrap();
            assert_eq!(Contents::parse(&bytes).is_ok(), fits);
        }
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(bytes in prop::collection::vec(any::<u8>(), 0..200)) {
            let _ = Contents::parse(&bytes);
        }
    }
}
