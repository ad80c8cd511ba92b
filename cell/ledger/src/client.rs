//! From where an act came: address, agent and request, and plain names for the usual agents.
//!
//! The agent is what the client says of itself: fit for people to recognise a device by, never for a decision.

use crate::body::{ClientBody, IpHop, RequestBody, UserAgentBody, Word};
use crate::text::{AGENT_BYTES_MAX, NAME_BYTES_MAX, bounded};
use std::borrow::Cow;
use std::net::IpAddr;

/// From where an act came, as the server saw it. What is not known is empty.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ClientFacts {
    /// The client's address, after trusted proxies were taken off.
    pub ip: String,
    /// The `User-Agent` header.
    pub user_agent: String,
    /// The id of the request; what a person can quote from an error page.
    pub request_id: String,
}

impl ClientFacts {
    /// The client, and the way of its request.
    pub(crate) fn render(&self) -> (Option<ClientBody<'_>>, Option<RequestBody<'_>>) {
        let address: Option<IpAddr> = self.ip.parse().ok();
        let text = address.map(|address| address.to_string());
        let request = address.zip(text.clone()).map(|(address, text)| {
            let version = if address.is_ipv4() { "V4" } else { "V6" };
            let hop = IpHop {
                ip: Cow::Owned(text),
                version: Cow::Borrowed(version),
            };
            RequestBody {
                ip_chain: vec![hop],
            }
        });
        if self.ip.is_empty() && self.user_agent.is_empty() {
            return (None, request);
        }
        let user_agent = (!self.user_agent.is_empty()).then(|| UserAgentBody {
            raw_user_agent: Cow::Owned(bounded(&self.user_agent, AGENT_BYTES_MAX)),
            os: Cow::Borrowed(name_system(&self.user_agent)),
            browser: Cow::Borrowed(name_browser(&self.user_agent)),
        });
        let client = ClientBody {
            user_agent,
            ip_address: text.map(Cow::Owned),
        };
        (Some(client), request)
    }

    pub(crate) fn transaction_id(&self) -> Option<Word<'_>> {
        let id = (!self.request_id.is_empty()).then(|| bounded(&self.request_id, NAME_BYTES_MAX));
        id.map(Cow::Owned)
    }
}

/// The operating system that a `User-Agent` names.
#[must_use]
pub fn name_system(agent: &str) -> &'static str {
    // Order matters: Android says Linux too, and iPadOS says Mac OS X.
    const MARKS: [(&str, &str); 8] = [
        ("Android", "Android"),
        ("iPhone", "iOS"),
        ("iPad", "iPadOS"),
        ("Windows", "Windows"),
        ("CrOS", "ChromeOS"),
        ("Mac OS X", "macOS"),
        ("Macintosh", "macOS"),
        ("Linux", "Linux"),
    ];
    first_mark(agent, &MARKS)
}

/// The browser that a `User-Agent` names.
#[must_use]
pub fn name_browser(agent: &str) -> &'static str {
    // Order matters: Edge and Opera say Chrome too, and Chrome says Safari.
    const MARKS: [(&str, &str); 10] = [
        ("Edg", "Edge"),
        ("OPR/", "Opera"),
        ("SamsungBrowser/", "Samsung Internet"),
        ("Firefox/", "Firefox"),
        ("FxiOS/", "Firefox"),
        ("CriOS/", "Chrome"),
        ("Chrome/", "Chrome"),
        ("Chromium/", "Chromium"),
        ("Safari/", "Safari"),
        ("curl/", "curl"),
    ];
    first_mark(agent, &MARKS)
}

fn first_mark(agent: &str, marks: &[(&str, &'static str)]) -> &'static str {
    // What stands behind that many bytes names nothing.
    let searched = agent.get(..agent.floor_char_boundary(AGENT_BYTES_MAX));
    let searched = searched.unwrap_or_default();
    marks
        .iter()
        .find(|(mark, _)| searched.contains(mark))
        .map_or("Unknown", |(_, name)| *name)
}

#[cfg(test)]
mod tests {
    use super::{name_browser, name_system};

    #[test]
    fn the_usual_agents_are_recognised() {
        let table = [
            (
                "Mozilla/5.0 (Windows NT 10.0; Win64; x64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36 Edg/141.0",
                ("Windows", "Edge"),
            ),
            (
                "Mozilla/5.0 (X11; Linux x86_64) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0.0.0 Safari/537.36",
                ("Linux", "Chrome"),
            ),
            (
                "Mozilla/5.0 (iPhone; CPU iPhone OS 18_0 like Mac OS X) AppleWebKit/605.1.15 (KHTML, like Gecko) Version/18.0 Mobile/15E148 Safari/604.1",
                ("iOS", "Safari"),
            ),
            (
                "Mozilla/5.0 (Macintosh; Intel Mac OS X 10.15; rv:143.0) Gecko/20100101 Firefox/143.0",
                ("macOS", "Firefox"),
            ),
            (
                "Mozilla/5.0 (Linux; Android 15) AppleWebKit/537.36 (KHTML, like Gecko) Chrome/141.0 Mobile Safari/537.36",
                ("Android", "Chrome"),
            ),
            ("", ("Unknown", "Unknown")),
        ];
        for (agent, expected) in table {
            assert_eq!(
                (name_system(agent), name_browser(agent)),
                expected,
                "{agent}"
            );
        }
    }
}
