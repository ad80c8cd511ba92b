//! The list of operations as a page of the documentation.

use crate::description::area::{Described, all};
use identity::access::Role;
use std::fmt::Write as _;

const HEAD: &str = "# Operations of the management API

This page is made of the route table by `cargo xtask operations`, and a test holds it against the program. What each operation
reads and answers says the description that every organisation serves at `/openapi.json` (OpenAPI 3.1), and for people at
`/openapi`. How the interface is meant is told in [The management API](management-api.md).

A caller needs a role that permits the operation, or where `okta.…` stands behind the roles, a custom role or a narrowed one that
permits that over what the operation is about; an app that acts for itself needs a role too, and the scope besides. What each role
permits says [Administrators](administrators.md).
";

/// Roles of whoever administers at all.
const EVERY_ROLE: &str = "every role";
/// So many roles are left out by name, rather than all others named.
const LEFT_OUT_MAX: usize = 2;

/// The page.
#[must_use]
pub fn render_operations() -> String {
    let mut areas: Vec<(&str, Vec<Described>)> = Vec::new();
    for operation in all() {
        let (_, title, _) = operation.area();
        match areas.iter_mut().find(|(known, _)| *known == title) {
            Some((_, operations)) => operations.push(operation),
            None => areas.push((title, vec![operation])),
        }
    }
    let mut page = String::from(HEAD);
    for (title, operations) in areas {
        // A text takes whatever is written into it.
        let _ = write!(
            page,
            "\n## {title}\n\n| method | path | what it does | scope | roles |\n|---|---|---|---|---|\n"
        );
        for operation in operations {
            let mut roles = render_roles(&operation.roles());
            if let Some(permission) = operation.permission() {
                let _ = write!(roles, "; `{permission}`");
            }
            let scope = operation.scope();
            let scope = scope.map_or_else(String::new, |scope| format!("`{scope}`"));
            let _ = writeln!(
                page,
                "| {} | `{}` | {} | {scope} | {roles} |",
                operation.method(),
                operation.path(),
                operation.summary(),
            );
        }
    }
    page
}

fn render_roles(roles: &[&str]) -> String {
    let list = |roles: &[&str]| format!("`{}`", roles.join("`, `"));
    let all = Role::ALL.map(Role::as_str);
    let others: Vec<&str> = all
        .into_iter()
        .filter(|role| !roles.contains(role))
        .collect();
    match (roles, others.len()) {
        ([], _) => String::from("none: it needs no token"),
        (_, 0) => String::from(EVERY_ROLE),
        (_, 1..=LEFT_OUT_MAX) => format!("{EVERY_ROLE} but {}", list(&others)),
        (roles, _) => list(roles),
    }
}

#[cfg(test)]
mod tests {
    use super::render_roles;
    use identity::access::Role;

    #[test]
    fn roles_are_told_in_few_words() {
        let all = Role::ALL.map(Role::as_str);
        assert_eq!(render_roles(&all), "every role");
        assert_eq!(
            render_roles(&all[..7]),
            "every role but `API_ACCESS_MANAGEMENT_ADMIN`"
        );
        assert_eq!(render_roles(&all[..2]), "`SUPER_ADMIN`, `ORG_ADMIN`");
        assert_eq!(render_roles(&[]), "none: it needs no token");
    }
}
