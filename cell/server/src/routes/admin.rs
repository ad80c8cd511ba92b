//! The pages of the administration. Each handler asks the enforcement point for the permission that it needs.

use axum::routing::{MethodRouter, get, post};
use console::admin::{
    administrators, apps, behaviors, custom_roles, groups, home, keys, log, log_tail, people,
    policies, resource_sets, servers, settings, zones,
};
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
        ("/admin/apps/{id}/api", get(apps::api_access::show)),
        (
            "/admin/apps/{id}/api/scopes/add",
            post(apps::api_access::add_scope),
        ),
        (
            "/admin/apps/{id}/api/scopes/remove",
            post(apps::api_access::remove_scope),
        ),
        (
            "/admin/apps/{id}/api/roles/add",
            post(apps::api_access::add_role),
        ),
        (
            "/admin/apps/{id}/api/roles/remove",
            post(apps::api_access::remove_role),
        ),
        (
            "/admin/apps/{id}/profile",
            get(apps::profile::show).post(apps::profile::save),
        ),
        (
            "/admin/apps/{id}/profile/remove",
            post(apps::profile::remove),
        ),
        (
            "/admin/apps/{id}/provisioning",
            get(apps::provisioning::show).post(apps::provisioning::save),
        ),
        (
            "/admin/apps/{id}/provisioning/activate",
            post(apps::provisioning::activate),
        ),
        (
            "/admin/apps/{id}/provisioning/deactivate",
            post(apps::provisioning::deactivate),
        ),
        (
            "/admin/apps/{id}/provisioning/retry",
            post(apps::provisioning::retry),
        ),
        (
            "/admin/apps/{id}/provisioning/pushes/add",
            post(apps::provisioning::add_push),
        ),
        (
            "/admin/apps/{id}/provisioning/pushes/switch",
            post(apps::provisioning::switch_push),
        ),
        (
            "/admin/apps/{id}/provisioning/pushes/remove",
            post(apps::provisioning::remove_push),
        ),
        (
            "/admin/apps/{id}/provisioning/import",
            post(apps::provisioning::begin_import),
        ),
        (
            "/admin/apps/{id}/provisioning/import/link",
            post(apps::provisioning::link_found),
        ),
        (
            "/admin/apps/{id}/provisioning/import/create",
            post(apps::provisioning::make_found),
        ),
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
        (
            "/admin/apps/{id}/test",
            get(apps::test::show).post(apps::test::start),
        ),
        ("/admin/apps/{id}/test/callback", get(apps::test::callback)),
        ("/admin/apps/{id}/test/token", post(apps::test::ask)),
        ("/admin/groups", get(groups::list)),
        (
            "/admin/groups/new",
            get(groups::show_new).post(groups::create),
        ),
        ("/admin/groups/rules", get(groups::rules::list)),
        (
            "/admin/groups/rules/new",
            get(groups::rules::show_new).post(groups::rules::create),
        ),
        (
            "/admin/groups/rules/{id}",
            get(groups::rules::show).post(groups::rules::save),
        ),
        (
            "/admin/groups/rules/{id}/activate",
            post(groups::rules::activate),
        ),
        (
            "/admin/groups/rules/{id}/deactivate",
            post(groups::rules::deactivate),
        ),
        (
            "/admin/groups/rules/{id}/delete",
            post(groups::rules::delete),
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
        ("/admin/groups/{id}/owners", get(groups::owners::show)),
        ("/admin/groups/{id}/owners/add", post(groups::owners::add)),
        (
            "/admin/groups/{id}/owners/remove",
            post(groups::owners::remove),
        ),
        (
            "/admin/groups/{id}/settings",
            get(groups::show_settings).post(groups::save),
        ),
        ("/admin/guide/dismiss", post(home::dismiss_guide)),
        ("/admin/keys", get(keys::show)),
        ("/admin/keys/revoke", post(keys::revoke)),
        ("/admin/keys/rotate", post(keys::rotate)),
        ("/admin/log", get(log::list)),
        ("/admin/log/live", get(log_tail::show)),
        ("/admin/log/tail", get(log_tail::stream)),
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
            "/admin/people/{id}/factors/providers/remove",
            post(people::factors::unlink_provider),
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
    .into_iter()
    .chain(super::directory::routes())
    .chain(rule_routes())
    .chain(server_routes())
    .chain(setting_routes())
    .collect()
}

