//! A small checker over rendered pages: what must hold for each of them, whatever it shows.
//!
//! It reads our own mark-up only, which quotes every attribute and escapes every `<` of data; it is no HTML parser.

use std::collections::{BTreeMap, BTreeSet};

/// Elements that have no end tag.
const VOID: [&str; 8] = ["meta", "link", "input", "br", "hr", "img", "path", "rect"];
/// Elements that end a paragraph when they begin inside one.
const BLOCKS: [&str; 13] = [
    "div", "p", "ul", "ol", "dl", "form", "section", "table", "h1", "h2", "h3", "details",
    "fieldset",
];

/// One tag of a page.
#[derive(Debug)]
struct Tag<'a> {
    name: &'a str,
    is_end: bool,
    attributes: BTreeMap<&'a str, &'a str>,
    /// The text that follows it.
    text: &'a str,
}

/// Every rule that the page breaks, in words.
pub fn complaints(html: &str, prefix: &str) -> Vec<String> {
    let tags = parse_tags(html);
    let mut out = Vec::new();
    check_frame(&tags, &mut out);
    check_policy(&tags, &mut out);
    check_ids(&tags, &mut out);
    check_controls(&tags, &mut out);
    check_nesting(&tags, &mut out);
    check_forms(&tags, &mut out);
    check_addresses(&tags, prefix, &mut out);
    check_texts(&tags, &mut out);
    out
}

fn parse_tags(html: &str) -> Vec<Tag<'_>> {
    html.split('<')
        .skip(1)
        .map(parse_tag)
        .filter(|tag| !tag.name.starts_with('!'))
        .collect()
}

fn parse_tag(piece: &str) -> Tag<'_> {
    let (mut inside, text) = piece.split_once('>').expect("a tag that is closed");
    let is_end = inside.starts_with('/');
    inside = inside.trim_start_matches('/').trim_end_matches('/');
    let (name, mut rest) = inside
        .split_once(char::is_whitespace)
        .unwrap_or((inside, ""));
    let mut attributes = BTreeMap::new();
    loop {
        rest = rest.trim_start();
        if rest.is_empty() {
            break;
        }
        let end = rest
            .find(|c: char| c == '=' || c.is_whitespace())
            .unwrap_or(rest.len());
        let (key, after) = rest.split_at(end);
        if let Some(quoted) = after.strip_prefix("=\"") {
            let (value, after) = quoted.split_once('"').expect("a quoted attribute");
            assert!(
                attributes.insert(key, value).is_none(),
                "{key} twice in <{inside}>"
            );
            rest = after;
        } else {
            assert!(
                !after.starts_with('='),
                "an unquoted attribute in <{inside}>"
            );
            attributes.insert(key, "");
            rest = after;
        }
    }
    Tag {
        name,
        is_end,
        attributes,
        text,
    }
}

fn starts<'a, 'b>(tags: &'b [Tag<'a>], name: &'b str) -> impl Iterator<Item = &'b Tag<'a>> {
    tags.iter()
        .filter(move |tag| !tag.is_end && tag.name == name)
}

