//! The PROXY protocol, versions 1 and 2: what a balancer that only passes bytes on says first on a connection.
//!
//! Its text is HAProxy's `proxy-protocol.txt`. A header is required where it is spoken: to guess whether there is one would
//! let clients write their own (section 5).

use std::io;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr, SocketAddr};
use std::time::Duration;
use tokio::io::AsyncReadExt as _;
use tokio::net::TcpStream;

/// How long the header may take.
const HEADER_SECS_MAX: u64 = 5;
/// The longest line of version 1, with its end (section 2.1).
const LINE_BYTES_MAX: usize = 107;
/// The longest header of version 2 that is taken: addresses and what balancers of clouds add to them.
const BLOCK_BYTES_MAX: usize = 2_048;
const SIGNATURE: &[u8; 12] = b"\r\n\r\n\0\r\nQUIT\n";
/// Signature, version and command, family, length.
const BLOCK_HEAD_BYTES: usize = 16;
/// How the line of version 1 begins.
const LINE_BEGIN: &[u8] = b"PROXY ";

/// What a header says of the client.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Said {
    /// The balancer itself connected, or does not know for whom.
    Nothing,
    /// Who connected to the balancer.
    Client(SocketAddr),
}

/// A header, or the beginning of one.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Parsed {
    /// All bytes belong to the header, and there are more.
    Part,
    /// What it says, and how many bytes it has.
    Whole(Said, usize),
}

/// Bytes that are no header.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
#[error("this is no PROXY header")]
pub struct Malformed;

/// Understands the beginning of a connection.
///
/// # Errors
/// [`Malformed`] as soon as it cannot become a header.
pub fn parse(bytes: &[u8]) -> Result<Parsed, Malformed> {
    if agrees(bytes, SIGNATURE) {
        parse_block(bytes)
    } else if agrees(bytes, LINE_BEGIN) {
        parse_line(bytes)
    } else {
        Err(Malformed)
    }
}

/// Whether one begins as the other does, as far as both go.
fn agrees(bytes: &[u8], begin: &[u8]) -> bool {
    bytes.iter().zip(begin).all(|(byte, wanted)| byte == wanted)
}

fn parse_line(bytes: &[u8]) -> Result<Parsed, Malformed> {
    let Some(end) = bytes
        .iter()
        .take(LINE_BYTES_MAX)
        .position(|byte| *byte == b'\n')
    else {
        return if bytes.len() < LINE_BYTES_MAX {
            Ok(Parsed::Part)
        } else {
            Err(Malformed)
        };
    };
    let line = bytes
        .get(..end)
        .and_then(|line| line.strip_suffix(b"\r"))
        .ok_or(Malformed)?;
    let line = std::str::from_utf8(line).map_err(|_| Malformed)?;
    let words = line.strip_prefix("PROXY ").ok_or(Malformed)?;
    let said = match words.split_once(' ') {
        // What may follow it is to be ignored (section 2.1).
        None if words == "UNKNOWN" => Said::Nothing,
        Some(("UNKNOWN", _)) => Said::Nothing,
        Some(("TCP4", rest)) => Said::Client(parse_ends(rest, |text| {
            text.parse::<Ipv4Addr>().ok().map(IpAddr::V4)
        })?),
        Some(("TCP6", rest)) => Said::Client(parse_ends(rest, |text| {
            text.parse::<Ipv6Addr>().ok().map(IpAddr::V6)
        })?),
        _ => return Err(Malformed),
    };
    Ok(Parsed::Whole(said, end + 1))
}

/// Both addresses and both ports; the first of each is the client's.
fn parse_ends(
    text: &str,
    address: impl Fn(&str) -> Option<IpAddr>,
) -> Result<SocketAddr, Malformed> {
    let words: Vec<&str> = text.splitn(5, ' ').collect();
    let [from, to, from_port, to_port] = words.as_slice() else {
        return Err(Malformed);
    };
    let port = |text: &str| {
        let plain = text.bytes().all(|byte| byte.is_ascii_digit())
            && (text == "0" || !text.starts_with('0'));
        text.parse::<u16>().ok().filter(|_| plain)
    };
    match (address(from), address(to), port(from_port), port(to_port)) {
        (Some(from), Some(_), Some(port), Some(_)) => Ok(SocketAddr::new(from, port)),
        _ => Err(Malformed),
    }
}

