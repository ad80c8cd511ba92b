//! Entity tags (RFC 7644 section 3.14): what a resource was like when it was read.

/// What `If-Match` or `If-None-Match` says.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Condition {
    /// `*`: whatever there is.
    Any,
    /// One of these; they stand there without their quotation marks.
    OneOf(Vec<String>),
}

/// Most tags of one header.
pub const TAGS_MAX: usize = 16;

/// Reads the value of the header; none for anything else. A weak tag is as good as a strong one: what it stands for is a
/// version, not bytes.
#[must_use]
pub fn parse_condition(text: &str) -> Option<Condition> {
    if text.trim() == "*" {
        return Some(Condition::Any);
    }
    let tags: Vec<&str> = text.split(',').map(str::trim).collect();
    if tags.len() > TAGS_MAX {
        return None;
    }
    let tags: Option<Vec<String>> = tags.into_iter().map(parse_tag).collect();
    tags.map(Condition::OneOf)
}

fn parse_tag(text: &str) -> Option<String> {
    let quoted = text.strip_prefix("W/").unwrap_or(text);
    let tag = quoted.strip_prefix('"')?.strip_suffix('"')?;
    let is_plain = |sign: char| sign.is_ascii_alphanumeric() || sign == '-' || sign == '.';
    (!tag.is_empty() && tag.chars().all(is_plain)).then(|| tag.to_owned())
}

impl Condition {
    /// Whether a version is one of them.
    #[must_use]
    pub fn holds(&self, version: &str) -> bool {
        match self {
            Self::Any => true,
            Self::OneOf(tags) => tags.iter().any(|tag| tag == version),
        }
    }
}

/// The tag of a version.
#[must_use]
pub fn render_tag(version: &str) -> String {
    format!("W/\"{version}\"")
}
