//! Why there is no answer of the wanted kind.

use http::StatusCode;
use serde::Deserialize;

/// Why there is no answer of the wanted kind.
#[derive(Debug, thiserror::Error)]
pub enum ClientError {
    /// The client cannot be made of these settings.
    #[error("{setting}: {reason}")]
    Settings {
        /// Which.
        setting: &'static str,
        /// What is wrong with it, and what to do.
        reason: String,
    },
    /// The server cannot be reached, or did not answer in time.
    #[error("{address} cannot be reached: {reason}")]
    Unreachable {
        /// Where.
        address: String,
        /// Why.
        reason: String,
    },
    /// It refused.
    #[error("{}", .0.render())]
    Refused(Refusal),
    /// It answered something else than was asked.
    #[error("{address} answered with something else than was asked: {reason}")]
    Garbled {
        /// Where.
        address: String,
        /// What was wrong.
        reason: String,
    },
}

/// What a server says that refuses.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Refusal {
    /// The status.
    pub status: StatusCode,
    /// Its code, such as `E0000007`; empty where none was said.
    pub code: String,
    /// What it said.
    pub summary: String,
    /// What it said of each thing that is wrong.
    pub causes: Vec<String>,
    /// By what the server's log knows the call.
    pub id: String,
}

/// The body of a refusal.
#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Body {
    error_code: String,
    error_summary: String,
    error_id: String,
    error_causes: Vec<Cause>,
}

#[derive(Default, Deserialize)]
#[serde(rename_all = "camelCase", default)]
struct Cause {
    error_summary: String,
}

/// The code for a token that is none, or not any more.
const INVALID_TOKEN: &str = "E0000011";
/// The code for what the caller's roles do not permit.
const FORBIDDEN: &str = "E0000006";

impl Refusal {
    /// Of a status and the body that came with it, whatever that is.
    #[must_use]
    pub fn parse(status: StatusCode, body: &[u8]) -> Self {
        let body: Body = serde_json::from_slice(body).unwrap_or_default();
        Self {
            status,
            code: body.error_code,
            summary: body.error_summary,
            causes: body
                .error_causes
                .into_iter()
                .map(|cause| cause.error_summary)
                .collect(),
            id: body.error_id,
        }
    }

    /// For people, with what to do where that is plain.
    #[must_use]
    pub fn render(&self) -> String {
        let said = match (self.summary.as_str(), self.causes.as_slice()) {
            ("", _) => format!("refused with status {}", self.status),
            (summary, []) => summary.to_owned(),
            (_, causes) => causes.join("; "),
        };
        let code = match self.code.as_str() {
            "" => String::new(),
            code => format!(" ({code})"),
        };
        let hint = match self.status {
            StatusCode::UNAUTHORIZED if matches!(self.code.as_str(), "" | INVALID_TOKEN) => {
                ": the token is unknown, has ended, belongs to another organisation, or its owner may not sign in; make one under Settings, API tokens"
            }
            StatusCode::FORBIDDEN if self.code == FORBIDDEN && self.causes.is_empty() => {
                ": the roles of the token's owner do not permit it"
            }
            StatusCode::NOT_FOUND if self.summary.is_empty() => {
                ": no organisation answers there; name one by its short name with --org, or give its own address"
            }
            StatusCode::TOO_MANY_REQUESTS => ": wait a minute and try again",
            status if status.is_redirection() => {
                ": name the address that people see in the browser"
            }
            _ => "",
        };
        format!("{said}{code}{hint}")
    }
}

#[cfg(test)]
mod tests {
    use super::Refusal;
    use http::StatusCode;

    #[test]
    fn a_refusal_says_what_was_wrong() {
        let invalid = r#"{"errorCode":"E0000001","errorSummary":"Api validation failed: login","errorId":"oae1",
            "errorCauses":[{"errorSummary":"login: An object with this field already exists"}]}"#;
        let unknown =
            r#"{"errorCode":"E0000007","errorSummary":"Not found: Resource not found: x (User)"}"#;
        let cases = [
            (
                400,
                invalid,
                "login: An object with this field already exists (E0000001)",
            ),
            (
                404,
                unknown,
                "Not found: Resource not found: x (User) (E0000007)",
            ),
            (
                404,
                "",
                "refused with status 404 Not Found: no organisation answers there; name one by its short name with --org, or give its own address",
            ),
            (502, "<html>", "refused with status 502 Bad Gateway"),
            (500, "[]", "refused with status 500 Internal Server Error"),
        ];
        for (status, body, said) in cases {
            let status = StatusCode::from_u16(status).unwrap();
            assert_eq!(Refusal::parse(status, body.as_bytes()).render(), said);
        }
        // What to do is said of what it is true of alone.
        for (status, code, words, hinted) in [
            (401, "", "API tokens", true),
            (401, "E0000011", "API tokens", true),
            (401, "E0000015", "API tokens", false),
            (403, "E0000006", "do not permit", true),
            (403, "E0000038", "do not permit", false),
            (403, "E0000016", "do not permit", false),
        ] {
            let status = StatusCode::from_u16(status).unwrap();
            let body = format!(r#"{{"errorCode":"{code}"}}"#);
            let said = Refusal::parse(status, body.as_bytes()).render();
            assert_eq!(said.contains(words), hinted, "{said}");
        }
    }
}