fn parse_block(bytes: &[u8]) -> Result<Parsed, Malformed> {
    let Some((head, _)) = bytes.split_first_chunk::<BLOCK_HEAD_BYTES>() else {
        return Ok(Parsed::Part);
    };
    let [.., command, family, high, low] = *head;
    let length = BLOCK_HEAD_BYTES + usize::from(u16::from_be_bytes([high, low]));
    if length > BLOCK_BYTES_MAX || !matches!(command, 0x20 | 0x21) {
        return Err(Malformed);
    }
    let Some(body) = bytes.get(BLOCK_HEAD_BYTES..length) else {
        return Ok(Parsed::Part);
    };
    let said = match (command, family) {
        // LOCAL, and a family that is not given: addresses are to be ignored (section 2.2).
        (0x20, _) | (_, 0x00) => Said::Nothing,
        (_, 0x11) => {
            let (ends, _) = body.split_first_chunk::<12>().ok_or(Malformed)?;
            let [a, b, c, d, _, _, _, _, high, low, _, _] = *ends;
            client(Ipv4Addr::new(a, b, c, d).into(), [high, low])
        }
        (_, 0x21) => {
            let (from, rest) = body.split_first_chunk::<16>().ok_or(Malformed)?;
            let (_, rest) = rest.split_first_chunk::<16>().ok_or(Malformed)?;
            let ([high, low, _, _], _) = rest.split_first_chunk::<4>().ok_or(Malformed)?;
            client(Ipv6Addr::from(*from).into(), [*high, *low])
        }
        // Datagrams and sockets of files: nobody comes here by them.
        _ => return Err(Malformed),
    };
    Ok(Parsed::Whole(said, length))
}

const fn client(address: IpAddr, port: [u8; 2]) -> Said {
    Said::Client(SocketAddr::new(address, u16::from_be_bytes(port)))
}

/// Takes the header off a connection, and not a byte more.
///
/// # Errors
/// There is none, or it did not come in time.
pub async fn take(stream: &mut TcpStream) -> io::Result<Said> {
    let time = Duration::from_secs(HEADER_SECS_MAX);
    tokio::time::timeout(time, read(stream)).await?
}

async fn read(stream: &mut TcpStream) -> io::Result<Said> {
    let mut bytes = [0_u8; BLOCK_BYTES_MAX];
    let mut known = 0;
    loop {
        let room = bytes.get_mut(known..).unwrap_or_default();
        let seen = known + stream.peek(room).await?;
        if seen == known {
            return Err(io::ErrorKind::UnexpectedEof.into());
        }
        let parsed = parse(bytes.get(..seen).unwrap_or_default());
        let parsed =
            parsed.map_err(|malformed| io::Error::new(io::ErrorKind::InvalidData, malformed))?;
        let (said, end) = match parsed {
            Parsed::Part => (None, seen),
            Parsed::Whole(said, end) => (Some(said), end),
        };
        stream
            .read_exact(bytes.get_mut(known..end).unwrap_or_default())
            .await?;
        if let Some(said) = said {
            return Ok(said);
        }
        known = end;
    }
}

#[cfg(test)]
mod tests {
    use super::{BLOCK_BYTES_MAX, LINE_BYTES_MAX, Malformed, Parsed, SIGNATURE, Said, parse};
    use proptest::collection::vec;
    use proptest::prelude::{any, proptest};

    fn block(command: u8, family: u8, body: &[u8]) -> Vec<u8> {
        let length = u16::try_from(body.len()).unwrap().to_be_bytes();
        [&SIGNATURE[..], &[command, family], &length, body].concat()
    }

    fn client(address: &str) -> Said {
        Said::Client(address.parse().unwrap())
    }

