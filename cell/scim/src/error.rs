//! Errors as RFC 7644 section 3.12 words them: a status, a word for the kind where there is one, and a sentence.

use crate::limits::SHOWN_ID_CHARS_MAX;
use http::StatusCode;
use identity::condition::Unanswerable;
use identity::credential::password::PasswordRefusal;
use identity::fault::{Fault, Refusal};
use identity::password::policy::PasswordProblem;
use protocol::scim::problem::{Kind, Problem, render_error};
use serde_json::Value;

/// An error to be told.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct ScimError {
    status: StatusCode,
    kind: Option<Kind>,
    detail: String,
}

impl ScimError {
    /// An error without a word for its kind.
    pub fn of(status: StatusCode, detail: impl Into<String>) -> Self {
        Self {
            status,
            kind: None,
            detail: detail.into(),
        }
    }

    /// Something is wrong with the message.
    pub fn bad(kind: Kind, detail: impl Into<String>) -> Self {
        Problem::of(kind, detail).into()
    }

    /// There is no such resource in the org.
    #[must_use]
    pub fn not_found(id: &str) -> Self {
        let shown: String = id.chars().take(SHOWN_ID_CHARS_MAX).collect();
        Self::of(StatusCode::NOT_FOUND, format!("Resource {shown} not found"))
    }

    /// The resource is not any more as the caller saw it.
    #[must_use]
    pub fn stale() -> Self {
        let detail = "the resource was changed since; read it again";
        Self::of(StatusCode::PRECONDITION_FAILED, detail)
    }

    /// The status.
    #[must_use]
    pub const fn status(&self) -> StatusCode {
        self.status
    }

    /// The kind, where there is a word for it.
    #[must_use]
    pub const fn kind(&self) -> Option<Kind> {
        self.kind
    }

    /// The same with another word for the kind, where it has this one.
    #[must_use]
    pub fn or_kind(self, one: Kind, other: Kind) -> Self {
        match self.kind {
            Some(kind) if kind == one => Self {
                kind: Some(other),
                ..self
            },
            _ => self,
        }
    }

    /// The body.
    #[must_use]
    pub fn render(&self) -> Value {
        render_error(self.status.as_u16(), self.kind, &self.detail)
    }
}

impl From<Problem> for ScimError {
    fn from(problem: Problem) -> Self {
        // Two resources cannot have the same value, whoever came first (RFC 7644 section 3.3.1).
        let status = match problem.kind {
            Kind::Uniqueness => StatusCode::CONFLICT,
            _ => StatusCode::BAD_REQUEST,
        };
        Self {
            status,
            kind: Some(problem.kind),
            detail: problem.detail,
        }
    }
}

