//! Forms that carry a file (`multipart/form-data`), read whole from memory within bounds.
//!
//! What a browser says of a file, its name and its type, is not looked at.

use axum::body::{Body, Bytes};
use axum::extract::{FromRequest as _, Multipart};
use axum::http::{HeaderMap, HeaderValue, Method, Request, header};

/// Largest form that carries a file. It is well above the largest file that is taken, so that one which is somewhat too
/// large is refused beside its field and not by an error page.
pub const UPLOAD_BYTES_MAX: usize = 1024 * 1024;
/// Most fields and files of such a form.
const PARTS_MAX: usize = 32;

/// What a form carried.
#[derive(Debug, Default, PartialEq, Eq)]
pub struct Upload {
    /// Plain fields by name.
    pub fields: Vec<(String, String)>,
    /// Files by the name of their field.
    pub files: Vec<(String, Vec<u8>)>,
}

/// The type of a form that carries a file; none for any other.
#[must_use]
pub fn upload_type(headers: &HeaderMap) -> Option<&HeaderValue> {
    let is_upload = |value: &&HeaderValue| {
        let text = value.to_str().unwrap_or_default();
        text.split(';')
            .next()
            .is_some_and(|kind| kind.trim().eq_ignore_ascii_case("multipart/form-data"))
    };
    headers.get(header::CONTENT_TYPE).filter(is_upload)
}

/// Reads such a form; none if it is not one, or has too many parts.
pub async fn read_upload(content_type: &HeaderValue, bytes: Bytes) -> Option<Upload> {
    let request = Request::builder()
        .method(Method::POST)
        .header(header::CONTENT_TYPE, content_type)
        .body(Body::from(bytes))
        .ok()?;
    let mut parts = Multipart::from_request(request, &()).await.ok()?;
    let mut upload = Upload::default();
    for _ in 0..PARTS_MAX {
        let Some(part) = parts.next_field().await.ok()? else {
            return Some(upload);
        };
        let name = part.name().unwrap_or_default().to_owned();
        let is_file = part.file_name().is_some();
        let content = part.bytes().await.ok()?;
        if is_file {
            upload.files.push((name, content.to_vec()));
        } else {
            let text = String::from_utf8(content.to_vec()).ok()?;
            upload.fields.push((name, text));
        }
    }
    None
}

#[cfg(test)]
mod tests {
    use super::{Upload, read_upload, upload_type};
    use axum::http::{HeaderMap, HeaderValue, header};
    use proptest::prelude::{any, prop, proptest};

    fn run(content_type: &str, body: &[u8]) -> Option<Upload> {
        let content_type = HeaderValue::from_str(content_type).ok()?;
        tokio::runtime::Builder::new_current_thread()
            .build()
            .unwrap()
            .block_on(read_upload(&content_type, body.to_vec().into()))
    }

    const TYPE: &str = "multipart/form-data; boundary=x";

    #[test]
    fn fields_and_files_are_told_apart() {
        let body = b"--x\r\nContent-Disposition: form-data; name=\"csrf\"\r\n\r\nguard\r\n\
            --x\r\nContent-Disposition: form-data; name=\"logo\"; filename=\"../a.svg\"\r\nContent-Type: image/svg+xml\r\n\r\n\
            \x89PNG\0\r\n--x--\r\n";
        let upload = run(TYPE, body).unwrap();
        assert_eq!(upload.fields, [("csrf".to_owned(), "guard".to_owned())]);
        assert_eq!(upload.files, [("logo".to_owned(), b"\x89PNG\0".to_vec())]);
    }

    #[test]
    fn what_is_no_such_form_is_refused() {
        let part = "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1\r\n";
        let many = part.repeat(40) + "--x--\r\n";
        for (kind, body) in [
            ("multipart/form-data", "--x--\r\n"),
            (TYPE, ""),
            (
                TYPE,
                "--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n1",
            ),
            (TYPE, many.as_str()),
        ] {
            assert_eq!(run(kind, body.as_bytes()), None, "{kind} {body}");
        }
        let latin = b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n\xff\r\n--x--\r\n";
        assert_eq!(run(TYPE, latin), None);
    }

    #[test]
    fn the_type_is_told_by_its_name_alone() {
        let told = |text: &'static str| {
            let mut headers = HeaderMap::new();
            headers.insert(header::CONTENT_TYPE, HeaderValue::from_static(text));
            upload_type(&headers).is_some()
        };
        assert!(told("multipart/form-data; boundary=x") && told("Multipart/Form-Data;boundary=x"));
        assert!(!told("application/x-www-form-urlencoded") && !told("multipart/form-database"));
    }

    proptest! {
        #[test]
        fn any_bytes_are_read_or_refused(body in prop::collection::vec(any::<u8>(), 0..400)) {
            let framed = [b"--x\r\nContent-Disposition: form-data; name=\"a\"\r\n\r\n".as_slice(), &body, b"\r\n--x--\r\n"].concat();
            for bytes in [body, framed] {
                if let Some(upload) = run(TYPE, &bytes) {
                    assert!(upload.fields.len() + upload.files.len() <= 32);
                }
            }
        }
    }
}
