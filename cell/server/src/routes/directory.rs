//! The pages of the administration for what stands beside people, groups and apps: attributes, relations, roles of groups, what
//! roles are held over, secrets that rest, and refresh tokens.

use axum::routing::{MethodRouter, get, post};
use console::admin::{apps, groups, people, role_targets, servers, settings};
use identity::cell::Cell;

pub(super) fn routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    let mut all = attribute_routes();
    all.extend(relation_routes());
    all.extend(role_routes());
    all.extend(token_routes());
    all.extend(account_routes());
    all
}

fn attribute_routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    use groups::attributes;
    vec![
        ("/admin/groups/attributes", get(attributes::show)),
        ("/admin/groups/attributes/add", post(attributes::add)),
        (
            "/admin/groups/attributes/rules/{name}",
            get(attributes::show_one).post(attributes::save_one),
        ),
        ("/admin/groups/attributes/remove", post(attributes::remove)),
        (
            "/admin/apps/{id}/profile/attributes/add",
            post(apps::profile::add_attribute),
        ),
        (
            "/admin/apps/{id}/profile/attributes/rules/{name}",
            get(apps::profile::show_attribute).post(apps::profile::save_attribute),
        ),
        (
            "/admin/apps/{id}/profile/attributes/remove",
            post(apps::profile::remove_attribute),
        ),
    ]
}

fn relation_routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    use people::relations;
    vec![
        ("/admin/settings/relations", get(settings::relations::list)),
        (
            "/admin/settings/relations/add",
            post(settings::relations::add),
        ),
        (
            "/admin/settings/relations/remove",
            post(settings::relations::remove),
        ),
        ("/admin/people/{id}/relations", get(relations::list)),
        ("/admin/people/{id}/relations/{name}", get(relations::show)),
        (
            "/admin/people/{id}/relations/{name}/set",
            post(relations::set),
        ),
        (
            "/admin/people/{id}/relations/{name}/remove",
            post(relations::remove),
        ),
    ]
}

fn role_routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    use role_targets::{of_apps, of_groups, of_people};
    vec![
        ("/admin/groups/{id}/roles", get(groups::roles::show)),
        ("/admin/groups/{id}/roles/add", post(groups::roles::add)),
        (
            "/admin/groups/{id}/roles/remove",
            post(groups::roles::remove),
        ),
        ("/admin/groups/{id}/roles/{role}", get(of_groups::show)),
        ("/admin/groups/{id}/roles/{role}/add", post(of_groups::add)),
        (
            "/admin/groups/{id}/roles/{role}/remove",
            post(of_groups::remove),
        ),
        ("/admin/apps/{id}/api/roles/{role}", get(of_apps::show)),
        ("/admin/apps/{id}/api/roles/{role}/add", post(of_apps::add)),
        (
            "/admin/apps/{id}/api/roles/{role}/remove",
            post(of_apps::remove),
        ),
        (
            "/admin/administrators/{id}/roles/{role}",
            get(of_people::show),
        ),
        (
            "/admin/administrators/{id}/roles/{role}/add",
            post(of_people::add),
        ),
        (
            "/admin/administrators/{id}/roles/{role}/remove",
            post(of_people::remove),
        ),
        (
            "/admin/administrators/{id}/roles/{role}/widen",
            post(role_targets::widen),
        ),
    ]
}

fn account_routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    use people::grants;
    vec![
        (
            "/admin/people/{id}/temporary-password",
            post(people::password::make_temporary),
        ),
        (
            "/admin/people/{id}/factors/providers/add",
            post(people::factors::link_provider),
        ),
        (
            "/admin/settings/providers/{id}/people",
            get(settings::providers::list_people),
        ),
        ("/admin/people/{id}/clients", get(grants::list)),
        (
            "/admin/people/{id}/clients/revoke-all",
            post(grants::revoke_everything),
        ),
        ("/admin/people/{id}/clients/{client}", get(grants::show)),
        (
            "/admin/people/{id}/clients/{client}/scopes/revoke",
            post(grants::revoke_scope),
        ),
        (
            "/admin/people/{id}/clients/{client}/scopes/revoke-all",
            post(grants::revoke_scopes),
        ),
        (
            "/admin/people/{id}/clients/{client}/tokens/revoke",
            post(grants::revoke_token),
        ),
        (
            "/admin/people/{id}/clients/{client}/tokens/revoke-all",
            post(grants::revoke_tokens),
        ),
    ]
}

fn token_routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    use apps::tokens;
    use servers::clients;
    vec![
        (
            "/admin/apps/{id}/secrets/switch",
            post(apps::credentials::switch_secret),
        ),
        (
            "/admin/apps/{id}/assignments/people/{user}",
            get(apps::assigned::show).post(apps::assigned::save),
        ),
        ("/admin/apps/{id}/tokens", get(tokens::show)),
        ("/admin/apps/{id}/tokens/revoke", post(tokens::revoke)),
        (
            "/admin/apps/{id}/tokens/revoke-all",
            post(tokens::revoke_all),
        ),
        (
            "/admin/servers/{id}/access/switch",
            post(servers::policies::switch),
        ),
        ("/admin/servers/{id}/clients", get(clients::list)),
        ("/admin/servers/{id}/clients/{client}", get(clients::show)),
        (
            "/admin/servers/{id}/clients/{client}/revoke",
            post(clients::revoke),
        ),
        (
            "/admin/servers/{id}/clients/{client}/revoke-all",
            post(clients::revoke_all),
        ),
    ]
}
