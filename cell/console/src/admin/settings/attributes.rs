//! Attributes of people beyond the built-in ones.

use crate::admin::caller::{Answer, administrator, administrator_freshly, done, found};
use crate::admin::form::{is_ticked, problem_of, shell_after};
use crate::admin::settings;
use crate::text::Text;
use crate::view::admin::{AttributeRow, AttributeSettingsPage};
use crate::view::part::Input;
use crate::view::shell::Shell;
use crate::visit::Visit;
use axum::response::Response;
use identity::access::Permission;
use identity::fault::Refusal;
use identity::org::settings::{AttributeKind, ProfileAttribute};

const HERE: &str = "/admin/settings/attributes";
const KINDS: [(&str, AttributeKind); 3] = [
    ("text", AttributeKind::Text),
    ("integer", AttributeKind::Integer),
    ("boolean", AttributeKind::Boolean),
];

/// `GET /admin/settings/attributes`.
pub async fn list(visit: Visit) -> Answer {
    administrator(&visit, Permission::ReadDirectory).await?;
    Ok(page(&visit, visit.shell(), &Fields::blank(), None))
}

/// `POST /admin/settings/attributes/add`.
pub async fn add(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let fields = Fields::typed(&visit);
    let kind = KINDS.iter().find(|(word, _)| *word == fields.kind);
    let (_, kind) = found(&visit, kind)?;
    let mut changed = visit.snapshot.org.settings.clone();
    changed.profile_schema.push(ProfileAttribute {
        name: fields.name.trim().to_owned(),
        title: fields.title.trim().to_owned(),
        kind: *kind,
        required: fields.required,
        self_editable: fields.self_editable,
        ..ProfileAttribute::default()
    });
    let outcome = settings::save(&visit, &permit, changed).await;
    answer(&visit, &fields, outcome)
}

/// `POST /admin/settings/attributes/edit`: its title and rules. Key and kind stay, since values depend on them.
pub async fn edit(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let mut changed = visit.snapshot.org.settings.clone();
    let mut schema = changed.profile_schema.iter_mut();
    let present = schema.find(|attribute| attribute.name == visit.field("name"));
    let attribute = found(&visit, present)?;
    visit.field("title").trim().clone_into(&mut attribute.title);
    attribute.required = is_ticked(&visit, "required");
    attribute.self_editable = is_ticked(&visit, "self_editable");
    // Whoever may change it sees it.
    attribute.self_hidden = attribute.self_hidden && !attribute.self_editable;
    let outcome = settings::save(&visit, &permit, changed).await;
    answer(&visit, &Fields::blank(), outcome)
}

/// `POST /admin/settings/attributes/remove`.
pub async fn remove(visit: Visit) -> Answer {
    let permit = administrator_freshly(&visit, Permission::ManageOrg, HERE).await?;
    let mut changed = visit.snapshot.org.settings.clone();
    let name = visit.field("name");
    let before = changed.profile_schema.len();
    changed
        .profile_schema
        .retain(|attribute| attribute.name != name);
    let is_removed = changed.profile_schema.len() < before;
    found(&visit, is_removed.then_some(()))?;
    let outcome = settings::save(&visit, &permit, changed).await;
    answer(&visit, &Fields::blank(), outcome)
}

fn answer(visit: &Visit, fields: &Fields, outcome: Result<(), Refusal>) -> Answer {
    match outcome {
        Ok(()) => Ok(visit.go(HERE)),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = done(visit, shell_after(visit, refusal))?;
            Ok(page(visit, shell, fields, problem))
        }
    }
}

/// What the controls of a new one hold.
struct Fields {
    name: String,
    title: String,
    kind: String,
    required: bool,
    self_editable: bool,
}

impl Fields {
    fn blank() -> Self {
        Self {
            name: String::new(),
            title: String::new(),
            kind: String::from("text"),
            required: false,
            self_editable: false,
        }
    }

