//! Reads the forms of a server-rendered page: as much HTML as that takes, and no more.

/// A form of a page.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Form {
    /// Where it goes; empty for the page itself.
    pub action: String,
    /// Whether it posts.
    pub posts: bool,
    /// Whether a person sees it without script.
    pub is_hidden: bool,
    /// Its fields in order.
    pub fields: Vec<Field>,
    /// Its submit buttons in order.
    pub buttons: Vec<Button>,
}

/// A field of a form.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Field {
    /// Its name.
    pub name: String,
    /// `text`, `password`, `hidden`, …
    pub kind: String,
    /// What it holds; nothing for an unticked box, which sends nothing.
    pub value: Option<String>,
}

/// A submit button.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct Button {
    /// Its name; empty when it sends nothing.
    pub name: String,
    /// What it sends.
    pub value: String,
}

impl Form {
    /// Whether it asks a person for this field.
    #[must_use]
    pub fn asks_for(&self, name: &str) -> bool {
        self.fields
            .iter()
            .any(|field| field.name == name && field.kind != "hidden")
    }

    /// The value of a field.
    #[must_use]
    pub fn value(&self, name: &str) -> Option<&str> {
        self.fields
            .iter()
            .find(|field| field.name == name)?
            .value
            .as_deref()
    }
}

/// The forms of a page, in order.
#[must_use]
pub fn parse_forms(page: &str) -> Vec<Form> {
    let mut forms: Vec<Form> = Vec::new();
    let mut is_inside = false;
    let mut area: Option<String> = None;
    for tag in (Tags { rest: page }) {
        if let Some(name) = area.take()
            && let Some(form) = forms.last_mut()
        {
            form.fields.push(Field {
                name,
                kind: "textarea".to_owned(),
                value: Some(decode(tag.text_before.trim_start_matches('\n'))),
            });
        }
        match (tag.name.as_str(), tag.is_closing) {
            ("form", false) => {
                is_inside = true;
                forms.push(new_form(&tag));
            }
            ("form", true) => is_inside = false,
            ("textarea", false) if is_inside => area = tag.attribute("name"),
            ("input" | "button", false) if is_inside => {
                if let Some(form) = forms.last_mut() {
                    add_control(form, &tag);
                }
            }
            _ => {}
        }
    }
    forms
}

fn new_form(tag: &Tag<'_>) -> Form {
    Form {
        action: tag.attribute("action").unwrap_or_default(),
        posts: tag
            .attribute("method")
            .is_some_and(|method| method.eq_ignore_ascii_case("post")),
        is_hidden: tag.has("hidden"),
        ..Form::default()
    }
}

fn add_control(form: &mut Form, tag: &Tag<'_>) {
    let default = if tag.name == "button" {
        "submit"
    } else {
        "text"
    };
    let kind = tag
        .attribute("type")
        .unwrap_or_else(|| default.to_owned())
        .to_ascii_lowercase();
    let name = tag.attribute("name").unwrap_or_default();
    let value = tag.attribute("value");
    if kind == "submit" {
        form.buttons.push(Button {
            name,
            value: value.unwrap_or_default(),
        });
        return;
    }
    if tag.name == "button" || name.is_empty() || tag.has("disabled") {
        return;
    }
    let is_box = kind == "checkbox" || kind == "radio";
    let value = match value {
        _ if is_box && !tag.has("checked") => None,
        None if is_box => Some("on".to_owned()),
        value => Some(value.unwrap_or_default()),
    };
    form.fields.push(Field { name, kind, value });
}

/// Where the page goes on to by itself: a form's own redirects may not leave the origin, so a page does.
#[must_use]
pub fn parse_refresh(page: &str) -> Option<String> {
    (Tags { rest: page })
        .filter(|tag| tag.name == "meta" && !tag.is_closing)
        .filter(|tag| {
            tag.attribute("http-equiv")
                .is_some_and(|kind| kind.eq_ignore_ascii_case("refresh"))
        })
        .find_map(|tag| {
            let content = tag.attribute("content")?;
            let (_, url) = content.split_once("url=")?;
            Some(url.trim().to_owned())
        })
}

/// The words of the element with this id, up to the next tag.
#[must_use]
pub fn parse_text_of(page: &str, id: &str) -> Option<String> {
    let mut tags = Tags { rest: page };
    tags.find(|tag| !tag.is_closing && tag.attribute("id").as_deref() == Some(id))?;
    Some(decode(tags.next()?.text_before.trim()))
}

/// The words of a page, for messages about one that was not expected.
#[must_use]
pub fn readable(page: &str) -> String {
    let mut words: Vec<&str> = Vec::new();
    let mut tags = Tags { rest: page };
    for tag in tags.by_ref() {
        words.extend(tag.text_before.split_whitespace());
    }
    words.extend(tags.rest.split_whitespace());
    decode(&words.join(" ")).chars().take(400).collect()
}

/// One tag, with the text that stood before it.
#[derive(Debug)]
struct Tag<'p> {
    text_before: &'p str,
    name: String,
    is_closing: bool,
    attributes: &'p str,
}

impl Tag<'_> {
    fn attribute(&self, name: &str) -> Option<String> {
        attributes(self.attributes)
            .into_iter()
            .find(|(key, _)| key.eq_ignore_ascii_case(name))
            .map(|(_, value)| decode(value))
    }

    fn has(&self, name: &str) -> bool {
        attributes(self.attributes)
            .iter()
            .any(|(key, _)| key.eq_ignore_ascii_case(name))
    }
}

/// The tags of a page; what stands in scripts, styles and comments is passed over.
struct Tags<'p> {
    rest: &'p str,
}

impl<'p> Iterator for Tags<'p> {
    type Item = Tag<'p>;

