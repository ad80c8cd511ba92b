//! A strict look at the bytes of each HTTP/1 request head, in lockstep with the library that reads them after us.
//!
//! The library settles some ambiguities silently, and what it settled cannot be seen in its request: a length beside chunks,
//! a length said twice, lines that end with a bare line feed. This finds them where they are still bytes. It keeps nothing
//! of a head but a few counters, takes linear time, and never looks at bodies.
//!
//! The end of a body must be known to find the next head. Where a length says it, bytes are counted. Where anything else
//! does (chunks, another protocol), there is no next head: such a request is the last of its connection, see
//! [`super::is_last`]. So no second reader of chunks is needed, and nothing after chunks is ever read as a request.

use super::Ambiguity;

/// How a connection of HTTP/2 begins (RFC 9113 section 3.4).
const PREFACE: &[u8] = b"PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n";
/// As many bytes of it as could be the beginning of an HTTP/1 request line.
const PREFACE_LINE: usize = b"PRI * HTTP/2.0".len();
/// The longest name of a field that matters here: `transfer-encoding`.
const NAME_BYTES_MAX: usize = 17;
/// How many bytes are compared at a time.
const BLOCK_BYTES: usize = 16;

/// Follows one connection from its first byte.
#[derive(Debug)]
pub struct Heads {
    state: State,
    name: Name,
    /// What the head said so far of the end of its body.
    length: Option<u64>,
    codings: usize,
    upgrades: bool,
}

/// What the next byte belongs to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum State {
    /// So many bytes of the preface of HTTP/2 were seen, and nothing else.
    Preface(usize),
    /// The beginning of a request, or an empty line before it.
    Request,
    RequestLine,
    /// The line feed after a carriage return.
    LineFeed(Line),
    /// The beginning of a field line or the end of the head.
    Field,
    FieldName,
    FieldValue,
    LengthValue(Digits),
    Body(u64),
    /// Nothing more is looked at.
    Through,
}

/// Which line ends.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Line {
    /// An empty one before a request (RFC 9112 section 2.2).
    Before,
    Head,
    /// The empty one after a head.
    Last,
}

/// How far the value of a length has come.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Digits {
    None,
    Some(u64),
    /// Only spaces may follow.
    Ended(u64),
}

/// The beginning of a field's name, in lower case.
#[derive(Debug, Default)]
struct Name {
    bytes: [u8; NAME_BYTES_MAX],
    count: usize,
}

impl Name {
    fn extend(&mut self, bytes: &[u8]) {
        let room = self.bytes.get_mut(self.count..).unwrap_or_default();
        for (place, byte) in room.iter_mut().zip(bytes) {
            *place = byte.to_ascii_lowercase();
        }
        self.count += bytes.len();
    }

    fn is(&self, name: &[u8]) -> bool {
        self.count == name.len() && self.bytes.starts_with(name)
    }
}

/// Where a head is refused, and why.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Refusal {
    /// The place of the first byte that must not be believed. Before it no head is complete that was refused.
    pub at: usize,
    /// Why.
    pub why: Ambiguity,
}

impl Default for Heads {
    fn default() -> Self {
        Self {
            state: State::Preface(0),
            name: Name::default(),
            length: None,
            codings: 0,
            upgrades: false,
        }
    }
}

impl Heads {
    /// Whether all that came so far was understood to its end, so that nothing is left unread when the connection ends.
    #[must_use]
    pub const fn is_between(&self) -> bool {
        matches!(self.state, State::Request | State::Preface(0))
    }

    /// Whether a head has begun and is not complete.
    #[must_use]
    pub const fn is_in_head(&self) -> bool {
        !matches!(
            self.state,
            State::Request | State::Preface(0) | State::Body(_) | State::Through
        )
    }

    /// Looks at the bytes that came next.
    ///
    /// # Errors
    /// [`Refusal`]; nothing after it may be asked.
    pub fn follow(&mut self, bytes: &[u8]) -> Result<(), Refusal> {
        let mut at = 0;
        while let Some(rest) = bytes.get(at..).filter(|rest| !rest.is_empty()) {
            at += self.skip(rest);
            let Some(byte) = bytes.get(at) else { break };
            self.state = self.step(*byte).map_err(|why| Refusal { at, why })?;
            at += 1;
        }
        Ok(())
    }