    fn typed(visit: &Visit) -> Self {
        Self {
            name: visit.field("name").to_owned(),
            title: visit.field("title").to_owned(),
            kind: visit.field("kind").to_owned(),
            required: is_ticked(visit, "required"),
            self_editable: is_ticked(visit, "self_editable"),
        }
    }
}

fn page(
    visit: &Visit,
    shell: Shell,
    fields: &Fields,
    problem: Option<(&'static str, String)>,
) -> Response {
    let error = |field: &str| {
        let found = problem.as_ref().filter(|(of, _)| *of == field);
        found.map(|(_, text)| text.clone())
    };
    let t = shell.t;
    let own = visit.snapshot.org.settings.profile_schema.iter();
    let rows = built_in(t)
        .into_iter()
        .chain(own.map(|attribute| row(t, attribute)));
    visit.page(&AttributeSettingsPage {
        shell,
        revision: visit.snapshot.org.revision,
        rows: rows.collect(),
        name: Input {
            value: fields.name.clone(),
            error: error("profile_schema"),
        },
        title: Input {
            value: fields.title.clone(),
            error: error("title"),
        },
        kind: Input::of(&fields.kind),
        required: Input::ticked(fields.required),
        self_editable: Input::ticked(fields.self_editable),
    })
}

fn row(t: &'static Text, attribute: &ProfileAttribute) -> AttributeRow {
    let title = if attribute.title.is_empty() {
        &attribute.name
    } else {
        &attribute.title
    };
    AttributeRow {
        name: attribute.name.clone(),
        title: title.clone(),
        kind: kind_name(t, attribute.kind).to_owned(),
        rules: rules(t, attribute),
        is_required: attribute.required,
        is_self_editable: attribute.self_editable,
        is_built_in: false,
    }
}

/// What is said of it beyond what is set on this page.
fn rules(t: &'static Text, attribute: &ProfileAttribute) -> Vec<String> {
    let is_text = attribute.kind == AttributeKind::Text;
    let (from, to) = if is_text {
        (t.settings.length_from, t.settings.length_to)
    } else {
        (t.settings.number_from, t.settings.number_to)
    };
    let bound = |pattern: &str, bound: Option<i64>| {
        bound.map(|bound| pattern.replace("{n}", &bound.to_string()))
    };
    let choices = attribute.choices.iter().map(|choice| {
        if choice.title.is_empty() {
            choice.value.as_str()
        } else {
            choice.title.as_str()
        }
    });
    let choices: Vec<&str> = choices.collect();
    let rules = [
        attribute
            .self_hidden
            .then(|| t.settings.self_hidden.to_owned()),
        attribute.unique.then(|| t.settings.unique.to_owned()),
        bound(from, attribute.min),
        bound(to, attribute.max),
        (!choices.is_empty()).then(|| format!("{}: {}", t.settings.one_of, choices.join(" · "))),
    ];
    rules.into_iter().flatten().collect()
}

/// What every profile has; people may change their own names.
fn built_in(t: &'static Text) -> Vec<AttributeRow> {
    [
        ("login", t.people.login, true, false),
        ("email", t.common.email, true, false),
        ("first_name", t.common.given_name, false, true),
        ("last_name", t.common.family_name, false, true),
    ]
    .into_iter()
    .map(
        |(name, title, is_required, is_self_editable)| AttributeRow {
            name: name.to_owned(),
            title: title.to_owned(),
            kind: t.settings.kind_text.to_owned(),
            rules: Vec::new(),
            is_required,
            is_self_editable,
            is_built_in: true,
        },
    )
    .collect()
}

const fn kind_name(t: &'static Text, kind: AttributeKind) -> &'static str {
    match kind {
        AttributeKind::Text => t.settings.kind_text,
        AttributeKind::Integer => t.settings.kind_integer,
        AttributeKind::Boolean => t.settings.kind_boolean,
    }
}
