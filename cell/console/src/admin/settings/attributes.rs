//! Attributes of people beyond the built-in ones, by their types: the list, and the rules of one.

use crate::admin::attribute_rules::Seen;
use crate::admin::caller::{Answer, Detour, administrator, administrator_freshly, done, found};
use crate::admin::form::{Shown, is_ticked, problem_of, revision, revision_of, shell_after};
use crate::admin::people::types::type_choices;
use crate::admin::settings;
use crate::admin::settings::types::word_of;
use crate::text::Text;
use crate::view::admin::{AttributeFrame, AttributeRow, AttributeSettingsPage};
use crate::view::part::Input;
use crate::view::shell::{Place, Right, Shell};
use crate::visit::Visit;
use axum::extract::Path;
use identity::access::{Permission, Permit};
use identity::attribute_schema::AttributeSchema;
use identity::fault::Refusal;
use identity::org::settings::{AttributeKind, ProfileAttribute};
use identity::user_type::{DEFAULT, parse_id};
use vocab::id::UserTypeId;

const HERE: &str = "/admin/settings/attributes";
const KINDS: [(&str, AttributeKind); 3] = [
    ("text", AttributeKind::Text),
    ("integer", AttributeKind::Integer),
    ("boolean", AttributeKind::Boolean),
];

/// `GET /admin/settings/attributes`.
pub async fn list(visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let key = found(&visit, key_of(&visit, visit.parameter("type")))?;
    let of = load(&visit, &permit, key).await?;
    page(&visit, visit.shell(), &of, &Fields::blank(), None).await
}

/// `POST /admin/settings/attributes/add`.
pub async fn add(visit: Visit) -> Answer {
    let (permit, of) = at_type(&visit).await?;
    let fields = Fields::typed(&visit);
    let kind = found(&visit, kind_of(&fields.kind))?;
    let mut changed = of.attributes.clone();
    changed.push(ProfileAttribute {
        name: fields.name.trim().to_owned(),
        title: fields.title.trim().to_owned(),
        kind,
        required: fields.required,
        self_editable: fields.self_editable,
        ..ProfileAttribute::default()
    });
    let outcome = save(&visit, &permit, &of, changed).await;
    answer(&visit, &of, &fields, outcome).await
}

/// `GET /admin/settings/attributes/rules/{name}`.
pub async fn show_one(Path(name): Path<String>, visit: Visit) -> Answer {
    let permit = administrator(&visit, Permission::ReadDirectory).await?;
    let key = found(&visit, key_of(&visit, visit.parameter("type")))?;
    let of = load(&visit, &permit, key).await?;
    of.seen(&visit, &name).show(&visit)
}

/// `POST /admin/settings/attributes/rules/{name}`: what is said of it. Key and kind stay, since values depend on them.
pub async fn save_one(Path(name): Path<String>, visit: Visit) -> Answer {
    let (permit, of) = at_type(&visit).await?;
    let seen = of.seen(&visit, &name);
    let planned = seen.plan(&visit)?;
    let outcome = save(&visit, &permit, &of, planned).await;
    seen.answer(&visit, outcome)
}

/// `POST /admin/settings/attributes/remove`.
pub async fn remove(visit: Visit) -> Answer {
    let (permit, of) = at_type(&visit).await?;
    let mut changed = of.attributes.clone();
    let name = visit.field("name");
    changed.retain(|attribute| attribute.name != name);
    let is_removed = changed.len() < of.attributes.len();
    found(&visit, is_removed.then_some(()))?;
    let outcome = save(&visit, &permit, &of, changed).await;
    answer(&visit, &of, &Fields::blank(), outcome).await
}

/// The attributes of a type.
struct OfType {
    /// Nothing for the one that every org has.
    key: Option<UserTypeId>,
    attributes: Vec<ProfileAttribute>,
    revision: i64,
}

impl OfType {
    fn seen<'o>(&'o self, visit: &Visit, name: &'o str) -> Seen<'o> {
        Seen {
            frame: AttributeFrame {
                place: Place::Settings,
                right: Right::ChangeOrg,
                list: visit.shell().t.settings.attributes.to_owned(),
                list_href: self.address(),
                path: format!("{HERE}/rules/{name}"),
                type_word: word_of(self.key.as_ref()),
                of_people: true,
            },
            attributes: &self.attributes,
            revision: self.revision,
            name,
        }
    }

    /// Where they stand.
    fn address(&self) -> String {
        address_of(self.key.as_ref())
    }
}

fn address_of(key: Option<&UserTypeId>) -> String {
    match key {
        Some(key) => format!("{HERE}?type={key}"),
        None => HERE.to_owned(),
    }
}

