//! What holds for any bytes that a client sends. Searched by the fuzz targets, over and over.

use crate::framing::heads::Heads;
use crate::proxy_protocol::{Parsed, parse};

/// A property that does not hold, and where.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("{0}")]
pub struct Violation(String);

fn hold(holds: bool, what: impl FnOnce() -> String) -> Result<(), Violation> {
    if holds {
        Ok(())
    } else {
        Err(Violation(what()))
    }
}

/// How the network cuts the bytes changes nothing, and no head that was taken has bare line ends or two ends of its body.
///
/// # Errors
/// [`Violation`] if it does.
pub fn check_request_heads(bytes: &[u8]) -> Result<(), Violation> {
    let mut whole = Heads::default();
    let verdict = whole.follow(bytes);
    let cut = bytes
        .first()
        .map_or(0, |first| usize::from(*first) % bytes.len());
    let (before, after) = bytes.split_at(cut);
    let mut parts = Heads::default();
    let in_parts = parts
        .follow(before)
        .map_err(|refusal| refusal.at)
        .and_then(|()| parts.follow(after).map_err(|refusal| refusal.at + cut));
    let at = verdict.map_err(|refusal| refusal.at);
    hold(at == in_parts, || {
        format!("cut at {cut}: {in_parts:?}, and whole: {at:?}")
    })?;
    let same = whole.is_in_head() == parts.is_in_head() && whole.is_between() == parts.is_between();
    hold(at.is_err() || same, || {
        format!("cut at {cut} it stands elsewhere")
    })
}

/// Where another reader of heads sees the first one end, at `end` with these many lengths and codings, so do we; and only if
/// there is at most one of both.
///
/// # Errors
/// [`Violation`] if we took it and see something else.
pub fn check_end_of_head(bytes: &[u8], end: usize, ends_told: usize) -> Result<(), Violation> {
    let head = bytes.get(..end).unwrap_or_default();
    let mut heads = Heads::default();
    if heads.follow(head).is_err() {
        return Ok(());
    }
    hold(!heads.is_in_head(), || {
        format!("the head ends at {end} for others")
    })?;
    let last = head.split_last().map_or(head, |(_, before)| before);
    let mut before = Heads::default();
    let open = before.follow(last).is_ok() && before.is_in_head();
    hold(open, || format!("the head ends before {end} for us"))?;
    hold(ends_told <= 1, || format!("its body has {ends_told} ends"))
}

/// A PROXY header ends within the bytes, and is the same whatever follows; the beginning of one becomes no other.
///
/// # Errors
/// [`Violation`] if not.
pub fn check_proxy_header(bytes: &[u8]) -> Result<(), Violation> {
    let Ok(Parsed::Whole(said, end)) = parse(bytes) else {
        return Ok(());
    };
    let header = bytes
        .get(..end)
        .ok_or_else(|| Violation(format!("it ends at {end}")))?;
    let again = parse(header);
    hold(again == Ok(Parsed::Whole(said, end)), || {
        format!("alone it is {again:?}")
    })?;
    let shorter = header.split_last().map_or(header, |(_, before)| before);
    let part = parse(shorter);
    hold(part == Ok(Parsed::Part), || {
        format!("without its last byte it is {part:?}")
    })
}

#[cfg(test)]
mod tests {
    use super::{check_end_of_head, check_proxy_header, check_request_heads};
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    proptest! {
        #[test]
        fn they_hold_for_any_bytes(bytes in vec(any::<u8>(), 0..200)) {
            check_request_heads(&bytes).unwrap();
            check_proxy_header(&bytes).unwrap();
        }
    }

    #[test]
    fn an_end_that_others_see_is_ours() {
        let head = b"GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        check_end_of_head(head, head.len(), 0).unwrap();
        assert!(check_end_of_head(head, head.len() - 1, 0).is_err());
        assert!(check_end_of_head(head, head.len(), 2).is_err());
    }
}
