//! Finding one's way: breadcrumbs, tabs, steps, pages of a list, search and filter.

use super::{Choice, Icon};
use crate::view::shell::Shell;
use askama::Template;

/// One step of the way to a page.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Crumb {
    /// What it is called.
    pub label: String,
    /// Where it is, after the path prefix.
    pub href: String,
}

/// The way to a page. See [`crumbs`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/crumbs.html")]
pub struct Crumbs<'a> {
    shell: &'a Shell,
    way: Vec<(&'a str, &'a str)>,
}

impl askama::filters::HtmlSafe for Crumbs<'_> {}

/// The way to a page, beginning with one ancestor; [`Crumbs::then`] adds the next.
#[must_use]
pub fn crumbs<'a>(shell: &'a Shell, label: &'a str, href: &'a str) -> Crumbs<'a> {
    Crumbs {
        shell,
        way: vec![(label, href)],
    }
}

impl<'a> Crumbs<'a> {
    /// The next ancestor.
    #[must_use]
    pub fn then(mut self, label: &'a str, href: &'a str) -> Crumbs<'a> {
        self.way.push((label, href));
        self
    }
}

/// One of the views of a thing.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Tab {
    label: String,
    href: String,
    is_here: bool,
}

/// The views of a thing, each at an address of its own. See [`tabs`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/tabs.html")]
pub struct TabBar<'a> {
    label: &'a str,
    tabs: Vec<Tab>,
}

impl askama::filters::HtmlSafe for TabBar<'_> {}

/// The views of a thing; `label` names them to assistive technology, [`TabBar::tab`] adds one.
#[must_use]
pub fn tabs(label: &str) -> TabBar<'_> {
    TabBar {
        label,
        tabs: Vec::new(),
    }
}

impl TabBar<'_> {
    /// One view; `base` and `rest` make its address.
    #[must_use]
    pub fn tab(mut self, label: &str, base: &str, rest: &str, is_here: bool) -> Self {
        self.tabs.push(Tab {
            label: label.to_owned(),
            href: format!("{base}{rest}"),
            is_here,
        });
        self
    }
}

/// Pages that belong together, in groups. See [`sections`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/sections.html")]
pub struct Sections<'a> {
    label: &'a str,
    base: String,
    here: &'a str,
    groups: Vec<(&'a str, Vec<Tab>)>,
}

impl askama::filters::HtmlSafe for Sections<'_> {}

/// Pages that belong together, where there are more of them than a row of tabs holds: each group is a row that wraps, and a narrow window
/// folds them all. `label` names them to everybody; all stand below `base`, and the reader is at `here` below it. [`Sections::group`] adds
/// some.
#[must_use]
pub fn sections<'a>(label: &'a str, base: String, here: &'a str) -> Sections<'a> {
    Sections {
        label,
        base,
        here,
        groups: Vec::new(),
    }
}

impl<'a> Sections<'a> {
    /// Some of them, by what they are called and where they are.
    #[must_use]
    pub fn group(mut self, title: &'a str, pages: &[(&str, &str)]) -> Self {
        let tabs = pages.iter().map(|(label, rest)| Tab {
            label: (*label).to_owned(),
            href: format!("{}{rest}", self.base),
            is_here: *rest == self.here,
        });
        let tabs = tabs.collect();
        self.groups.push((title, tabs));
        self
    }

    /// What the present one is called.
    fn present(&self) -> Option<&str> {
        let mut tabs = self.groups.iter().flat_map(|(_, tabs)| tabs);
        let here = tabs.find(|tab| tab.is_here);
        here.map(|tab| tab.label.as_str())
    }
}

/// How far a step has come.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum StepState {
    /// Behind.
    Done,
    /// The present one.
    Now,
    /// Ahead.
    Ahead,
}

/// One step of a wizard.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Step {
    label: String,
    state: StepState,
}

/// Where one is in a wizard. See [`steps`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/steps.html")]
pub struct Steps<'a> {
    label: &'a str,
    done: &'a str,
    steps: Vec<Step>,
}

impl askama::filters::HtmlSafe for Steps<'_> {}

