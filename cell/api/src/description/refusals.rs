//! The errors that an operation may answer: those that all of its kind have, and its own.

use crate::description::area::Described;
use crate::description::parameter::{Values, names_of};
use crate::error::ErrorCode;
use http::Method;
use identity::feature::Feature;
use std::collections::BTreeMap;

/// The errors of an operation, by their status.
#[must_use]
pub fn refusals_of(operation: Described) -> BTreeMap<u16, Vec<ErrorCode>> {
    let description = operation.description();
    let mut codes = match operation {
        Described::Held(held) => of_held(held.is_conditional()),
        Described::Open(open) => of_open(open.door()),
    };
    codes.extend([
        ErrorCode::Validation,
        ErrorCode::Malformed,
        ErrorCode::TooManyRequests,
        ErrorCode::Internal,
    ]);
    if names_of(operation.path()).next().is_some() {
        codes.extend([ErrorCode::NotFound, ErrorCode::NoPath]);
    }
    if description.body.is_some() {
        codes.push(ErrorCode::MediaType);
    }
    let is_searched = description.query.iter().any(|parameter| {
        matches!(parameter.values, Values::Expression) && parameter.name != "after"
    });
    if is_searched {
        codes.extend([ErrorCode::InvalidSearch, ErrorCode::SearchAndFilter]);
    }
    if *operation.method() != Method::GET {
        // The state in which a thing is, and somebody else who was quicker.
        codes.extend([
            ErrorCode::UserStatus,
            ErrorCode::Conflict,
            ErrorCode::NotFound,
        ]);
    }
    codes.extend(description.refusals);
    let mut by_status: BTreeMap<u16, Vec<ErrorCode>> = BTreeMap::new();
    for code in codes {
        let of_status = by_status.entry(code.status().as_u16()).or_default();
        if !of_status.contains(&code) {
            of_status.push(code);
        }
    }
    for codes in by_status.values_mut() {
        codes.sort_by_key(|code| code.as_str());
    }
    by_status
}

fn of_open(door: Option<Feature>) -> Vec<ErrorCode> {
    let mut codes = vec![ErrorCode::NoPath];
    codes.extend(door.map(|_| ErrorCode::FeatureShut));
    codes
}

fn of_held(is_conditional: bool) -> Vec<ErrorCode> {
    let mut codes = vec![
        ErrorCode::NoSession,
        ErrorCode::Forbidden,
        ErrorCode::InvalidToken,
        // The organisation takes no API tokens.
        ErrorCode::FeatureShut,
    ];
    if is_conditional {
        codes.extend([ErrorCode::ETagMismatch, ErrorCode::ETagSyntax]);
    } else {
        // `If-Match`, which it does not look at.
        codes.push(ErrorCode::Unsupported);
    }
    codes
}