    /// How many bytes change nothing. The most part of what comes is skipped here, many bytes at a time.
    fn skip(&mut self, rest: &[u8]) -> usize {
        match self.state {
            State::Through => rest.len(),
            State::Body(left) => {
                let count = usize::try_from(left).map_or(rest.len(), |left| left.min(rest.len()));
                let left = left - count as u64;
                self.state = if left == 0 {
                    State::Request
                } else {
                    State::Body(left)
                };
                count
            }
            State::RequestLine | State::FieldValue => plain_prefix(rest),
            State::FieldName => {
                let end = rest.iter().position(|byte| !is_token(*byte));
                let (name, _) = rest.split_at(end.unwrap_or(rest.len()));
                self.name.extend(name);
                name.len()
            }
            _ => 0,
        }
    }

    fn step(&mut self, byte: u8) -> Result<State, Ambiguity> {
        match (self.state, byte) {
            (State::Preface(seen), _) => self.step_preface(seen, byte),
            (State::Request, b'\r') => Ok(State::LineFeed(Line::Before)),
            (State::Request, b'!'..=b'~') => Ok(State::RequestLine),
            (State::RequestLine, b'\r') => Ok(State::LineFeed(Line::Head)),
            (State::LineFeed(Line::Before), b'\n') => Ok(State::Request),
            (State::LineFeed(Line::Head), b'\n') => Ok(State::Field),
            (State::LineFeed(Line::Last), b'\n') => Ok(self.end_head()),
            (State::Field, b'\r') => Ok(State::LineFeed(Line::Last)),
            (State::Field, _) if is_token(byte) => {
                self.name.count = 0;
                self.name.extend(&[byte]);
                Ok(State::FieldName)
            }
            (State::FieldName, b':') => self.begin_value(),
            (State::FieldValue, b'\r') => Ok(State::LineFeed(Line::Head)),
            (State::FieldValue, b'\t') => Ok(State::FieldValue),
            (State::LengthValue(digits), _) => self.step_length(digits, byte),
            // Folded lines, spaces before the colon, bare carriage returns and line feeds, other control characters.
            _ => Err(Ambiguity::Head),
        }
    }

    fn step_preface(&mut self, seen: usize, byte: u8) -> Result<State, Ambiguity> {
        if PREFACE.get(seen) == Some(&byte) {
            let all = seen + 1 == PREFACE.len();
            return Ok(if all {
                State::Through
            } else {
                State::Preface(seen + 1)
            });
        }
        self.state = match seen {
            0 => State::Request,
            _ if seen <= PREFACE_LINE => State::RequestLine,
            _ => return Err(Ambiguity::Head),
        };
        match self.skip(&[byte]) {
            0 => self.step(byte),
            _ => Ok(self.state),
        }
    }

    fn begin_value(&mut self) -> Result<State, Ambiguity> {
        let is_length = self.name.is(b"content-length");
        if self.name.is(b"transfer-encoding") {
            self.codings += 1;
        }
        self.upgrades |= self.name.is(b"upgrade");
        let lengths = usize::from(self.length.is_some()) + usize::from(is_length);
        if lengths + self.codings > 1 {
            return Err(Ambiguity::Length);
        }
        Ok(if is_length {
            State::LengthValue(Digits::None)
        } else {
            State::FieldValue
        })
    }

    fn step_length(&mut self, digits: Digits, byte: u8) -> Result<State, Ambiguity> {
        let digits = match (digits, byte) {
            (Digits::None, b' ' | b'\t') => Digits::None,
            (Digits::Some(length) | Digits::Ended(length), b' ' | b'\t') => Digits::Ended(length),
            (Digits::Some(length) | Digits::Ended(length), b'\r') => {
                self.length = Some(length);
                return Ok(State::LineFeed(Line::Head));
            }
            (Digits::None, b'0'..=b'9') => Digits::Some(u64::from(byte - b'0')),
            (Digits::Some(length), b'0'..=b'9') => {
                let longer = length
                    .checked_mul(10)
                    .and_then(|l| l.checked_add(u64::from(byte - b'0')));
                Digits::Some(longer.ok_or(Ambiguity::Length)?)
            }
            _ => return Err(Ambiguity::Length),
        };
        Ok(State::LengthValue(digits))
    }

