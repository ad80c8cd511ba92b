//! What is asked of the system log in the filter language, as far as an index answers it: for whoever reads a page of it,
//! and for whoever is told of it as it grows.

use ledger::{EventType, LogFilter, Outcome};
use protocol::filter::{Filter, FilterError, Literal, Operator};

/// Why a text is no filter of the log.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
pub enum LogFilterError {
    /// It is no filter at all.
    #[error(transparent)]
    Syntax(#[from] FilterError),
    /// It names what the log cannot be searched by.
    #[error("{0}: it cannot be searched for")]
    Unknown(String),
    /// It compares with another kind of value.
    #[error("{0}: not its kind of value")]
    Kind(String),
    /// No index answers it.
    #[error("use eq, joined by and: each is answered by an index")]
    Unanswerable,
}

/// Reads a filter; none where its conditions contradict each other or name what there is not.
///
/// # Errors
/// [`LogFilterError`] for anything but equalities joined by `and`.
pub fn parse_log_filter(text: &str) -> Result<Option<LogFilter>, LogFilterError> {
    let parts = match Filter::parse(text)? {
        Filter::And(parts) => parts,
        one => vec![one],
    };
    let mut filter = LogFilter::default();
    let mut is_possible = true;
    for part in parts {
        let (attribute, operator, literal) = match part {
            Filter::Compare {
                attribute,
                operator,
                literal,
            } => (attribute, operator, literal),
            Filter::Present(attribute) | Filter::Within { attribute, .. } => {
                known(&attribute)?;
                return Err(LogFilterError::Unanswerable);
            }
            Filter::And(_) | Filter::Or(_) | Filter::Not(_) => {
                return Err(LogFilterError::Unanswerable);
            }
        };
        known(&attribute)?;
        let Literal::Text(text) = literal else {
            return Err(LogFilterError::Kind(attribute));
        };
        if operator != Operator::Equal {
            return Err(LogFilterError::Unanswerable);
        }
        is_possible &= narrow(&mut filter, &attribute, text);
    }
    Ok(is_possible.then_some(filter))
}

fn known(attribute: &str) -> Result<(), LogFilterError> {
    match attribute {
        "eventType" | "actor.id" | "target.id" | "outcome.result" => Ok(()),
        other => Err(LogFilterError::Unknown(other.to_owned())),
    }
}

/// False where the filter can hold for nothing any more.
fn narrow(filter: &mut LogFilter, attribute: &str, text: String) -> bool {
    match attribute {
        "eventType" => put(&mut filter.event_type, EventType::parse(&text)),
        "outcome.result" => put(&mut filter.outcome, Outcome::parse(&text)),
        "actor.id" => put(&mut filter.actor, Some(text)),
        _ => put(&mut filter.target, Some(text)),
    }
}

fn put<T: PartialEq>(place: &mut Option<T>, value: Option<T>) -> bool {
    match (place.as_ref(), value) {
        (_, None) => false,
        (Some(present), Some(value)) => *present == value,
        (None, value) => {
            *place = value;
            true
        }
    }
}

#[cfg(test)]
mod tests {
    use super::parse_log_filter;
    use ledger::{EventType, LogFilter, Outcome};

    #[test]
    fn equalities_joined_by_and_are_answered() {
        let both = parse_log_filter(
            r#"eventType eq "user.session.start" and outcome.result eq "FAILURE""#,
        );
        let expected = LogFilter {
            event_type: Some(EventType::UserSessionStart),
            outcome: Some(Outcome::Failure),
            ..LogFilter::default()
        };
        assert_eq!(both, Ok(Some(expected)));
        let ids = parse_log_filter(r#"actor.id eq "00u1" and target.id eq "00u2""#);
        let ids = ids.unwrap().unwrap();
        assert_eq!(
            (ids.actor.as_deref(), ids.target.as_deref()),
            (Some("00u1"), Some("00u2"))
        );
    }

    #[test]
    fn what_contradicts_itself_is_nothing() {
        for nothing in [
            r#"eventType eq "no.such.type""#,
            r#"actor.id eq "a" and actor.id eq "b""#,
        ] {
            assert_eq!(parse_log_filter(nothing), Ok(None), "{nothing}");
        }
    }

    #[test]
    fn what_no_index_answers_is_refused() {
        for (bad, why) in [
            (r#"eventType sw "user.""#, "use eq"),
            (r#"eventType eq "a" or eventType eq "b""#, "use eq"),
            (r#"not (eventType eq "a")"#, "use eq"),
            ("actor.id pr", "use eq"),
            ("eventType eq 3", "eventType: not its kind"),
            (
                r#"published gt "2026-11-23T20:31:41Z""#,
                "published: it cannot",
            ),
            (
                r#"debugContext.debugData.url co "x""#,
                "debugContext.debugData.url: it cannot",
            ),
        ] {
            let error = parse_log_filter(bad).unwrap_err().to_string();
            assert!(error.starts_with(why), "{bad}: {error}");
        }
        assert!(parse_log_filter("eventType").is_err());
    }
}