    #[test]
    fn headers_of_both_versions_say_who_the_client_is() {
        let four = [192, 0, 2, 1, 198, 51, 100, 1, 0x30, 0x39, 1, 0xbb];
        let six = [
            &[0x20, 1, 0x0d, 0xb8][..],
            &[0; 11],
            &[1],
            &[0; 16],
            &[0x30, 0x39, 1, 0xbb],
        ]
        .concat();
        let with_more = [&four[..], &[4, 0, 1, 9]].concat();
        for (bytes, said) in [
            (
                b"PROXY TCP4 192.0.2.1 198.51.100.1 12345 443\r\n".to_vec(),
                client("192.0.2.1:12345"),
            ),
            (
                b"PROXY TCP6 2001:db8::1 ::1 12345 443\r\n".to_vec(),
                client("[2001:db8::1]:12345"),
            ),
            (b"PROXY UNKNOWN\r\n".to_vec(), Said::Nothing),
            (
                b"PROXY UNKNOWN ffff::1 whatever\r\n".to_vec(),
                Said::Nothing,
            ),
            (block(0x21, 0x11, &four), client("192.0.2.1:12345")),
            (block(0x21, 0x11, &with_more), client("192.0.2.1:12345")),
            (block(0x21, 0x21, &six), client("[2001:db8::1]:12345")),
            (block(0x20, 0x11, &four), Said::Nothing),
            (block(0x20, 0x00, &[]), Said::Nothing),
            (block(0x21, 0x00, &[1, 2, 3]), Said::Nothing),
        ] {
            let whole = Ok(Parsed::Whole(said, bytes.len()));
            assert_eq!(parse(&bytes), whole);
            let followed = [&bytes[..], b"GET / HTTP/1.1\r\n"].concat();
            assert_eq!(parse(&followed), whole, "and what follows stays");
            for end in 0..bytes.len() {
                assert_eq!(
                    parse(&bytes[..end]),
                    Ok(Parsed::Part),
                    "{:?}",
                    &bytes[..end]
                );
            }
        }
    }

    #[test]
    fn everything_else_is_refused() {
        let long = format!("PROXY UNKNOWN {}\r\n", "x".repeat(LINE_BYTES_MAX));
        let large = block(0x21, 0x11, &[0; BLOCK_BYTES_MAX]);
        for bytes in [
            &b"GET / HTTP/1.1\r\n"[..],
            b"proxy TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            b"PROXY  TCP4 192.0.2.1 192.0.2.2 1 2\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1 2 3\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 1\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 01 2\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 +1 2\r\n",
            b"PROXY TCP4 192.0.2.1 192.0.2.2 65536 2\r\n",
            b"PROXY TCP4 ::1 ::1 1 2\r\n",
            b"PROXY TCP6 192.0.2.1 192.0.2.2 1 2\r\n",
            b"PROXY TCP5 192.0.2.1 192.0.2.2 1 2\r\n",
            b"PROXY UNKNOWNS\r\n",
            long.as_bytes(),
            &large,
            &block(0x11, 0x11, &[0; 12]),
            &block(0x22, 0x11, &[0; 12]),
            &block(0x21, 0x11, &[0; 11]),
            &block(0x21, 0x21, &[0; 35]),
            &block(0x21, 0x12, &[0; 12]),
            &block(0x21, 0x31, &[0; 216]),
        ] {
            assert_eq!(parse(bytes), Err(Malformed), "{bytes:?}");
        }
    }

    proptest! {
        #[test]
        fn no_bytes_are_too_much(begin in any::<bool>(), rest in vec(any::<u8>(), 0..3_000)) {
            let bytes = [if begin { &SIGNATURE[..] } else { b"PROXY " }, &rest].concat();
            match parse(&bytes) {
                Ok(Parsed::Whole(_, end)) => assert!(end <= bytes.len()),
                Ok(Parsed::Part) => assert!(bytes.len() < BLOCK_BYTES_MAX),
                Err(Malformed) => {}
            }
        }
    }
}
