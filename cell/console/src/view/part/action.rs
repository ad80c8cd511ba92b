//! Things to press and to copy: single-button forms, confirmations, copy fields, code blocks.

use super::Icon;
use crate::view::shell::Shell;
use askama::Template;

/// A value that a form carries unseen.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct HiddenField {
    /// The field name.
    pub name: String,
    /// Its value.
    pub value: String,
}

impl HiddenField {
    /// A hidden value.
    #[must_use]
    pub fn new(name: impl Into<String>, value: impl Into<String>) -> HiddenField {
        HiddenField {
            name: name.into(),
            value: value.into(),
        }
    }
}

/// A form that is one button. See [`post_button`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/post_button.html")]
pub struct PostButton<'a> {
    shell: &'a Shell,
    action: &'a str,
    label: &'a str,
    look: &'a str,
    icon: Option<Icon>,
    hidden: Vec<HiddenField>,
    about: String,
}

impl askama::filters::HtmlSafe for PostButton<'_> {}

/// A form that is one button; `action` begins after the path prefix.
#[must_use]
pub fn post_button<'a>(shell: &'a Shell, action: &'a str, label: &'a str) -> PostButton<'a> {
    PostButton {
        shell,
        action,
        label,
        look: "",
        icon: None,
        hidden: Vec::new(),
        about: String::new(),
    }
}

impl<'a> PostButton<'a> {
    /// The button's look: `is-main`, `is-quiet`, `is-danger`, `is-small`, in any combination.
    #[must_use]
    pub fn look(mut self, look: &'a str) -> PostButton<'a> {
        self.look = look;
        self
    }

    /// With an icon before the label.
    #[must_use]
    pub fn icon(mut self, icon: Icon) -> PostButton<'a> {
        self.icon = Some(icon);
        self
    }

    /// A value that is posted along.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> PostButton<'a> {
        self.hidden.push(HiddenField::new(name, value));
        self
    }

    /// What the button acts on, read out after its label where several buttons look alike.
    #[must_use]
    pub fn about(mut self, about: &str) -> PostButton<'a> {
        about.clone_into(&mut self.about);
        self
    }
}

/// A button that unfolds a question before it posts. See [`confirm`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/confirm.html")]
pub struct Confirm<'a> {
    shell: &'a Shell,
    action: &'a str,
    label: &'a str,
    question: &'a str,
    look: &'a str,
    hidden: Vec<HiddenField>,
    about: String,
}

impl askama::filters::HtmlSafe for Confirm<'_> {}

/// A button that unfolds a question, without script, before it posts; `action` begins after the path prefix.
#[must_use]
pub fn confirm<'a>(
    shell: &'a Shell,
    action: &'a str,
    label: &'a str,
    question: &'a str,
) -> Confirm<'a> {
    Confirm {
        shell,
        action,
        label,
        question,
        look: "is-danger",
        hidden: Vec::new(),
        about: String::new(),
    }
}

impl<'a> Confirm<'a> {
    /// The look of the button that unfolds the question.
    #[must_use]
    pub fn look(mut self, look: &'a str) -> Confirm<'a> {
        self.look = look;
        self
    }

    /// A value that is posted along.
    #[must_use]
    pub fn with(mut self, name: &str, value: &str) -> Confirm<'a> {
        self.hidden.push(HiddenField::new(name, value));
        self
    }

    /// What the button acts on, read out after its label where several buttons look alike.
    #[must_use]
    pub fn about(mut self, about: &str) -> Confirm<'a> {
        about.clone_into(&mut self.about);
        self
    }
}

/// A value with a button that copies it. See [`copy_field`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/copy_field.html")]
pub struct CopyField<'a> {
    id: &'a str,
    label: &'a str,
    value: &'a str,
    copy: &'a str,
    copied: &'a str,
}

impl askama::filters::HtmlSafe for CopyField<'_> {}

/// A value with a button that copies it; without script it is selected by a click.
#[must_use]
pub fn copy_field<'a>(
    shell: &'a Shell,
    id: &'a str,
    label: &'a str,
    value: &'a str,
) -> CopyField<'a> {
    CopyField {
        id,
        label,
        value,
        copy: shell.t.common.copy,
        copied: shell.t.common.copied,
    }
}

/// Lines of code with a button that copies them. See [`code`].
#[derive(Clone, Debug, Template)]
#[template(path = "component/code.html")]
pub struct Code<'a> {
    id: &'a str,
    title: &'a str,
    lines: &'a str,
    copy: &'a str,
    copied: &'a str,
}

impl askama::filters::HtmlSafe for Code<'_> {}

/// Lines of code under a title, with a button that copies them.
#[must_use]
pub fn code<'a>(shell: &'a Shell, id: &'a str, title: &'a str, lines: &'a str) -> Code<'a> {
    Code {
        id,
        title,
        lines,
        copy: shell.t.common.copy,
        copied: shell.t.common.copied,
    }
}