fn check_frame(tags: &[Tag<'_>], out: &mut Vec<String>) {
    for (name, count) in [("html", 1), ("title", 1), ("h1", 1), ("main", 1)] {
        let found = starts(tags, name).count();
        if found != count {
            out.push(format!("{found} times <{name}>"));
        }
    }
    if starts(tags, "html").any(|tag| {
        tag.attributes
            .get("lang")
            .is_none_or(|lang| lang.is_empty())
    }) {
        out.push("no language".to_owned());
    }
    let first_text = tags
        .iter()
        .filter(|tag| !tag.is_end && tag.name == "a")
        .map(|tag| tag.attributes.get("href"))
        .next();
    if first_text != Some(Some(&"#main")) {
        out.push("the first link does not skip to the content".to_owned());
    }
    let mut rank = 0;
    for tag in tags.iter().filter(|tag| !tag.is_end) {
        let own = match tag.name {
            "h1" => 1,
            "h2" => 2,
            "h3" => 3,
            _ => continue,
        };
        if own > rank + 1 {
            out.push(format!("<h{own}> after <h{rank}>: {}", tag.text));
        }
        rank = own;
    }
}

fn check_policy(tags: &[Tag<'_>], out: &mut Vec<String>) {
    for tag in tags.iter().filter(|tag| !tag.is_end) {
        for key in tag.attributes.keys() {
            if *key == "style" || key.starts_with("on") {
                out.push(format!("{key} in <{}>", tag.name));
            }
        }
        if tag.name == "style" {
            out.push("an inline style sheet".to_owned());
        }
        if tag.name == "script"
            && (!tag.attributes.contains_key("src") || !tag.text.trim().is_empty())
        {
            out.push("an inline script".to_owned());
        }
        if tag.name == "img" && !tag.attributes.contains_key("alt") {
            out.push("an image without alt".to_owned());
        }
    }
}

fn check_ids(tags: &[Tag<'_>], out: &mut Vec<String>) {
    let mut ids = BTreeSet::new();
    for tag in tags {
        if let Some(id) = tag.attributes.get("id")
            && (id.is_empty() || id.contains(' ') || !ids.insert(*id))
        {
            out.push(format!("id {id:?} twice or unusable"));
        }
    }
    for tag in tags {
        for key in [
            "for",
            "aria-labelledby",
            "aria-describedby",
            "data-copy",
            "data-reveal",
            "data-dialog",
            "data-narrow",
        ] {
            let Some(value) = tag.attributes.get(key) else {
                continue;
            };
            for id in value.split(' ').filter(|id| !ids.contains(*id)) {
                out.push(format!(
                    "{key} of <{}> names {id:?}, which is not there",
                    tag.name
                ));
            }
        }
    }
}

fn check_controls(tags: &[Tag<'_>], out: &mut Vec<String>) {
    let labelled: BTreeSet<_> = starts(tags, "label")
        .filter_map(|tag| tag.attributes.get("for"))
        .collect();
    for tag in tags
        .iter()
        .filter(|tag| !tag.is_end && ["input", "select", "textarea"].contains(&tag.name))
    {
        if tag.attributes.get("type") == Some(&"hidden") {
            continue;
        }
        let has_label = tag
            .attributes
            .get("id")
            .is_some_and(|id| labelled.contains(id));
        if !has_label && !tag.attributes.contains_key("aria-label") {
            out.push(format!(
                "<{} name={:?}> without a label",
                tag.name,
                tag.attributes.get("name")
            ));
        }
        if tag.attributes.contains_key("aria-invalid")
            && !tag.attributes.contains_key("aria-describedby")
        {
            out.push(format!(
                "an error of {:?} that nothing is tied to",
                tag.attributes.get("name")
            ));
        }
    }
    for (at, tag) in tags
        .iter()
        .enumerate()
        .filter(|(_, tag)| !tag.is_end && ["button", "a", "summary"].contains(&tag.name))
    {
        let words: String = tags
            .iter()
            .skip(at)
            .take_while(|other| !(other.is_end && other.name == tag.name))
            .map(|other| other.text)
            .collect();
        let is_filled_by_script = tag.attributes.contains_key("data-part");
        if words.trim().is_empty()
            && !tag.attributes.contains_key("aria-label")
            && !is_filled_by_script
        {
            out.push(format!("<{}> without words", tag.name));
        }
        if tag.name == "button" && !tag.attributes.contains_key("type") {
            out.push("a button without a type".to_owned());
        }
    }
}

fn check_nesting(tags: &[Tag<'_>], out: &mut Vec<String>) {
    let mut open: Vec<&str> = Vec::new();
    for tag in tags.iter().filter(|tag| !VOID.contains(&tag.name)) {
        if tag.is_end {
            let closed = open.pop();
            if closed != Some(tag.name) {
                out.push(format!("</{}> closes <{closed:?}>", tag.name));
                return;
            }
            continue;
        }
        let is_block = BLOCKS.contains(&tag.name);
        if is_block && open.contains(&"p") {
            out.push(format!("<{}> inside <p>", tag.name));
        }
        if tag.name == "form" && open.contains(&"form") {
            out.push("a form inside a form".to_owned());
        }
        if ["ul", "ol"].iter().any(|list| open.last() == Some(list)) && tag.name != "li" {
            out.push(format!("<{}> straight inside a list", tag.name));
        }
        open.push(tag.name);
    }
    if !open.is_empty() {
        out.push(format!("never closed: {open:?}"));
    }
}

fn check_forms(tags: &[Tag<'_>], out: &mut Vec<String>) {
    for (at, form) in tags
        .iter()
        .enumerate()
        .filter(|(_, tag)| !tag.is_end && tag.name == "form")
    {
        let inside: Vec<_> = tags
            .iter()
            .skip(at)
            .take_while(|tag| !(tag.is_end && tag.name == "form"))
            .collect();
        let has_csrf = inside
            .iter()
            .any(|tag| tag.attributes.get("name") == Some(&"csrf"));
        let is_post = form.attributes.get("method") == Some(&"post");
        let leaves = form.attributes.contains_key("data-post-now");
        if has_csrf != (is_post && !leaves) {
            out.push(format!(
                "form {:?}: csrf {has_csrf}",
                form.attributes.get("action")
            ));
        }
        if form.attributes.contains_key("data-passkey")
            && !inside
                .iter()
                .any(|tag| tag.attributes.get("name") == Some(&"credential"))
        {
            out.push("a passkey form without the field credential".to_owned());
        }
    }
}

fn check_addresses(tags: &[Tag<'_>], prefix: &str, out: &mut Vec<String>) {
    for tag in tags {
        for key in [
            "href",
            "src",
            "action",
            "data-options",
            "data-tail",
            "data-entry",
        ] {
            let Some(address) = tag.attributes.get(key) else {
                continue;
            };
            let is_ours =
                address.starts_with(&format!("{prefix}/")) || address.starts_with(['#', '?']);
            let is_elsewhere =
                address.starts_with("https://") || address.starts_with("http://localhost");
            if !is_ours && !is_elsewhere {
                out.push(format!("{key}={address:?} does not begin with the prefix"));
            }
        }
    }
}

fn check_texts(tags: &[Tag<'_>], out: &mut Vec<String>) {
    for tag in tags
        .iter()
        .filter(|tag| !["code", "pre", "textarea"].contains(&tag.name))
    {
        let shown = std::iter::once(tag.text).chain(tag.attributes.values().copied());
        for text in shown {
            if text.split('{').skip(1).any(|rest| {
                rest.split_once('}')
                    .is_some_and(|(name, _)| name.bytes().all(|b| b.is_ascii_lowercase()))
            }) {
                out.push(format!("an unfilled placeholder: {text}"));
            }
            if text.contains("&#38;#") || text.contains("&amp;#") || text.contains("Some(") {
                out.push(format!("escaped twice or printed for debugging: {text}"));
            }
        }
    }
}

#[test]
fn the_checker_sees_what_it_is_for() {
    let page = |body: &str| {
        format!(
            "<html lang=\"en\"><title>t</title><a href=\"#main\">skip</a><main id=\"main\"><h1>t</h1>{body}</main></html>"
        )
    };
    assert_eq!(complaints(&page("<p>fine</p>"), ""), Vec::<String>::new());
    for bad in [
        "<p style=\"x\">a</p>",
        "<a href=\"/x\" onclick=\"x\">a</a>",
        "<script>x</script>",
        "<h1>again</h1>",
        "<h3>skipped</h3>",
        "<input name=\"a\">",
        "<p id=\"main\">twice</p>",
        "<p><div>a</div></p>",
        "<form method=\"post\" action=\"/x\"></form>",
        "<a href=\"javascript:x\">a</a>",
        "<p>Hello {name}</p>",
        "<p>open",
        "<button type=\"button\"></button>",
        "<label for=\"nowhere\">a</label>",
        "<ul><p>a</p></ul>",
    ] {
        assert!(!complaints(&page(bad), "").is_empty(), "{bad}");
    }
}
