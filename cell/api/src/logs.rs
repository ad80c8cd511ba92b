//! The system log: a span of it, newest or oldest first, or an endless walk behind whatever is written.

pub(crate) mod described;

use crate::call::Call;
use crate::error::ApiError;
use crate::limits::{LOGS_DEFAULT_SPAN_SECS, LOGS_PAGE};
use crate::query::Query;
use crate::reply::Reply;
use database::DatabaseFault;
use identity::condition::Place;
use identity::fault::Fault;
use identity::log_filter::parse_log_filter;
use ledger::{LogFilter, LogPage, LogRow};
use protocol::keywords::Keywords;
use serde_json::Value;
use vocab::time::Timestamp;

/// How the log is read.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Walk {
    /// Up to a moment, oldest first.
    Bounded,
    /// Up to a moment, newest first.
    Backward,
    /// In the order of the chain and without end: whoever goes on from the last page misses nothing.
    Polling,
}

/// `GET /api/v1/logs`.
///
/// # Errors
/// [`ApiError`] as every operation.
pub async fn list(call: Call) -> Result<Reply, ApiError> {
    let walk = plan_walk(&call.query)?;
    let filter = plan_filter(&call.query, walk, call.now())?;
    let from = match call.place()? {
        Some(place) => Some(parse_seq(&place)?),
        None => None,
    };
    let limit = call.query.limit(LOGS_PAGE)?;
    let page = load(&call, filter.as_ref(), walk, from, limit);
    let (page, head) = page.await.map_err(Fault::from)?;
    let next = match walk {
        Walk::Polling => Some(decide_reached(page.next, head, from)),
        Walk::Bounded | Walk::Backward => page.next,
    };
    let events: Vec<Value> = page.rows.iter().filter_map(LogRow::shown).collect();
    let next = next.map(|seq| Place::at(&seq.to_string()));
    Ok(call.paged(Reply::of(Value::from(events)), next.as_ref()))
}

/// A page, and the number of the newest row at the same moment.
async fn load(
    call: &Call,
    filter: Option<&LogFilter>,
    walk: Walk,
    from: Option<i64>,
    limit: usize,
) -> Result<(LogPage, i64), DatabaseFault> {
    let org = &call.context.org;
    let mut tx = call.cell.database.read().await?;
    let page = match (filter, walk) {
        (None, _) => LogPage {
            rows: Vec::new(),
            next: None,
        },
        (Some(filter), Walk::Backward) => {
            ledger::load_page(&mut tx, org, filter, from, limit).await?
        }
        (Some(filter), Walk::Bounded | Walk::Polling) => {
            ledger::load_after(&mut tx, org, filter, from.unwrap_or(0), limit).await?
        }
    };
    let head = ledger::load_head(&mut tx, org).await?;
    Ok((page, head.map_or(0, |head| head.seq)))
}

/// Where a poll goes on. A page that is the last has looked at all there was, whether or not it was shown.
fn decide_reached(next: Option<i64>, head: i64, from: Option<i64>) -> i64 {
    next.unwrap_or_else(|| head.max(from.unwrap_or(0)))
}

fn parse_seq(place: &Place) -> Result<i64, ApiError> {
    let wrong = || ApiError::invalid("after", "it is no cursor of this list");
    place.id.parse().map_err(|_| wrong())
}

fn plan_walk(query: &Query) -> Result<Walk, ApiError> {
    match (query.get("sortOrder"), query.get("until")) {
        (Some("DESCENDING"), _) => Ok(Walk::Backward),
        (None | Some("ASCENDING"), Some(_)) => Ok(Walk::Bounded),
        (None | Some("ASCENDING"), None) => Ok(Walk::Polling),
        (Some(_), _) => Err(ApiError::invalid(
            "sortOrder",
            "use ASCENDING or DESCENDING",
        )),
    }
}

/// The filter; none where its conditions contradict each other or name what there is not.
fn plan_filter(query: &Query, walk: Walk, now: Timestamp) -> Result<Option<LogFilter>, ApiError> {
    let until = parse_moment(query, "until")?;
    let since = match parse_moment(query, "since")? {
        Some(since) => Some(since),
        // A poll that has begun goes by the numbers of the rows alone.
        None if walk == Walk::Polling && query.get("after").is_some() => None,
        None => Some(until.unwrap_or(now).plus_secs(-LOGS_DEFAULT_SPAN_SECS)),
    };
    let filter = LogFilter {
        since,
        until,
        keywords: parse_keywords(query)?,
        ..LogFilter::default()
    };
    let Some(text) = query.get("filter") else {
        return Ok(Some(filter));
    };
    let asked = parse_log_filter(text).map_err(|error| ApiError::search(&error))?;
    Ok(asked.map(|asked| LogFilter {
        since: filter.since,
        until: filter.until,
        keywords: filter.keywords,
        ..asked
    }))
}