    fn end_head(&mut self) -> State {
        let length = self.length.take().unwrap_or(0);
        let last = std::mem::take(&mut self.codings) > 0 || std::mem::take(&mut self.upgrades);
        match (last, length) {
            (true, _) => State::Through,
            (false, 0) => State::Request,
            (false, length) => State::Body(length),
        }
    }
}

/// How many bytes at the beginning are no control characters: by blocks that the compiler makes one comparison of.
fn plain_prefix(bytes: &[u8]) -> usize {
    let control = |byte: &u8| *byte < b' ' || *byte == 0x7f;
    let (blocks, _) = bytes.as_chunks::<BLOCK_BYTES>();
    let plain =
        |block: &&[u8; BLOCK_BYTES]| !block.iter().fold(false, |any, byte| any | control(byte));
    let whole = blocks.iter().take_while(plain).count() * BLOCK_BYTES;
    let rest = bytes.get(whole..).unwrap_or_default();
    whole + rest.iter().position(control).unwrap_or(rest.len())
}

/// What names are made of (RFC 9110 section 5.6.2): asked of every byte of a name, so a set of bits.
const fn is_token(byte: u8) -> bool {
    const TOKENS: u128 = tokens();
    byte < 128 && TOKENS >> byte & 1 == 1
}

const fn tokens() -> u128 {
    let (mut set, mut byte) = (0_u128, 0_u8);
    while byte < 128 {
        let mark = matches!(
            byte,
            b'!' | b'#'
                | b'$'
                | b'%'
                | b'&'
                | b'\''
                | b'*'
                | b'+'
                | b'-'
                | b'.'
                | b'^'
                | b'_'
                | b'`'
                | b'|'
                | b'~'
        );
        if mark || byte.is_ascii_alphanumeric() {
            set |= 1 << byte;
        }
        byte += 1;
    }
    set
}

#[cfg(test)]
mod tests {
    use super::{Heads, Refusal, State};
    use crate::framing::Ambiguity;
    use proptest::collection::vec;
    use proptest::prelude::{Just, Strategy, any, prop_oneof, proptest};

    fn follow(bytes: &[u8]) -> Result<State, Refusal> {
        let mut heads = Heads::default();
        heads.follow(bytes)?;
        Ok(heads.state)
    }

    #[test]
    fn heads_are_found_one_after_another() {
        let get = "GET / HTTP/1.1\r\nhost: a\r\n\r\n";
        let post = "POST / HTTP/1.1\r\nContent-Length: 5 \r\n\r\nGET \n";
        for (text, state) in [
            (get.to_owned(), State::Request),
            (format!("\r\n{get}\r\n\r\n{get}"), State::Request),
            (format!("{post}{post}{get}"), State::Request),
            (format!("{post}{get}GET"), State::RequestLine),
            (String::from("PROPFIND / HTTP/1.1\r\n\r\n"), State::Request),
            (
                String::from("POST / HTTP/1.1\r\ncontent-length:9\r\n\r\n"),
                State::Body(9),
            ),
            (
                String::from("GET / HTTP/1.1\r\nupgrade: websocket\r\n\r\n\0\n\0"),
                State::Through,
            ),
            (
                String::from("POST / HTTP/1.1\r\nTransfer-Encoding: chunked\r\n\r\nz\n"),
                State::Through,
            ),
            (
                String::from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n\0\0\0"),
                State::Through,
            ),
            (
                String::from("GET / HTTP/1.1\r\nx: caf\u{e9}\ta \r\n\r\n"),
                State::Request,
            ),
        ] {
            assert_eq!(follow(text.as_bytes()), Ok(state), "{text:?}");
        }
    }

