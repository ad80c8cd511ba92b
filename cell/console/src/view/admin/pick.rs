//! Finding one of many (people, groups, apps) and adding it, without script: a search by GET, an addition by POST.

use crate::view::part::Icon;
use crate::view::row::LinkRow;
use crate::view::shell::Shell;
use askama::Template;

/// What was searched and found. The page's handler reads the search from `?find=…`.
#[derive(Clone, Debug, Default)]
pub struct Picker {
    /// What was searched; empty before the first search.
    pub query: String,
    /// What was found, a bounded few.
    pub found: Vec<LinkRow>,
}

impl Picker {
    /// The picker as it is drawn: `label` names the search, `page` is the page's own path with its tab, `action` takes
    /// the POST of the field `id`. Both begin after the path prefix.
    #[must_use]
    pub fn draw<'a>(
        &'a self,
        shell: &'a Shell,
        label: &'a str,
        page: &'a str,
        action: &'a str,
    ) -> PickerBox<'a> {
        PickerBox {
            picker: self,
            shell,
            label,
            page,
            action,
            kind: "",
        }
    }
}

/// A picker as it is drawn. See [`Picker::draw`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/picker.html")]
pub struct PickerBox<'a> {
    picker: &'a Picker,
    shell: &'a Shell,
    label: &'a str,
    page: &'a str,
    action: &'a str,
    kind: &'a str,
}

impl askama::filters::HtmlSafe for PickerBox<'_> {}

impl<'a> PickerBox<'a> {
    /// Keeps several pickers of one page apart: part of ids, and the search is read from `?find-{kind}=…`.
    #[must_use]
    pub fn kind(mut self, kind: &'a str) -> PickerBox<'a> {
        self.kind = kind;
        self
    }

    fn field(&self) -> String {
        if self.kind.is_empty() {
            "find".to_owned()
        } else {
            format!("find-{}", self.kind)
        }
    }
}