fn parse_keywords(query: &Query) -> Result<Keywords, ApiError> {
    let keywords = Keywords::parse(query.get("q").unwrap_or_default());
    keywords.map_err(|error| ApiError::invalid("q", &error.to_string()))
}

fn parse_moment(query: &Query, name: &str) -> Result<Option<Timestamp>, ApiError> {
    let wrong = || ApiError::invalid(name, "use a moment as in 2026-11-23T20:31:41.123Z");
    let text = query.get(name);
    text.map(|text| Timestamp::parse_rfc3339(text).ok_or_else(wrong))
        .transpose()
}

#[cfg(test)]
mod tests {
    use super::{Walk, decide_reached, plan_filter, plan_walk};
    use crate::query::Query;
    use ledger::{EventType, LogFilter, Outcome};
    use vocab::time::Timestamp;

    const NOW: Timestamp = Timestamp::from_seconds(1_795_465_901);

    fn plan(text: &str) -> Option<(Walk, Option<LogFilter>)> {
        let query = Query::parse(text).unwrap();
        let walk = plan_walk(&query).ok()?;
        Some((walk, plan_filter(&query, walk, NOW).ok()?))
    }

    #[test]
    fn the_query_says_how_the_log_is_walked() {
        let week = NOW.plus_secs(-7 * 24 * 60 * 60);
        for (text, walk, since) in [
            ("", Walk::Polling, Some(week)),
            ("after=x", Walk::Polling, None),
            (
                "after=x&since=2026-11-23T20:31:41Z",
                Walk::Polling,
                Some(NOW),
            ),
            ("sortOrder=DESCENDING", Walk::Backward, Some(week)),
            ("until=2026-11-23T20:31:41Z", Walk::Bounded, Some(week)),
            (
                "since=2026-11-23T20:31:41Z&sortOrder=ASCENDING",
                Walk::Polling,
                Some(NOW),
            ),
        ] {
            let (seen, filter) = plan(text).unwrap();
            assert_eq!((seen, filter.unwrap().since), (walk, since), "{text}");
        }
        for bad in ["sortOrder=asc", "since=yesterday", "until=Mon+Nov+23+2026"] {
            assert_eq!(plan(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_filter_is_what_an_index_answers() {
        let filter = |text: &str| {
            let text: String = form_urlencoded::byte_serialize(text.as_bytes()).collect();
            plan(&format!("filter={text}")).map(|(_, filter)| filter)
        };
        let both = filter(r#"eventType eq "user.session.start" and outcome.result eq "FAILURE""#);
        let both = both.unwrap().unwrap();
        assert_eq!(
            (both.event_type, both.outcome),
            (Some(EventType::UserSessionStart), Some(Outcome::Failure))
        );
        for nothing in [
            r#"eventType eq "no.such.type""#,
            r#"actor.id eq "a" and actor.id eq "b""#,
        ] {
            assert_eq!(filter(nothing), Some(None), "{nothing}");
        }
        for bad in [
            r#"eventType sw "user.""#,
            r#"eventType eq "a" or eventType eq "b""#,
            r#"published gt "2026-11-23T20:31:41Z""#,
            r#"debugContext.debugData.url co "x""#,
        ] {
            assert_eq!(filter(bad), None, "{bad}");
        }
    }

    #[test]
    fn keywords_stand_beside_everything_else() {
        let (walk, filter) = plan("q=Ada+%20WIKI&filter=actor.id+eq+%22a%22&after=x").unwrap();
        let filter = filter.unwrap();
        assert_eq!((walk, filter.since), (Walk::Polling, None));
        assert_eq!(filter.keywords.to_string(), "ada wiki");
        assert_eq!(filter.actor.as_deref(), Some("a"));
        assert!(plan("q=+").unwrap().1.unwrap().keywords.is_empty());
        let many = format!("q={}", "a+".repeat(11));
        let long = format!("q={}", "a".repeat(41));
        for bad in [many.as_str(), long.as_str(), "q=-"] {
            assert_eq!(plan(bad), None, "{bad}");
        }
    }

    #[test]
    fn a_poll_never_goes_back() {
        for (next, head, from, reached) in [
            (None, 0, None, 0),
            (None, 7, None, 7),
            (None, 7, Some(7), 7),
            (Some(9), 20, Some(7), 9),
        ] {
            assert_eq!(decide_reached(next, head, from), reached);
        }
    }
}
