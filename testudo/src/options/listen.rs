//! An address to listen on, as people type it: what is none is refused with what would be. Pure.

use std::net::{IpAddr, SocketAddr};

/// The port of an example where none was typed.
const PORT: u16 = 8080;

/// An address and a port. A name may be several addresses: which of them is meant is for whoever types it to say.
///
/// # Errors
/// What is wrong, and what would be right.
pub fn parse_listen(text: &str) -> Result<SocketAddr, String> {
    if let Ok(address) = text.parse() {
        return Ok(address);
    }
    if let Ok(address) = text.parse::<IpAddr>() {
        return Err(format!("add a port: {}", SocketAddr::new(address, PORT)));
    }
    let (host, port) = text.rsplit_once(':').unwrap_or((text, ""));
    let port = port.parse::<u16>().unwrap_or(PORT);
    Err(match host {
        "localhost" => {
            format!("names are not looked up; name the address: 127.0.0.1:{port}, or [::1]:{port}")
        }
        _ => format!(
            "name an address and a port, such as 127.0.0.1:{port}, or 0.0.0.0:{port} for every address of this machine"
        ),
    })
}

#[cfg(test)]
mod tests {
    use super::parse_listen;

    #[test]
    fn whoever_types_no_address_is_told_one() {
        for good in ["127.0.0.1:0", "[::1]:8080", "0.0.0.0:443"] {
            assert_eq!(parse_listen(good).unwrap().to_string(), good);
        }
        for (bad, part) in [
            ("localhost:18000", "127.0.0.1:18000, or [::1]:18000"),
            ("localhost", "127.0.0.1:8080"),
            ("127.0.0.1", "add a port: 127.0.0.1:8080"),
            ("::1", "add a port: [::1]:8080"),
            (":8081", "such as 127.0.0.1:8081"),
            ("id.example.com:443", "such as 127.0.0.1:443"),
            ("127.0.0.1:99999", "such as 127.0.0.1"),
            ("", "such as 127.0.0.1:8080"),
        ] {
            let said = parse_listen(bad).unwrap_err();
            assert!(said.contains(part), "{bad}: {said}");
        }
    }
}
