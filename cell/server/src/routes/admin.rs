//! The pages of the administration. Each handler asks the enforcement point for the permission that it needs.

use axum::routing::{MethodRouter, get, post};
use console::admin::{apps, groups, home, log, people};
use identity::cell::Cell;

/// Path and what answers there.
pub(super) fn routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    vec![
        ("/admin", get(home::show)),
        ("/admin/apps", get(apps::list)),
        (
            "/admin/apps/new",
            get(apps::create::show).post(apps::create::create),
        ),
        (
            "/admin/apps/{id}",
            get(apps::settings::show).post(apps::settings::save),
        ),
        ("/admin/apps/{id}/activate", post(apps::settings::activate)),
        ("/admin/apps/{id}/assignments", get(apps::assignments::show)),
        (
            "/admin/apps/{id}/assignments/everyone",
            post(apps::assignments::save_everyone),
        ),
        (
            "/admin/apps/{id}/assignments/groups/add",
            post(apps::assignments::add_group),
        ),
        (
            "/admin/apps/{id}/assignments/people/add",
            post(apps::assignments::add_person),
        ),
        (
            "/admin/apps/{id}/assignments/remove",
            post(apps::assignments::remove),
        ),
        (
            "/admin/apps/{id}/credentials",
            get(apps::credentials::show).post(apps::credentials::save_method),
        ),
        (
            "/admin/apps/{id}/deactivate",
            post(apps::settings::deactivate),
        ),
        ("/admin/apps/{id}/delete", post(apps::settings::delete)),
        ("/admin/apps/{id}/integrate", get(apps::integrate::show)),
        ("/admin/apps/{id}/keys", post(apps::credentials::save_keys)),
        ("/admin/apps/{id}/ready", get(apps::integrate::show_ready)),
        (
            "/admin/apps/{id}/secrets/add",
            post(apps::credentials::add_secret),
        ),
        (
            "/admin/apps/{id}/secrets/remove",
            post(apps::credentials::remove_secret),
        ),
        (
            "/admin/apps/{id}/sign-on",
            get(apps::settings::show_sign_on).post(apps::settings::save_sign_on),
        ),
        ("/admin/groups", get(groups::list)),
        (
            "/admin/groups/new",
            get(groups::show_new).post(groups::create),
        ),
        ("/admin/groups/{id}", get(groups::belongings::show_members)),
        (
            "/admin/groups/{id}/apps",
            get(groups::belongings::show_apps),
        ),
        (
            "/admin/groups/{id}/apps/add",
            post(groups::belongings::add_app),
        ),
        (
            "/admin/groups/{id}/apps/remove",
            post(groups::belongings::remove_app),
        ),
        ("/admin/groups/{id}/delete", post(groups::delete)),
        (
            "/admin/groups/{id}/members/add",
            post(groups::belongings::add_member),
        ),
        (
            "/admin/groups/{id}/members/remove",
            post(groups::belongings::remove_member),
        ),
        (
            "/admin/groups/{id}/settings",
            get(groups::show_settings).post(groups::save),
        ),
        ("/admin/guide/dismiss", post(home::dismiss_guide)),
        ("/admin/log", get(log::list)),
        ("/admin/log/{id}", get(log::show)),
        ("/admin/people", get(people::list)),
        (
            "/admin/people/new",
            get(people::create::show).post(people::create::create),
        ),
        (
            "/admin/people/{id}",
            get(people::profile::show).post(people::profile::save),
        ),
        (
            "/admin/people/{id}/activity",
            get(people::sessions::show_activity),
        ),
        (
            "/admin/people/{id}/apps",
            get(people::belongings::show_apps),
        ),
        (
            "/admin/people/{id}/apps/add",
            post(people::belongings::add_app),
        ),
        (
            "/admin/people/{id}/apps/remove",
            post(people::belongings::remove_app),
        ),
        ("/admin/people/{id}/factors", get(people::factors::show)),
        (
            "/admin/people/{id}/factors/passkeys/remove",
            post(people::factors::remove_passkey),
        ),
        (
            "/admin/people/{id}/factors/totp/remove",
            post(people::factors::remove_totp),
        ),
        (
            "/admin/people/{id}/groups",
            get(people::belongings::show_groups),
        ),
        (
            "/admin/people/{id}/groups/add",
            post(people::belongings::add_group),
        ),
        (
            "/admin/people/{id}/groups/remove",
            post(people::belongings::remove_group),
        ),
        (
            "/admin/people/{id}/lifecycle/{verb}",
            post(people::lifecycle::act),
        ),
        ("/admin/people/{id}/sessions", get(people::sessions::show)),
        (
            "/admin/people/{id}/sessions/end",
            post(people::sessions::end),
        ),
    ]
}
