//! The door for plain HTTP beside TLS: certificate authorities find their proof there, and everybody else is sent on to TLS.
//! Nothing that a client sends in the clear goes any further.

use crate::address::split_host;
use crate::answer::{AnswerBody, Refused, refuse, say};
use crate::framing;
use crate::headers::random_hex;
use crate::hosts::{Hosts, Owner};
use crate::tls::acme::challenges::Challenges;
use http::{HeaderValue, Request, Response, StatusCode, header};
use std::fmt;
use std::sync::Arc;
use vocab::entropy::Entropy;

/// Where an authority looks (RFC 8555 section 8.3).
const CHALLENGE_PATH: &str = "/.well-known/acme-challenge/";

/// What the door knows.
pub struct Lobby {
    hosts: Hosts,
    challenges: Option<Challenges>,
    /// The port of TLS, if it is not the usual one.
    port: Option<u16>,
    entropy: Arc<dyn Entropy>,
}

impl fmt::Debug for Lobby {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(formatter, "Lobby({:?})", self.port)
    }
}

/// What is said to a request.
#[derive(Debug, PartialEq, Eq)]
enum Verdict {
    /// The proof that an authority looks for.
    Prove(String),
    /// The same by TLS.
    GoOn(String),
    /// Nothing.
    Refuse(Refused),
}

impl Lobby {
    /// A door that leads to the port of the origin.
    #[must_use]
    pub fn new(
        hosts: Hosts,
        challenges: Option<Challenges>,
        port: Option<u16>,
        entropy: Arc<dyn Entropy>,
    ) -> Self {
        Self {
            hosts,
            challenges,
            port,
            entropy,
        }
    }

    /// Answers one request. Its body is of no interest.
    #[must_use]
    pub fn answer<B>(&self, request: &Request<B>) -> Response<AnswerBody> {
        let id = random_hex::<16>(self.entropy.as_ref());
        match self.decide(request) {
            Verdict::Prove(proof) => say(StatusCode::OK, proof),
            Verdict::GoOn(to) => match HeaderValue::from_str(&to) {
                Ok(to) => {
                    // Not 301: by 308 (RFC 9110 section 15.4.9) what was to be posted is not made a GET.
                    let mut answer = say(StatusCode::PERMANENT_REDIRECT, "");
                    answer.headers_mut().insert(header::LOCATION, to);
                    answer
                }
                Err(_) => refuse(&Refused::Unknown, &id),
            },
            Verdict::Refuse(refused) => refuse(&refused, &id),
        }
    }

    fn decide<B>(&self, request: &Request<B>) -> Verdict {
        let host = match framing::check(request) {
            Ok(host) => host,
            Err(ambiguity) => return Verdict::Refuse(ambiguity.into()),
        };
        let Ok(host) = split_host(host) else {
            return Verdict::Refuse(Refused::Unknown);
        };
        if let Some(token) = request.uri().path().strip_prefix(CHALLENGE_PATH) {
            let proof = self.challenges.as_ref();
            let proof = proof.and_then(|challenges| challenges.text(&host, token));
            return proof.map_or(Verdict::Refuse(Refused::Nothing), Verdict::Prove);
        }
        // Not to a host that is none of ours: there is no certificate for it either.
        if self.hosts.owner(&host) == Owner::Nobody {
            return Verdict::Refuse(Refused::Unknown);
        }
        let path = request.uri().path_and_query();
        let path = path.map_or("/", http::uri::PathAndQuery::as_str);
        Verdict::GoOn(match self.port {
            Some(port) => format!("https://{host}:{port}{path}"),
            None => format!("https://{host}{path}"),
        })
    }
}

#[cfg(test)]
mod tests {
    use super::{Lobby, Verdict};
    use crate::answer::Refused;
    use crate::framing::Ambiguity;
    use crate::tls::acme::challenges::Challenges;
    use crate::tls::tests::world::hosts;
    use http::Request;
    use std::sync::Arc;
    use vocab::entropy::SeededEntropy;

    #[test]
    fn authorities_find_their_proof_and_all_others_are_sent_on() {
        let folder = tempfile::tempdir().unwrap();
        let challenges = Challenges::default();
        let shown = challenges.show_text("login.acme.test", "token-1", "token-1.print");
        let lobby = |port| {
            let hosts = hosts(folder.path(), "https://id.test");
            let entropy = Arc::new(SeededEntropy::new(1));
            Lobby::new(hosts, Some(challenges.clone()), port, entropy)
        };
        let at = |port, host: &str, target: &str| {
            let request = Request::builder().uri(target).header("host", host);
            lobby(port).decide(&request.body(()).unwrap())
        };
        let proof = "/.well-known/acme-challenge/token-1";
        let to = |url: &str| Verdict::GoOn(url.to_owned());
        let table = [
            (
                "login.acme.test",
                proof,
                Verdict::Prove(String::from("token-1.print")),
            ),
            (
                "LOGIN.acme.test:80",
                proof,
                Verdict::Prove(String::from("token-1.print")),
            ),
            ("id.test", proof, Verdict::Refuse(Refused::Nothing)),
            (
                "login.acme.test",
                "/.well-known/acme-challenge/",
                Verdict::Refuse(Refused::Nothing),
            ),
            (
                "id.test",
                "/t/acme/signin?a=b%20c",
                to("https://id.test/t/acme/signin?a=b%20c"),
            ),
            ("acme.id.test:80", "/", to("https://acme.id.test/")),
            (
                "login.acme.test",
                "//evil.test",
                to("https://login.acme.test//evil.test"),
            ),
            ("evil.test", "/", Verdict::Refuse(Refused::Unknown)),
            ("nobody.id.test", "/", Verdict::Refuse(Refused::Unknown)),
            ("a b", "/", Verdict::Refuse(Refused::Unknown)),
            (
                "id.test",
                "http://evil.test/",
                Verdict::Refuse(Ambiguity::Host.into()),
            ),
        ];
        for (host, target, verdict) in table {
            assert_eq!(at(None, host, target), verdict, "{host} {target}");
        }
        assert_eq!(
            at(Some(8443), "id.test:80", "/x"),
            to("https://id.test:8443/x")
        );
        drop(shown);
        assert_eq!(
            at(None, "login.acme.test", proof),
            Verdict::Refuse(Refused::Nothing)
        );
    }
}