/// Where one is in a wizard: `labels` in order, `now` counted from one.
#[must_use]
pub fn steps<'a>(shell: &'a Shell, labels: &[&str], now: usize) -> Steps<'a> {
    let state = |at: usize| match at.cmp(&now) {
        std::cmp::Ordering::Less => StepState::Done,
        std::cmp::Ordering::Equal => StepState::Now,
        std::cmp::Ordering::Greater => StepState::Ahead,
    };
    let steps = labels
        .iter()
        .enumerate()
        .map(|(at, label)| Step {
            label: (*label).to_owned(),
            state: state(at + 1),
        })
        .collect();
    Steps {
        label: shell.t.common.steps,
        done: shell.t.common.done,
        steps,
    }
}

/// The neighbours of one page of a keyset-paged list, as addresses that begin with `?`.
#[derive(Clone, Debug, Default, PartialEq, Eq)]
pub struct Pager {
    /// Back to the beginning, where this is not the first page.
    pub first: Option<String>,
    /// The page after this one.
    pub next: Option<String>,
}

impl Pager {
    /// The pager with its words.
    #[must_use]
    pub fn bar<'a>(&'a self, shell: &'a Shell) -> PagerBar<'a> {
        PagerBar { pager: self, shell }
    }
}

/// A pager as it is drawn. See [`Pager::bar`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/pager.html")]
pub struct PagerBar<'a> {
    pager: &'a Pager,
    shell: &'a Shell,
}

impl askama::filters::HtmlSafe for PagerBar<'_> {}

/// A search box with a few selections, as a form that works without script (GET).
#[derive(Clone, Debug, Template)]
#[template(path = "component/filter.html")]
pub struct Filter<'a> {
    shell: &'a Shell,
    action: &'a str,
    search: Option<(&'a str, &'a str)>,
    selects: Vec<(&'a str, &'a str, &'a str, &'a [Choice])>,
    times: Vec<(&'a str, &'a str, &'a str)>,
    lines: Vec<(&'a str, &'a str, &'a str)>,
}

impl askama::filters::HtmlSafe for Filter<'_> {}

impl<'a> Filter<'a> {
    /// An empty filter bar; `action` begins after the path prefix.
    #[must_use]
    pub fn new(shell: &'a Shell, action: &'a str) -> Filter<'a> {
        Filter {
            shell,
            action,
            search: None,
            selects: Vec::new(),
            times: Vec::new(),
            lines: Vec::new(),
        }
    }

    /// The search box, posted as `q`.
    #[must_use]
    pub fn search(mut self, label: &'a str, value: &'a str) -> Filter<'a> {
        self.search = Some((label, value));
        self
    }

    /// A selection.
    #[must_use]
    pub fn select(
        mut self,
        name: &'a str,
        label: &'a str,
        value: &'a str,
        choices: &'a [Choice],
    ) -> Filter<'a> {
        self.selects.push((name, label, value, choices));
        self
    }

    /// A point in time.
    #[must_use]
    pub fn time(mut self, name: &'a str, label: &'a str, value: &'a str) -> Filter<'a> {
        self.times.push((name, label, value));
        self
    }

    /// A further line of text.
    #[must_use]
    pub fn line(mut self, name: &'a str, label: &'a str, value: &'a str) -> Filter<'a> {
        self.lines.push((name, label, value));
        self
    }

    /// Whether anything is filtered, so that a way back to everything is offered.
    fn is_set(&self) -> bool {
        self.search.is_some_and(|(_, value)| !value.is_empty())
            || self
                .selects
                .iter()
                .any(|(_, _, value, _)| !value.is_empty())
            || self
                .times
                .iter()
                .chain(&self.lines)
                .any(|(_, _, value)| !value.is_empty())
    }
}

#[cfg(test)]
mod tests {
    use super::sections;
    use askama::Template as _;

    #[test]
    fn of_pages_in_groups_the_present_one_is_marked_and_named_where_they_are_folded() {
        let of = |here: &str| {
            sections("Settings", "/admin".into(), here)
                .group("First", &[("General", ""), ("Mail", "/m")])
                .group("Second", &[("Passwords", "/p")])
                .render()
                .unwrap()
        };
        for (here, named, link) in [
            ("", "Settings: General", "<a href=\"/admin\" aria-current"),
            (
                "/p",
                "Settings: Passwords",
                "<a href=\"/admin/p\" aria-current",
            ),
        ] {
            let html = of(here);
            assert!(html.contains(named) && html.contains(link), "{html}");
            assert_eq!(html.matches("aria-current").count(), 1, "{html}");
            assert_eq!(html.matches("<a href=").count(), 3, "{html}");
        }
        // A page that is none of them is named by none of them.
        let html = of("/elsewhere");
        assert!(html.contains("Settings</summary>"), "{html}");
    }
}