    #[test]
    fn what_could_be_read_in_two_ways_is_refused_where_it_stands() {
        let head = "POST / HTTP/1.1\r\n";
        for (fields, at, why) in [
            (
                "content-length: 4\r\ntransfer-encoding: chunked\r\n\r\n",
                ": chunked",
                Ambiguity::Length,
            ),
            (
                "transfer-encoding: chunked\r\nContent-Length: 4\r\n\r\n",
                ": 4",
                Ambiguity::Length,
            ),
            (
                "content-length: 4\r\ncontent-length: 4\r\n\r\n",
                ": 4\r\n\r",
                Ambiguity::Length,
            ),
            (
                "transfer-encoding: a\r\ntransfer-encoding: chunked\r\n\r\n",
                ": chunked",
                Ambiguity::Length,
            ),
            ("content-length: 4, 4\r\n\r\n", ", 4", Ambiguity::Length),
            ("content-length: +4\r\n\r\n", "+4", Ambiguity::Length),
            ("content-length: 4 4\r\n\r\n", "4\r", Ambiguity::Length),
            ("content-length: \r\n\r\n", "\r\n\r", Ambiguity::Length),
            (
                "content-length: 18446744073709551616\r\n\r\n",
                "6\r\n",
                Ambiguity::Length,
            ),
            ("content-length : 4\r\n\r\n", " : 4", Ambiguity::Head),
            ("x: a\r\n folded\r\n\r\n", " folded", Ambiguity::Head),
            ("x: a\r\n\tfolded\r\n\r\n", "\tfolded", Ambiguity::Head),
            (" x: a\r\n\r\n", " x", Ambiguity::Head),
            ("x: a\nb: c\r\n\r\n", "\nb", Ambiguity::Head),
            ("x: a\rb: c\r\n\r\n", "b: c", Ambiguity::Head),
            ("x: a\0b\r\n\r\n", "\0b", Ambiguity::Head),
            (": a\r\n\r\n", ": a", Ambiguity::Head),
            ("x\r\n\r\n", "\r\n\r", Ambiguity::Head),
            ("\n", "\n", Ambiguity::Head),
        ] {
            let text = format!("{head}{fields}");
            let at = head.len() + fields.find(at).unwrap();
            assert_eq!(
                follow(text.as_bytes()),
                Err(Refusal { at, why }),
                "{text:?}"
            );
        }
        for text in [
            "\n",
            " ",
            "GET / HTTP/1.1\n",
            "PRI * HTTP/2.0\r\nhost: a\r\n\r\n",
            "\r\n\n",
            "GET\t/ HTTP/1.1\r\n",
        ] {
            assert!(follow(text.as_bytes()).is_err(), "{text:?}");
        }
    }

    /// Pieces of which requests and attacks are made.
    fn pieces() -> impl Strategy<Value = Vec<u8>> {
        let words = [
            "GET / HTTP/1.1\r\n",
            "POST / HTTP/1.0\r\n",
            "host: a\r\n",
            "content-length: 3\r\n",
            "Content-Length:3\r\n",
            "transfer-encoding: chunked\r\n",
            "upgrade: websocket\r\n",
            "connection: close\r\n",
            "\r\n",
            "\n",
            "\r",
            " ",
            "abc",
            "PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n",
            "0\r\n\r\n",
            "x: y\r\n",
        ];
        let word =
            proptest::sample::select(words.to_vec()).prop_map(|word| word.as_bytes().to_vec());
        let piece = prop_oneof![9 => word, 1 => vec(any::<u8>(), 0..4), 1 => Just(Vec::new())];
        vec(piece, 0..20).prop_map(|pieces| pieces.concat())
    }

    proptest! {
        #[test]
        fn how_bytes_are_cut_changes_nothing(bytes in pieces(), cut in any::<proptest::sample::Index>()) {
            let whole = follow(&bytes);
            let (first, second) = bytes.split_at(cut.index(bytes.len() + 1));
            let mut heads = Heads::default();
            let parts = heads.follow(first).and_then(|()| {
                heads.follow(second).map_err(|refusal| Refusal { at: refusal.at + first.len(), ..refusal })
            });
            assert_eq!(parts.map(|()| heads.state), whole);
        }
    }
}
