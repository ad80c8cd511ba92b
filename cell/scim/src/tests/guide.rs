//! The page in `docs/` lists what is served, where attributes stand, and the bounds: as the program has them.

use crate::limits::{GROUPS_SHOWN_MAX, INDEX_DEPTH_MAX, MEMBERS_SHOWN_MAX, PAGE_DEFAULT, PAGE_MAX};
use crate::route::OPERATIONS;
use identity::access::Permission;
use identity::api_token::allowance::CALLS_PER_WINDOW;
use identity::group::change::MEMBERS_CHANGED_MAX;
use identity::person::places::{SLOTS, Slot};
use protocol::scim::{
    BODY_BYTES_MAX, BULK_BYTES_MAX, BULK_OPERATIONS_MAX, ENTERPRISE, PATCH_OPERATIONS_MAX, PROFILE,
};

const GUIDE: &str = include_str!("../../../../docs/scim.md");

const fn name(permission: Permission) -> &'static str {
    match permission {
        Permission::ReadDirectory => "to see the directory",
        Permission::ManagePeople => "to change people",
        Permission::ManageGroups => "to change groups",
        _ => "something else",
    }
}

/// What stands between the head of a table and its end.
fn table(head: &str, end: &str) -> &'static str {
    let (_, rest) = GUIDE.split_once(head).unwrap();
    rest.split_once(end).unwrap().0
}

#[test]
fn the_guide_lists_what_is_served() {
    let expected: String = OPERATIONS
        .iter()
        .map(|operation| {
            format!(
                "| {} | `{}` | {} | {} |\n",
                operation.method,
                operation.path,
                operation.summary,
                name(operation.permission)
            )
        })
        .collect();
    let listed = table(
        "| method | path | what it does | what the roles must permit |\n|---|---|---|---|\n",
        "<!-- end of operations -->",
    );
    assert!(listed == expected, "the table should be:\n{expected}");
}

fn place(slot: &Slot) -> String {
    let before = match slot.schema {
        Some(_) => "enterprise ",
        None => "",
    };
    let place = match (slot.kind, slot.part) {
        (Some(kind), Some(part)) => format!("{}[type eq \"{kind}\"].{part}", slot.attribute),
        (None, Some(part)) => format!("{}.{part}", slot.attribute),
        _ => slot.attribute.to_owned(),
    };
    format!("{before}`{place}`")
}

#[test]
fn the_guide_says_where_attributes_stand() {
    let expected: String = SLOTS
        .iter()
        .map(|slot| format!("| {} | `{}` |\n", place(slot), slot.profile))
        .collect();
    let listed = table(
        "| SCIM | profile attribute |\n|---|---|\n",
        "<!-- end of attributes -->",
    );
    assert!(listed == expected, "the table should be:\n{expected}");
    for extension in [ENTERPRISE, PROFILE] {
        assert!(GUIDE.contains(extension), "{extension}");
    }
}

#[test]
fn the_guide_tells_the_bounds_that_there_are() {
    let written = |number: usize| {
        let digits = number.to_string();
        let mut written = String::new();
        for (place, digit) in digits.chars().enumerate() {
            if place > 0 && (digits.len() - place).is_multiple_of(3) {
                written.push(',');
            }
            written.push(digit);
        }
        written
    };
    let calls = usize::try_from(CALLS_PER_WINDOW).unwrap();
    for bound in [
        format!("{PAGE_DEFAULT} unless it is said, {PAGE_MAX} at most"),
        format!("{} resources that are looked at", written(INDEX_DEPTH_MAX)),
        format!("shown with a group | {};", written(MEMBERS_SHOWN_MAX)),
        format!("one request changes | {};", written(MEMBERS_CHANGED_MAX)),
        format!("the first {GROUPS_SHOWN_MAX} of them"),
        format!("operations of a patch | {PATCH_OPERATIONS_MAX} |"),
        format!(
            "{}, in {} bytes",
            written(BULK_OPERATIONS_MAX),
            written(BULK_BYTES_MAX)
        ),
        format!("any other request | {} bytes", written(BODY_BYTES_MAX)),
        format!("{} in a minute", written(calls)),
    ] {
        assert!(GUIDE.contains(&bound), "{bound}");
    }
}
