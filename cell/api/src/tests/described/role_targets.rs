//! Good answers of the operations on targets of roles.

use super::{delete, get, good, id, post};
use crate::for_tests::{Things, World};
use crate::role::render_id;
use identity::access::Role;
use identity::app::search::MAKE;
use serde_json::{Value, json};

pub(super) async fn targets(world: &World, things: &Things) {
    let user = world.person(&world.main, "targeted", "Tara", "Get").await;
    let team = json!({ "profile": { "name": "Targeted" } });
    let team = post(world, "/api/v1/groups", team).await;
    let service = &things.service;
    let (second, other) = (
        json!({ "profile": { "name": "Second" } }),
        world.client(&world.main, "Second").await,
    );
    let second = post(world, "/api/v1/groups", second).await;
    let (first, second) = (things.group.as_str(), id(&second));
    let all = format!("catalog/apps/{MAKE}");
    let (app, other) = (format!("{all}/{}", things.app), format!("{all}/{other}"));
    for (base, has_all) in [
        (format!("/api/v1/users/{user}/roles"), true),
        (format!("/api/v1/groups/{}/roles", id(&team)), false),
        (format!("/oauth2/v1/clients/{service}/roles"), false),
    ] {
        // The service has them.
        let roles = [Role::UserAdmin, Role::AppAdmin].into_iter();
        for role in roles.filter(|_| !base.contains("/clients/")) {
            post(world, &base, json!({ "type": role.as_str() })).await;
        }
        let of = |role: Role| format!("{base}/{}/targets", render_id(role));
        let groups = format!("{}/groups", of(Role::UserAdmin));
        let apps = of(Role::AppAdmin);
        for path in [
            format!("{groups}/{first}"),
            format!("{groups}/{second}"),
            format!("{apps}/{app}"),
            format!("{apps}/{other}"),
        ] {
            good(world, "PUT", &path, Value::Null).await;
        }
        get(world, &groups).await;
        delete(world, &format!("{groups}/{second}")).await;
        get(world, &format!("{apps}/catalog/apps")).await;
        delete(world, &format!("{apps}/{other}")).await;
        good(world, "PUT", &format!("{apps}/{all}"), Value::Null).await;
        get(world, &format!("{apps}/catalog/apps")).await;
        delete(world, &format!("{apps}/{all}")).await;
        if has_all {
            get(world, &apps).await;
            good(world, "PUT", &format!("{apps}/catalog/apps"), Value::Null).await;
        }
    }
}
