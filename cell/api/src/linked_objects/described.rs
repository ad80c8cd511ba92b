//! What the operations on relations between people read and answer.

use crate::description::components::LINKS;
use crate::description::parameter::{AFTER, limit};
use crate::description::schema::{Field, Model, Schema, may, must, shown, taken};
use crate::description::{Description, lists, makes, pages, shows};
use crate::limits::LINKED_PEOPLE_PAGE;
use crate::linked_objects::TYPE;

const END: &[Field] = &[
    must("name", Schema::Text)
        .said("For programs: letters, digits and underscores, no digit first."),
    must("title", Schema::Text).said("For people."),
    may("description", Schema::Text),
    must("type", Schema::Word(&[TYPE])),
];
const NEW_END: &[Field] = &[
    must("name", Schema::Text),
    must("title", Schema::Text),
    may("description", Schema::Text),
    may("type", Schema::Word(&[TYPE])),
];

static OBJECT: Model = shown(
    "LinkedObject",
    "A relation between people.",
    Schema::Object(&[
        must("primary", Schema::Object(END)).said("The end of which somebody has one."),
        must("associated", Schema::Object(END)).said("The other end."),
        must("_links", LINKS),
    ]),
);

static NEW_OBJECT: Model = taken(
    "NewLinkedObject",
    "A relation between people. It is never changed: remove it and add another.",
    Schema::Object(&[
        must("primary", Schema::Object(NEW_END)),
        must("associated", Schema::Object(NEW_END)),
    ]),
    &["_links"],
);

static PERSON: Model = shown(
    "LinkedPerson",
    "Somebody who is linked to somebody.",
    Schema::Object(&[must("_links", LINKS).said("Where the person stands.")]),
);

pub(crate) static LIST: Description = lists(&Schema::Of(&OBJECT));
pub(crate) static CREATE: Description = makes(&OBJECT).takes(
    &NEW_OBJECT,
    r#"{"primary":{"name":"lead","title":"Lead","type":"USER"},"associated":{"name":"report","title":"Report","type":"USER"}}"#,
);
pub(crate) static SHOW: Description = shows(&OBJECT);
pub(crate) static PEOPLE: Description =
    pages(&Schema::Of(&PERSON), &[limit(LINKED_PEOPLE_PAGE), AFTER]);
