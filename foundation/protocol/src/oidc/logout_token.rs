//! The claims of logout tokens (OpenID Connect Back-Channel Logout section 2.4).

use serde::{Serialize, Serializer, ser::SerializeMap as _};

/// The event that makes a token a logout token.
pub const BACKCHANNEL_LOGOUT_EVENT: &str = "http://schemas.openid.net/event/backchannel-logout";

/// Whom to sign out: a logout token must name a person or a session (section 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum LogoutSubject<'c> {
    /// All sessions of a person.
    Person(&'c str),
    /// One session, when nothing is to be said about the person.
    Session(&'c str),
    /// One session of a person.
    PersonSession {
        /// `sub`.
        sub: &'c str,
        /// `sid`.
        sid: &'c str,
    },
}

/// The payload of a logout token. There is no `nonce`: it is prohibited, so that the token cannot pass for an ID
/// token (section 2.4).
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct LogoutTokenClaims<'c> {
    /// The issuer.
    pub iss: &'c str,
    /// The client.
    pub aud: &'c str,
    /// When it was issued, in seconds.
    pub iat: i64,
    /// When it ends, in seconds: two minutes at most are recommended (section 4).
    pub exp: i64,
    /// Its id.
    pub jti: &'c str,
    /// Whom to sign out.
    pub subject: LogoutSubject<'c>,
}

impl Serialize for LogoutTokenClaims<'_> {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        let (sub, sid) = match self.subject {
            LogoutSubject::Person(sub) => (Some(sub), None),
            LogoutSubject::Session(sid) => (None, Some(sid)),
            LogoutSubject::PersonSession { sub, sid } => (Some(sub), Some(sid)),
        };
        let mut members = serializer.serialize_map(None)?;
        members.serialize_entry("iss", self.iss)?;
        members.serialize_entry("aud", self.aud)?;
        members.serialize_entry("iat", &self.iat)?;
        members.serialize_entry("exp", &self.exp)?;
        members.serialize_entry("jti", self.jti)?;
        if let Some(sub) = sub {
            members.serialize_entry("sub", sub)?;
        }
        if let Some(sid) = sid {
            members.serialize_entry("sid", sid)?;
        }
        members.serialize_entry(
            "events",
            &serde_json::json!({ BACKCHANNEL_LOGOUT_EVENT: {} }),
        )?;
        members.end()
    }
}

#[cfg(test)]
mod tests {
    use super::{LogoutSubject, LogoutTokenClaims};

    #[test]
    fn follows_the_example_of_section_2_4() {
        let subject = LogoutSubject::PersonSession {
            sub: "248289761001",
            sid: "08a5019c-17e1-4977-8f42-65a12843ea02",
        };
        let mut claims = LogoutTokenClaims {
            iss: "https://server.example.com",
            aud: "s6BhdRkqt3",
            iat: 1_471_566_154,
            exp: 1_471_569_754,
            jti: "bWJq",
            subject,
        };
        assert_eq!(
            serde_json::to_string(&claims).unwrap(),
            r#"{"iss":"https://server.example.com","aud":"s6BhdRkqt3","iat":1471566154,"exp":1471569754,"jti":"bWJq","sub":"248289761001","sid":"08a5019c-17e1-4977-8f42-65a12843ea02","events":{"http://schemas.openid.net/event/backchannel-logout":{}}}"#
        );
        claims.subject = LogoutSubject::Session("s");
        let value = serde_json::to_value(claims).unwrap();
        assert!(value.get("sub").is_none() && value.get("nonce").is_none());
        claims.subject = LogoutSubject::Person("p");
        assert!(serde_json::to_value(claims).unwrap().get("sid").is_none());
    }
}
