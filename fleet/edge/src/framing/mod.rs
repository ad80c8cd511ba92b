//! What is refused before anything is sent on: requests that two readers could understand in two ways.
//!
//! What the HTTP library settles silently is found in the bytes, before it reads them (`heads.rs`); what it shows is
//! checked here. It refuses bad lengths and unknown codings by itself, and what is sent on is framed anew.

pub mod guarded;
pub mod heads;

use crate::headers::OURS_MAX;
use http::{HeaderMap, Method, Request, Version, header};
use wire::placement::FIELDS_MAX;

/// Why a request is not sent on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, thiserror::Error)]
pub enum Ambiguity {
    /// Not exactly one host, or two that differ (RFC 9112 section 3.2).
    #[error("the request must name exactly one host")]
    Host,
    /// Lines, names or bytes that readers disagree about (RFC 9112 sections 2.2 and 5).
    #[error("the head of the request can be understood in two ways")]
    Head,
    /// Both a length and a transfer coding, or more than one of them (RFC 9112 section 6.1).
    #[error("the end of the body can be understood in two ways")]
    Length,
    /// A method that means something to proxies alone.
    #[error("this method is not for here")]
    Method,
    /// More fields than the cell would read with ours beside them: it would end the connection that all share.
    #[error("the head of the request has more than {FIELDS_FROM_CLIENTS_MAX} fields")]
    Fields,
    /// A target that is no path.
    #[error("the target must be a path")]
    Target,
}

/// Most header fields of a client's request.
const FIELDS_FROM_CLIENTS_MAX: usize = FIELDS_MAX - OURS_MAX;

/// Whether nothing after this request may be read as a request: how its body ends, or what follows it, is not said by a
/// length (see [`heads`]). Its answer closes the connection.
#[must_use]
pub fn is_last<B>(request: &Request<B>) -> bool {
    let headers = request.headers();
    let told =
        headers.contains_key(header::TRANSFER_ENCODING) || headers.contains_key(header::UPGRADE);
    told && request.version() < Version::HTTP_2
}

/// The one host that a request names.
///
/// # Errors
/// [`Ambiguity`] if whoever reads it next could see another request than we do.
pub fn check<B>(request: &Request<B>) -> Result<&str, Ambiguity> {
    if matches!(*request.method(), Method::CONNECT | Method::TRACE) {
        return Err(Ambiguity::Method);
    }
    if !request.uri().path().starts_with('/') {
        return Err(Ambiguity::Target);
    }
    // However many fields cookies came in, they go on in one.
    let cookies = request.headers().get_all(header::COOKIE).iter().count();
    if request.headers().len() - cookies.saturating_sub(1) > FIELDS_FROM_CLIENTS_MAX {
        return Err(Ambiguity::Fields);
    }
    check_length(request.headers(), request.version())?;
    host_of(request)
}

fn check_length(headers: &HeaderMap, version: Version) -> Result<(), Ambiguity> {
    let lengths = headers.get_all(header::CONTENT_LENGTH).iter().count();
    let mut codings = headers.get_all(header::TRANSFER_ENCODING).iter();
    let coding = codings.next();
    let chunked = coding.is_none_or(|coding| coding.as_bytes().eq_ignore_ascii_case(b"chunked"));
    let old = version == Version::HTTP_10 && coding.is_some();
    if lengths > 1
        || (lengths == 1 && coding.is_some())
        || codings.next().is_some()
        || !chunked
        || old
    {
        return Err(Ambiguity::Length);
    }
    Ok(())
}

/// Where the target has an authority of its own (HTTP/2, and absolute form in HTTP/1.1), it and the header say the same.
fn host_of<B>(request: &Request<B>) -> Result<&str, Ambiguity> {
    let authority = request.uri().authority().map(http::uri::Authority::as_str);
    let mut hosts = request.headers().get_all(header::HOST).iter();
    let (host, more) = (hosts.next(), hosts.next());
    let host = match host {
        Some(host) => Some(host.to_str().map_err(|_| Ambiguity::Host)?),
        None => None,
    };
    match (host, more, authority) {
        (Some(host), None, None) => Ok(host),
        (Some(host), None, Some(authority)) if host.eq_ignore_ascii_case(authority) => Ok(host),
        (None, None, Some(authority)) => Ok(authority),
        _ => Err(Ambiguity::Host),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ambiguity, FIELDS_FROM_CLIENTS_MAX, check};
    use http::{Request, Version};

    fn request(uri: &str, headers: &[(&str, &str)]) -> Request<()> {
        let mut builder = Request::builder().uri(uri);
        for (name, value) in headers {
            builder = builder.header(*name, *value);
        }
        builder.body(()).unwrap()
    }

    #[test]
    fn one_host_and_one_length() {
        type Row<'r> = (
            &'r str,
            &'r [(&'r str, &'r str)],
            Result<&'r str, Ambiguity>,
        );
        let table: [Row<'_>; 12] = [
            ("/", &[("host", "a.example")], Ok("a.example")),
            ("http://a.example/x", &[], Ok("a.example")),
            (
                "http://a.example/x",
                &[("host", "A.example")],
                Ok("A.example"),
            ),
            (
                "http://a.example/x",
                &[("host", "b.example")],
                Err(Ambiguity::Host),
            ),
            ("/", &[], Err(Ambiguity::Host)),
            ("/", &[("host", "a"), ("host", "a")], Err(Ambiguity::Host)),
            (
                "/",
                &[
                    ("host", "a"),
                    ("content-length", "1"),
                    ("content-length", "1"),
                ],
                Err(Ambiguity::Length),
            ),
            (
                "/",
                &[
                    ("host", "a"),
                    ("content-length", "1"),
                    ("transfer-encoding", "chunked"),
                ],
                Err(Ambiguity::Length),
            ),
            (
                "/",
                &[("host", "a"), ("transfer-encoding", "gzip, chunked")],
                Err(Ambiguity::Length),
            ),
            (
                "/",
                &[
                    ("host", "a"),
                    ("transfer-encoding", "chunked"),
                    ("transfer-encoding", "chunked"),
                ],
                Err(Ambiguity::Length),
            ),
            (
                "/",
                &[("host", "a"), ("transfer-encoding", "Chunked")],
                Ok("a"),
            ),
            ("*", &[("host", "a")], Err(Ambiguity::Target)),
        ];
        for (uri, headers, verdict) in table {
            assert_eq!(check(&request(uri, headers)), verdict, "{uri} {headers:?}");
        }
    }

    #[test]
    fn fields_are_bounded_old_versions_have_no_codings_and_proxies_no_methods() {
        let mut many = vec![("x", "1"); FIELDS_FROM_CLIENTS_MAX - 1];
        many.push(("host", "a"));
        assert_eq!(check(&request("/", &many)), Ok("a"));
        many.push(("x", "1"));
        assert_eq!(check(&request("/", &many)), Err(Ambiguity::Fields));
        many.truncate(2);
        many.push(("host", "a"));
        many.extend(vec![("cookie", "a=1"); 2 * FIELDS_FROM_CLIENTS_MAX]);
        assert_eq!(check(&request("/", &many)), Ok("a"));
        let mut old = request("/", &[("host", "a"), ("transfer-encoding", "chunked")]);
        *old.version_mut() = Version::HTTP_10;
        assert_eq!(check(&old), Err(Ambiguity::Length));
        for method in [http::Method::CONNECT, http::Method::TRACE] {
            let mut request = request("/", &[("host", "a")]);
            *request.method_mut() = method;
            assert_eq!(check(&request), Err(Ambiguity::Method));
        }
    }
}
