//! The query of a call: each parameter once, and none that the operation does not know.

use crate::description::parameter::Parameter;
use crate::error::ApiError;
use crate::limits::{PARAMETERS_MAX, Page};

/// The parameters of a call.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Query {
    parameters: Vec<(String, String)>,
}

/// The two that move within a list; all others say which list it is.
const MOVING: [&str; 2] = ["after", "limit"];

impl Query {
    /// Reads a query.
    ///
    /// # Errors
    /// [`ApiError`] for too many parameters, one that stands twice, or text that no store takes.
    pub fn parse(text: &str) -> Result<Self, ApiError> {
        let mut parameters: Vec<(String, String)> = Vec::new();
        for (name, value) in form_urlencoded::parse(text.as_bytes()) {
            if parameters.len() == PARAMETERS_MAX {
                return Err(ApiError::invalid("query", "it has too many parameters"));
            }
            if value.contains('\0') {
                return Err(ApiError::invalid(&name, "it contains U+0000"));
            }
            if parameters.iter().any(|(known, _)| *known == name) {
                return Err(ApiError::invalid(&name, "it stands there twice"));
            }
            parameters.push((name.into_owned(), value.into_owned()));
        }
        parameters.sort();
        Ok(Self { parameters })
    }

    /// Refuses what is not described: what is asked for is done, or it is told that it is not.
    ///
    /// # Errors
    /// [`ApiError`] naming the first one.
    pub fn only(&self, described: &[Parameter]) -> Result<(), ApiError> {
        let mut names = self.parameters.iter().map(|(name, _)| name.as_str());
        let is_known = |name: &&str| described.iter().any(|known| known.name == *name);
        match names.find(|name| !is_known(name)) {
            Some(name) => Err(ApiError::not_supported(name)),
            None => Ok(()),
        }
    }

    /// A parameter; an empty one is none.
    #[must_use]
    pub fn get(&self, name: &str) -> Option<&str> {
        self.parameters
            .iter()
            .find(|(known, value)| known == name && !value.is_empty())
            .map(|(_, value)| value.as_str())
    }

    /// A parameter that is `true` or `false`.
    ///
    /// # Errors
    /// [`ApiError`] for anything else.
    pub fn flag(&self, name: &str, default: bool) -> Result<bool, ApiError> {
        match self.get(name) {
            None => Ok(default),
            Some("true") => Ok(true),
            Some("false") => Ok(false),
            Some(_) => Err(ApiError::invalid(name, "use true or false")),
        }
    }

    /// What is to be embedded, of what the operation can embed.
    ///
    /// # Errors
    /// [`ApiError`] for anything else.
    pub fn expand(&self, known: &[&'static str]) -> Result<Option<&'static str>, ApiError> {
        let Some(wanted) = self.get("expand") else {
            return Ok(None);
        };
        let mut names = known.iter().copied();
        match names.find(|name| *name == wanted) {
            Some(name) => Ok(Some(name)),
            None => {
                let problem = format!("use {}", known.join(" or "));
                Err(ApiError::invalid("expand", &problem))
            }
        }
    }

    /// How many things the page shall have; more than there may be is as many as there may be.
    ///
    /// # Errors
    /// [`ApiError`] for what is no number from 1 on.
    pub fn limit(&self, page: Page) -> Result<usize, ApiError> {
        match self.get("limit").map(str::parse::<u32>) {
            None => Ok(page.default),
            Some(Ok(limit)) if limit > 0 => {
                Ok(usize::try_from(limit).unwrap_or(page.max).min(page.max))
            }
            Some(_) => Err(ApiError::invalid("limit", "use a whole number from 1 on")),
        }
    }

    /// What says which list it is.
    #[must_use]
    pub fn of_list(&self) -> Vec<(String, String)> {
        let moves = |(name, _): &&(String, String)| !MOVING.contains(&name.as_str());
        self.parameters.iter().filter(moves).cloned().collect()
    }

    /// The query as it is, or with another cursor. It holds no comma, at which clients split a `Link` header.
    #[must_use]
    pub fn render(&self, after: Option<&str>) -> String {
        let mut encoder = form_urlencoded::Serializer::new(String::new());
        for (name, value) in &self.parameters {
            if name != "after" || after.is_none() {
                encoder.append_pair(name, value);
            }
        }
        if let Some(after) = after {
            encoder.append_pair("after", after);
        }
        encoder.finish()
    }
}

#[cfg(test)]
mod tests {
    use super::Query;
    use crate::description::parameter::{limit, q};
    use crate::error::ErrorCode;
    use crate::limits::{PARAMETERS_MAX, Page};

    const PAGE: Page = Page {
        default: 20,
        max: 200,
    };

    #[test]
    fn limits_are_read_within_their_bounds() {
        for (text, limit) in [
            ("", Some(20)),
            ("limit=", Some(20)),
            ("limit=1", Some(1)),
            ("limit=200", Some(200)),
            ("limit=4000000000", Some(200)),
            ("limit=0", None),
            ("limit=-1", None),
            ("limit=x", None),
            ("limit=99999999999", None),
        ] {
            let limit_seen = Query::parse(text).unwrap().limit(PAGE).ok();
            assert_eq!(limit_seen, limit, "{text}");
        }
    }

    #[test]
    fn parameters_stand_once_and_are_known() {
        let many: Vec<String> = (0..=PARAMETERS_MAX).map(|n| format!("p{n}=1")).collect();
        for bad in ["a=1&a=2", "a=%00", &many.join("&")] {
            let error = Query::parse(bad).unwrap_err();
            assert_eq!(error.code(), ErrorCode::Validation, "{bad}");
        }
        let query = Query::parse("q=a&limit=3").unwrap();
        let (asked, paged) = (q("A part of the name."), limit(PAGE));
        assert!(query.only(&[asked, paged]).is_ok());
        assert!(query.only(&[paged]).is_err());
        for (text, expected) in [("", Some(true)), ("f=false", Some(false)), ("f=1", None)] {
            let flag = Query::parse(text).unwrap().flag("f", true).ok();
            assert_eq!(flag, expected, "{text}");
        }
    }

    #[test]
    fn a_link_keeps_the_query_and_has_no_comma() {
        let query = Query::parse("search=a+eq+%22x%2Cy%22&limit=2&after=old").unwrap();
        assert_eq!(
            query.render(Some("new")),
            "limit=2&search=a+eq+%22x%2Cy%22&after=new"
        );
        assert_eq!(
            query.render(None),
            "after=old&limit=2&search=a+eq+%22x%2Cy%22"
        );
        assert_eq!(query.of_list(), [("search".into(), "a eq \"x,y\"".into())]);
    }
}