/// Who administers, and by which rules people sign in.
fn rule_routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    vec![
        ("/admin/administrators", get(administrators::list)),
        ("/admin/administrators/add", post(administrators::add)),
        (
            "/admin/administrators/{id}/remove",
            post(administrators::remove),
        ),
        (
            "/admin/administrators/{id}/roles",
            post(administrators::change_roles),
        ),
        ("/admin/custom-roles", get(custom_roles::list)),
        ("/admin/custom-roles/add", post(custom_roles::add)),
        ("/admin/custom-roles/{id}/edit", post(custom_roles::edit)),
        (
            "/admin/custom-roles/{id}/remove",
            post(custom_roles::remove),
        ),
        ("/admin/resource-sets/add", post(resource_sets::add)),
        (
            "/admin/resource-sets/{id}",
            get(resource_sets::show).post(resource_sets::rename),
        ),
        (
            "/admin/resource-sets/{id}/remove",
            post(resource_sets::remove),
        ),
        (
            "/admin/resource-sets/{id}/resources/add",
            post(resource_sets::add_resource),
        ),
        (
            "/admin/resource-sets/{id}/resources/remove",
            post(resource_sets::remove_resource),
        ),
        (
            "/admin/resource-sets/{id}/bindings/add",
            post(resource_sets::bind),
        ),
        (
            "/admin/resource-sets/{id}/bindings/remove",
            post(resource_sets::unbind),
        ),
        ("/admin/policies", get(policies::list)),
        (
            "/admin/policies/new",
            get(policies::show_new).post(policies::create),
        ),
        ("/admin/policies/simulate", get(policies::simulate::show)),
        (
            "/admin/policies/{id}",
            get(policies::show).post(policies::rename),
        ),
        ("/admin/policies/{id}/activate", post(policies::activate)),
        (
            "/admin/policies/{id}/deactivate",
            post(policies::deactivate),
        ),
        ("/admin/policies/{id}/delete", post(policies::delete)),
        (
            "/admin/policies/{id}/rules/move",
            post(policies::rules::move_rule),
        ),
        (
            "/admin/policies/{id}/rules/new",
            get(policies::rules::show_new).post(policies::rules::create),
        ),
        (
            "/admin/policies/{id}/rules/{rule}",
            get(policies::rules::show).post(policies::rules::save),
        ),
        (
            "/admin/policies/{id}/rules/{rule}/activate",
            post(policies::rules::activate),
        ),
        (
            "/admin/policies/{id}/rules/{rule}/deactivate",
            post(policies::rules::deactivate),
        ),
        (
            "/admin/policies/{id}/rules/{rule}/remove",
            post(policies::rules::remove),
        ),
        ("/admin/behaviors", get(behaviors::list)),
        ("/admin/behaviors/add", post(behaviors::add)),
        (
            "/admin/behaviors/{id}",
            get(behaviors::show).post(behaviors::save),
        ),
        ("/admin/behaviors/{id}/remove", post(behaviors::remove)),
        ("/admin/zones", get(zones::list)),
        ("/admin/zones/new", get(zones::show_new).post(zones::create)),
        ("/admin/zones/{id}", get(zones::show).post(zones::save)),
        ("/admin/zones/{id}/activate", post(zones::activate)),
        ("/admin/zones/{id}/deactivate", post(zones::deactivate)),
        ("/admin/zones/{id}/remove", post(zones::remove)),
    ]
}