/// The name of a field on the wire, which may differ from that in forms and declarations.
fn wire_name(field: &'static str) -> &'static str {
    match field {
        "login" => "userName",
        "email" => "emails",
        "first_name" => "name.givenName",
        "last_name" => "name.familyName",
        "name" => "displayName",
        same => same,
    }
}

impl From<Refusal> for ScimError {
    fn from(refusal: Refusal) -> Self {
        match refusal {
            Refusal::NotFound => Self::of(StatusCode::NOT_FOUND, "Resource not found"),
            Refusal::Forbidden => {
                let detail = "the token's roles do not permit this";
                Self::of(StatusCode::FORBIDDEN, detail)
            }
            Refusal::OutOfReach(why) => Self::of(StatusCode::FORBIDDEN, why),
            Refusal::Invalid { field, problem } => Self::bad(
                Kind::InvalidValue,
                format!("{}: {problem}", wire_name(field)),
            ),
            Refusal::Taken { field } => {
                let detail = format!("{}: another resource has it", wire_name(field));
                Self::bad(Kind::Uniqueness, detail)
            }
            Refusal::Changed => {
                let detail = "it was changed at the same moment; try again";
                Self::of(StatusCode::CONFLICT, detail)
            }
            Refusal::WrongState(why) => Self::of(StatusCode::CONFLICT, why),
            Refusal::Shut(_) => Self::of(StatusCode::FORBIDDEN, refusal.to_string()),
            Refusal::TooMany { what, max } => {
                Self::bad(Kind::TooMany, format!("{what}: at most {max}"))
            }
            Refusal::Fault(fault) => fault.into(),
        }
    }
}

impl From<Fault> for ScimError {
    fn from(fault: Fault) -> Self {
        tracing::error!(error = %fault, cause = ?std::error::Error::source(&fault), "a SCIM call failed");
        if fault.is_passing() {
            let detail = "the store takes nothing at the moment; try again later";
            Self::of(StatusCode::SERVICE_UNAVAILABLE, detail)
        } else {
            let detail = "the call failed; try again";
            Self::of(StatusCode::INTERNAL_SERVER_ERROR, detail)
        }
    }
}

impl From<PasswordRefusal> for ScimError {
    fn from(refusal: PasswordRefusal) -> Self {
        match refusal {
            PasswordRefusal::Policy(problems) => {
                let problems: Vec<String> = problems.iter().map(explain).collect();
                let detail = format!("password: {}", problems.join("; "));
                Self::bad(Kind::InvalidValue, detail)
            }
            PasswordRefusal::Busy { .. } | PasswordRefusal::Slow { .. } => {
                Self::of(StatusCode::TOO_MANY_REQUESTS, refusal.to_string())
            }
            PasswordRefusal::WrongPresent => {
                Self::of(StatusCode::FORBIDDEN, "this is not the present password")
            }
            PasswordRefusal::Refused(refusal) => refusal.into(),
            PasswordRefusal::Fault(fault) => fault.into(),
        }
    }
}

/// What is wrong with a password; it is never repeated.
fn explain(problem: &PasswordProblem) -> String {
    match problem {
        PasswordProblem::TooShort { length_min } => {
            format!("use at least {length_min} characters")
        }
        PasswordProblem::TooLong { bytes_max } => format!("use at most {bytes_max} bytes"),
        PasswordProblem::Former { history_count } => {
            format!("use none of the last {history_count}")
        }
        PasswordProblem::ControlCharacter => "it must not contain control characters".to_owned(),
        PasswordProblem::Commonest => "it is one of the commonest".to_owned(),
        PasswordProblem::NamePart => {
            "it must not contain parts of the login, the address or the names".to_owned()
        }
    }
}

impl From<Unanswerable> for ScimError {
    fn from(why: Unanswerable) -> Self {
        Self::bad(Kind::InvalidFilter, why.to_string())
    }
}

#[cfg(test)]
mod tests {
    use super::ScimError;
    use identity::credential::password::PasswordRefusal;
    use identity::fault::Refusal;
    use identity::feature::Feature;
    use identity::password::policy::PasswordProblem;
    use serde_json::{Value, json};

    #[test]
    fn refusals_are_told_in_the_words_of_the_protocol() {
        let field = "login";
        for (refusal, status, kind) in [
            (Refusal::NotFound, 404, Value::Null),
            (Refusal::Forbidden, 403, Value::Null),
            (Refusal::Changed, 409, Value::Null),
            (Refusal::WrongState("no"), 409, Value::Null),
            (Refusal::Shut(Feature::ScimServer), 403, Value::Null),
            (Refusal::Taken { field }, 409, json!("uniqueness")),
            (Refusal::invalid("email", "no"), 400, json!("invalidValue")),
            (
                Refusal::TooMany { what: "x", max: 1 },
                400,
                json!("tooMany"),
            ),
        ] {
            let error = ScimError::from(refusal);
            let body = error.render();
            assert_eq!(error.status().as_u16(), status, "{body}");
            assert_eq!(body["status"], status.to_string());
            assert_eq!(body["scimType"], kind, "{body}");
        }
        let weak = PasswordRefusal::Policy(vec![
            PasswordProblem::TooShort { length_min: 12 },
            PasswordProblem::Commonest,
        ]);
        assert_eq!(
            ScimError::from(weak).render()["detail"],
            "password: use at least 12 characters; it is one of the commonest"
        );
        let missing = ScimError::not_found(&"x".repeat(500)).render();
        let shown = format!("Resource {} not found", "x".repeat(100));
        assert_eq!(missing["detail"], shown);
    }
}