/// The type that a form or an address names; none is the one that every org has.
fn key_of(visit: &Visit, word: &str) -> Option<Option<UserTypeId>> {
    let word = if word.is_empty() { DEFAULT } else { word };
    parse_id(&visit.context.org, word).ok()
}

/// The attributes of the type that a form names, for whoever may change them.
async fn at_type(visit: &Visit) -> Result<(Permit, OfType), Detour> {
    let key = key_of(visit, visit.field("type"));
    let back = address_of(key.as_ref().and_then(Option::as_ref));
    let permit = administrator_freshly(visit, Permission::ManageOrg, &back).await?;
    let of = load(visit, &permit, found(visit, key)?).await?;
    Ok((permit, of))
}

async fn load(visit: &Visit, permit: &Permit, key: Option<UserTypeId>) -> Result<OfType, Detour> {
    let Some(key) = key else {
        let org = &visit.snapshot.org;
        return Ok(OfType {
            key: None,
            attributes: org.settings.profile_schema.clone(),
            revision: org.revision,
        });
    };
    let schema = visit.cell.user_type_schema(permit, &key).await;
    let schema = done(visit, schema)?;
    Ok(OfType {
        key: Some(key),
        attributes: schema.attributes,
        revision: schema.revision,
    })
}

/// Stores them, if they are still as the form was made of.
async fn save(
    visit: &Visit,
    permit: &Permit,
    of: &OfType,
    changed: Vec<ProfileAttribute>,
) -> Result<(), Refusal> {
    let Some(key) = &of.key else {
        let mut settings = visit.snapshot.org.settings.clone();
        settings.profile_schema = changed;
        return settings::save(visit, permit, settings).await;
    };
    let seen = AttributeSchema {
        revision: revision(visit),
        ..AttributeSchema::default()
    };
    visit
        .cell
        .put_user_type_schema(permit, key, seen, changed)
        .await
}

async fn answer(
    visit: &Visit,
    of: &OfType,
    fields: &Fields,
    outcome: Result<(), Refusal>,
) -> Answer {
    match outcome {
        Ok(()) => Ok(visit.go(&of.address())),
        Err(refusal) => {
            let problem = problem_of(visit.shell().t, &refusal);
            let shell = done(visit, shell_after(visit, refusal))?;
            page(visit, shell, of, fields, problem).await
        }
    }
}

/// What an attribute holds, by the word that forms know it by.
#[must_use]
pub fn kind_of(word: &str) -> Option<AttributeKind> {
    let known = KINDS.iter().find(|(known, _)| *known == word);
    known.map(|(_, kind)| *kind)
}

/// What the controls of a new one hold.
struct Fields {
    shown: Shown,
    name: String,
    title: String,
    kind: String,
    required: bool,
    self_editable: bool,
}

impl Fields {
    fn blank() -> Self {
        Self {
            shown: Shown::Stored,
            name: String::new(),
            title: String::new(),
            kind: String::from("text"),
            required: false,
            self_editable: false,
        }
    }

    fn typed(visit: &Visit) -> Self {
        Self {
            shown: Shown::Typed,
            name: visit.field("name").to_owned(),
            title: visit.field("title").to_owned(),
            kind: visit.field("kind").to_owned(),
            required: is_ticked(visit, "required"),
            self_editable: is_ticked(visit, "self_editable"),
        }
    }
}

async fn page(
    visit: &Visit,
    shell: Shell,
    of: &OfType,
    fields: &Fields,
    problem: Option<(&'static str, String)>,
) -> Answer {
    let error = |field: &str| {
        let found = problem.as_ref().filter(|(of, _)| *of == field);
        found.map(|(_, text)| text.clone())
    };
    let t = shell.t;
    let own = of.attributes.iter();
    let rows = built_in(t)
        .into_iter()
        .chain(own.map(|attribute| row(t, attribute)));
    Ok(visit.page(&AttributeSettingsPage {
        shell,
        revision: revision_of(visit, fields.shown, of.revision),
        type_word: Input::of(word_of(of.key.as_ref())),
        types: type_choices(visit).await?,
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
    }))
}

/// An attribute as the tables of attributes show it.
#[must_use]
pub fn row(t: &'static Text, attribute: &ProfileAttribute) -> AttributeRow {
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

/// The same in the reader's language.
#[must_use]
pub const fn kind_name(t: &'static Text, kind: AttributeKind) -> &'static str {
    match kind {
        AttributeKind::Text => t.settings.kind_text,
        AttributeKind::Integer => t.settings.kind_integer,
        AttributeKind::Boolean => t.settings.kind_boolean,
    }
}