/// Authorization servers: their settings, scopes, claims, rules, keys.
fn server_routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    use servers::{access, claims, keys, preview, rule_hook, scopes, settings};
    vec![
        ("/admin/servers", get(servers::list)),
        (
            "/admin/servers/new",
            get(servers::show_new).post(servers::create),
        ),
        (
            "/admin/servers/{id}",
            get(settings::show).post(settings::save),
        ),
        ("/admin/servers/{id}/access", get(access::list)),
        ("/admin/servers/{id}/access/move", post(access::move_rule)),
        (
            "/admin/servers/{id}/access/new",
            get(access::show_new).post(access::create),
        ),
        ("/admin/servers/{id}/access/remove", post(access::remove)),
        (
            "/admin/servers/{id}/access/{key}",
            get(access::show).post(access::save),
        ),
        (
            "/admin/servers/{id}/access/{key}/hook",
            post(rule_hook::save),
        ),
        ("/admin/servers/{id}/activate", post(settings::activate)),
        ("/admin/servers/{id}/claims", get(claims::list)),
        (
            "/admin/servers/{id}/claims/new",
            get(claims::show_new).post(claims::create),
        ),
        ("/admin/servers/{id}/claims/remove", post(claims::remove)),
        (
            "/admin/servers/{id}/claims/{key}",
            get(claims::show).post(claims::save),
        ),
        ("/admin/servers/{id}/deactivate", post(settings::deactivate)),
        ("/admin/servers/{id}/delete", post(settings::delete)),
        ("/admin/servers/{id}/keys", get(keys::show)),
        ("/admin/servers/{id}/preview", get(preview::show)),
        ("/admin/servers/{id}/scopes", get(scopes::list)),
        (
            "/admin/servers/{id}/scopes/new",
            get(scopes::show_new).post(scopes::create),
        ),
        ("/admin/servers/{id}/scopes/remove", post(scopes::remove)),
        (
            "/admin/servers/{id}/scopes/{key}",
            get(scopes::show).post(scopes::save),
        ),
    ]
}