    fn next(&mut self) -> Option<Tag<'p>> {
        let (text_before, after) = self.rest.split_once('<')?;
        if let Some(comment) = after.strip_prefix("!--") {
            self.rest = comment.split_once("-->").map_or("", |(_, rest)| rest);
            return self.next();
        }
        let end = end_of_tag(after)?;
        let (inside, rest) = after.split_at(end);
        self.rest = rest.strip_prefix('>').unwrap_or(rest);
        let is_closing = inside.starts_with('/');
        let inside = inside.trim_start_matches('/').trim_end_matches('/');
        let (name, attributes) = inside
            .split_once(char::is_whitespace)
            .unwrap_or((inside, ""));
        let name = name.to_ascii_lowercase();
        if !is_closing && (name == "script" || name == "style") {
            let closing = format!("</{name}");
            self.rest = self
                .rest
                .find(&closing)
                .map_or("", |at| self.rest.get(at..).unwrap_or_default());
        }
        Some(Tag {
            text_before,
            name,
            is_closing,
            attributes,
        })
    }
}

/// Where the tag's closing bracket is, which may also stand inside quotes.
fn end_of_tag(text: &str) -> Option<usize> {
    let mut quote = None;
    for (position, character) in text.char_indices() {
        match (quote, character) {
            (None, '>') => return Some(position),
            (None, '"' | '\'') => quote = Some(character),
            (Some(open), character) if open == character => quote = None,
            _ => {}
        }
    }
    None
}

fn attributes(mut text: &str) -> Vec<(&str, &str)> {
    let mut found = Vec::new();
    loop {
        text = text.trim_start();
        let end = text
            .find(|character: char| character == '=' || character.is_whitespace())
            .unwrap_or(text.len());
        let (name, rest) = text.split_at(end);
        if name.is_empty() {
            return found;
        }
        let Some(value) = rest.strip_prefix('=') else {
            found.push((name, ""));
            text = rest;
            continue;
        };
        let (value, rest) = match value.chars().next() {
            Some(quote @ ('"' | '\'')) => value
                .strip_prefix(quote)
                .and_then(|inner| inner.split_once(quote))
                .unwrap_or((value, "")),
            _ => value.split_once(char::is_whitespace).unwrap_or((value, "")),
        };
        found.push((name, value));
        text = rest;
    }
}

fn decode(text: &str) -> String {
    if !text.contains('&') {
        return text.to_owned();
    }
    let mut decoded = String::with_capacity(text.len());
    let mut pieces = text.split('&');
    decoded.push_str(pieces.next().unwrap_or_default());
    for piece in pieces {
        match piece
            .split_once(';')
            .and_then(|(name, rest)| Some((entity(name)?, rest)))
        {
            Some((character, rest)) => {
                decoded.push(character);
                decoded.push_str(rest);
            }
            None => {
                decoded.push('&');
                decoded.push_str(piece);
            }
        }
    }
    decoded
}

fn entity(name: &str) -> Option<char> {
    match name {
        "amp" => Some('&'),
        "lt" => Some('<'),
        "gt" => Some('>'),
        "quot" => Some('"'),
        "apos" => Some('\''),
        _ => {
            let number = name.strip_prefix('#')?;
            let code = number.strip_prefix(['x', 'X']).map_or_else(
                || number.parse().ok(),
                |hex| u32::from_str_radix(hex, 16).ok(),
            )?;
            char::from_u32(code)
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const PAGE: &str = r#"<!doctype html><!-- <form action="/no"> --><script>"<form>"</script>
        <form class="form" method="post" action="/signin?a=1&amp;b=2">
        <input type="hidden" name="csrf" value="x&#47;y&quot;"><input name='identifier' required autofocus>
        <input type="checkbox" name="remember" value="on"><textarea name="note">
        a &lt; b</textarea><button class="button" type="submit">Next</button></form>
        <form method="post" action="/signin/passkey" hidden data-passkey="conditional"><button name="use" value="1">Use</button></form>"#;

    #[test]
    fn forms_fields_and_buttons_are_read() {
        let forms = parse_forms(PAGE);
        assert_eq!(forms.len(), 2);
        let first = &forms[0];
        assert_eq!(first.action, "/signin?a=1&b=2");
        assert!(first.posts && !first.is_hidden);
        assert!(first.asks_for("identifier") && !first.asks_for("csrf"));
        assert_eq!(first.value("csrf"), Some("x/y\""));
        assert_eq!(first.value("remember"), None);
        assert_eq!(first.value("note").map(str::trim), Some("a < b"));
        assert_eq!(first.buttons.len(), 1);
        assert!(forms[1].is_hidden);
        assert_eq!(forms[1].buttons[0].name, "use");
    }

    #[test]
    fn a_page_that_goes_on_by_itself_says_where_to() {
        let page = r#"<meta charset="utf-8"><meta http-equiv="refresh" content="0; url=http://x/?a=1&amp;b=2">"#;
        assert_eq!(parse_refresh(page).as_deref(), Some("http://x/?a=1&b=2"));
        assert_eq!(parse_refresh(PAGE), None);
    }

    #[test]
    fn the_words_of_an_element_are_found_by_its_id() {
        let page = r#"<p id="a">no</p><code class="x" id="secret"> A &amp; B </code>"#;
        assert_eq!(parse_text_of(page, "secret").as_deref(), Some("A & B"));
        assert_eq!(parse_text_of(page, "other"), None);
    }

    #[test]
    fn words_are_read_without_scripts() {
        assert_eq!(
            readable("<h1>Wrong &amp; sad</h1><style>p{}</style><p>Try again</p>"),
            "Wrong & sad Try again"
        );
        assert_eq!(readable("Plain\n words"), "Plain words");
        assert_eq!(readable("<p>a</p> b"), "a b");
    }
}
