//! Which language a page speaks: the reader's wish as the browser states it, within what the organisation allows.
//!
//! Pure. The header is foreign text: it is read up to a bound and never trusted to be well formed.

use super::{Text, de, en};

/// How many bytes of an `Accept-Language` header are read.
const HEADER_BYTES_MAX: usize = 512;
/// How many of its entries are weighed.
const WISHES_MAX: usize = 16;

/// Every language there is, the first being the one that answers when nothing fits.
static LANGUAGES: [&Text; 2] = [&en::TEXT, &de::TEXT];

/// What an organisation says about languages.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub enum OrgLanguage<'a> {
    /// Nothing: the browser decides.
    #[default]
    Any,
    /// The browser decides, and this tag answers where the browser's wishes cannot be met.
    Preferred(&'a str),
    /// This tag, whatever the browser says.
    Only(&'a str),
}

/// Every language of the catalogue.
#[must_use]
pub fn languages() -> &'static [&'static Text] {
    &LANGUAGES
}

/// The language for a tag such as `de`, `de-AT` or `DE_ch`: the primary part decides.
#[must_use]
pub fn find_language(tag: &str) -> Option<&'static Text> {
    let primary = tag.split(['-', '_']).next().unwrap_or(tag).trim();
    LANGUAGES
        .iter()
        .copied()
        .find(|text| text.tag.eq_ignore_ascii_case(primary))
}

/// Decides the language of a page from the `Accept-Language` header and the organisation's setting.
#[must_use]
pub fn decide_language(accept: Option<&str>, org: OrgLanguage<'_>) -> &'static Text {
    let wished = || accept.and_then(wished_language);
    let found = match org {
        OrgLanguage::Any => wished(),
        OrgLanguage::Preferred(tag) => wished().or_else(|| find_language(tag)),
        OrgLanguage::Only(tag) => find_language(tag),
    };
    found.unwrap_or(&en::TEXT)
}

/// The first language of the header that the catalogue has, by weight and then by order (RFC 9110 section 12.5.4).
fn wished_language(header: &str) -> Option<&'static Text> {
    let mut wishes: Vec<(u16, &'static Text)> = header
        .split_at(header.floor_char_boundary(HEADER_BYTES_MAX))
        .0
        .split(',')
        .take(WISHES_MAX)
        .filter_map(parse_wish)
        .filter(|(weight, _)| *weight > 0)
        .collect();
    wishes.sort_by_key(|(weight, _)| std::cmp::Reverse(*weight));
    wishes.first().map(|(_, text)| *text)
}

/// One entry, `tag;q=0.8`, as a weight in thousandths and the language.
fn parse_wish(entry: &str) -> Option<(u16, &'static Text)> {
    let mut parts = entry.split(';');
    let tag = parts.next()?.trim();
    let text = find_language(tag)?;
    let weight = parts
        .find_map(|part| part.trim().strip_prefix("q="))
        .map_or(Some(1000), parse_weight)?;
    Some((weight, text))
}

/// A weight `0`, `0.8` or `1.000` in thousandths.
fn parse_weight(text: &str) -> Option<u16> {
    let value: f32 = text.trim().parse().ok()?;
    (0.0..=1.0)
        .contains(&value)
        .then(|| (value * 1000.0).round() as u16)
}