fn setting_routes() -> Vec<(&'static str, MethodRouter<Cell>)> {
    vec![
        (
            "/admin/settings",
            get(settings::general::show).post(settings::general::save),
        ),
        (
            "/admin/settings/attributes",
            get(settings::attributes::list),
        ),
        (
            "/admin/settings/attributes/add",
            post(settings::attributes::add),
        ),
        (
            "/admin/settings/attributes/rules/{name}",
            get(settings::attributes::show_one).post(settings::attributes::save_one),
        ),
        (
            "/admin/settings/attributes/remove",
            post(settings::attributes::remove),
        ),
        ("/admin/settings/types", get(settings::types::list)),
        ("/admin/settings/types/add", post(settings::types::add)),
        ("/admin/settings/types/edit", post(settings::types::edit)),
        (
            "/admin/settings/types/remove",
            post(settings::types::remove),
        ),
        ("/admin/settings/hooks", get(settings::hooks::list)),
        ("/admin/settings/hooks/add", post(settings::hooks::add)),
        (
            "/admin/settings/hooks/{id}",
            get(settings::hooks::show).post(settings::hooks::save),
        ),
        (
            "/admin/settings/hooks/{id}/activate",
            post(settings::hooks::activate),
        ),
        (
            "/admin/settings/hooks/{id}/deactivate",
            post(settings::hooks::deactivate),
        ),
        (
            "/admin/settings/hooks/{id}/remove",
            post(settings::hooks::remove),
        ),
        (
            "/admin/settings/hooks/{id}/repeat",
            post(settings::hooks::repeat),
        ),
        (
            "/admin/settings/hooks/{id}/secret",
            post(settings::hooks::renew_secret),
        ),
        (
            "/admin/settings/hooks/{id}/verify",
            post(settings::hooks::verify),
        ),
        ("/admin/settings/hook-keys", get(settings::hook_keys::list)),
        (
            "/admin/settings/hook-keys/add",
            post(settings::hook_keys::add),
        ),
        (
            "/admin/settings/hook-keys/{id}",
            get(settings::hook_keys::show).post(settings::hook_keys::rename),
        ),
        (
            "/admin/settings/hook-keys/{id}/remove",
            post(settings::hook_keys::remove),
        ),
        (
            "/admin/settings/inline-hooks",
            get(settings::inline_hooks::list),
        ),
        (
            "/admin/settings/inline-hooks/add",
            post(settings::inline_hooks::add),
        ),
        (
            "/admin/settings/inline-hooks/{id}",
            get(settings::inline_hooks::show).post(settings::inline_hooks::save),
        ),
        (
            "/admin/settings/inline-hooks/{id}/activate",
            post(settings::inline_hooks::activate),
        ),
        (
            "/admin/settings/inline-hooks/{id}/deactivate",
            post(settings::inline_hooks::deactivate),
        ),
        (
            "/admin/settings/inline-hooks/{id}/remove",
            post(settings::inline_hooks::remove),
        ),
        (
            "/admin/settings/inline-hooks/{id}/secret",
            post(settings::inline_hooks::renew_secret),
        ),
        (
            "/admin/settings/inline-hooks/{id}/try",
            post(settings::inline_hooks::try_it),
        ),
        ("/admin/settings/providers", get(settings::providers::list)),
        (
            "/admin/settings/providers/add",
            post(settings::providers::add),
        ),
        (
            "/admin/settings/providers/{id}",
            get(settings::providers::show).post(settings::providers::save),
        ),
        (
            "/admin/settings/providers/{id}/activate",
            post(settings::providers::activate),
        ),
        (
            "/admin/settings/providers/{id}/deactivate",
            post(settings::providers::deactivate),
        ),
        (
            "/admin/settings/providers/{id}/remove",
            post(settings::providers::remove),
        ),
        ("/admin/settings/streams", get(settings::streams::list)),
        ("/admin/settings/streams/add", post(settings::streams::add)),
        (
            "/admin/settings/streams/{id}",
            get(settings::streams::show).post(settings::streams::save),
        ),
        (
            "/admin/settings/streams/{id}/activate",
            post(settings::streams::activate),
        ),
        (
            "/admin/settings/streams/{id}/deactivate",
            post(settings::streams::deactivate),
        ),
        (
            "/admin/settings/streams/{id}/remove",
            post(settings::streams::remove),
        ),
        (
            "/admin/settings/streams/{id}/secret",
            post(settings::streams::renew_secret),
        ),
        (
            "/admin/settings/streams/{id}/test",
            post(settings::streams::test),
        ),
        (
            "/admin/settings/hosts/add",
            post(settings::general::add_host),
        ),
        (
            "/admin/settings/hosts/remove",
            post(settings::general::remove_host),
        ),
        ("/admin/settings/logo", post(settings::general::save_logo)),
        (
            "/admin/settings/logo/remove",
            post(settings::general::remove_logo),
        ),
        (
            "/admin/settings/mail",
            get(settings::mail::show).post(settings::mail::save),
        ),
        ("/admin/settings/mail/remove", post(settings::mail::remove)),
        ("/admin/settings/mail/test", post(settings::mail::test)),
        (
            "/admin/settings/passkeys",
            get(settings::passkeys::show).post(settings::passkeys::save),
        ),
        (
            "/admin/settings/passwords",
            get(settings::passwords::show).post(settings::passwords::save),
        ),
        (
            "/admin/settings/authenticators",
            get(settings::means::show).post(settings::means::switch),
        ),
        (
            "/admin/settings/features",
            get(settings::features::show).post(settings::features::switch),
        ),
        (
            "/admin/settings/sessions",
            get(settings::sessions::show).post(settings::sessions::save),
        ),
        (
            "/admin/settings/threats",
            get(settings::threats::show).post(settings::threats::save),
        ),
        ("/admin/settings/origins", get(settings::origins::list)),
        (
            "/admin/settings/origins/activate",
            post(settings::origins::activate),
        ),
        ("/admin/settings/origins/add", post(settings::origins::add)),
        (
            "/admin/settings/origins/deactivate",
            post(settings::origins::deactivate),
        ),
        (
            "/admin/settings/origins/edit",
            post(settings::origins::edit),
        ),
        (
            "/admin/settings/origins/remove",
            post(settings::origins::remove),
        ),
        ("/admin/settings/tokens", get(settings::tokens::list)),
        ("/admin/settings/tokens/add", post(settings::tokens::add)),
        (
            "/admin/settings/tokens/revoke",
            post(settings::tokens::revoke),
        ),
    ]
}
