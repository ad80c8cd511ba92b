//! Good answers of the operations on custom roles, resource sets and bindings.

use super::{body, delete, get, good, id, post};
use crate::for_tests::{Things, World};
use serde_json::Value;

pub(super) async fn custom(world: &World, things: &Things) {
    let (roles, sets) = ("/api/v1/iam/roles", "/api/v1/iam/resource-sets");
    let role = post(world, roles, body("POST", roles, things)).await;
    let set = post(world, sets, body("POST", sets, things)).await;
    let (role, set) = (id(&role).to_owned(), id(&set).to_owned());
    let one = format!("{sets}/{set}");
    let path = "/api/v1/iam/resource-sets/{set}/resources";
    let resources = format!("{one}/resources");
    good(world, "PATCH", &resources, body("PATCH", path, things)).await;
    let added = post(world, &resources, body("POST", path, things)).await;
    let place = format!("{resources}/{}", id(&added));
    let one_of_them = format!("{path}/{{resource}}");
    good(world, "PUT", &place, body("PUT", &one_of_them, things)).await;
    let held = get(world, &resources).await;
    delete(world, &format!("{resources}/{}", id(&held["resources"][0]))).await;
    let path = "/api/v1/iam/resource-sets/{set}/bindings";
    let bindings = format!("{one}/bindings");
    post(world, &bindings, body("POST", path, things)).await;
    let path = "/api/v1/iam/resource-sets/{set}/bindings/{role}/members";
    let members = format!("{bindings}/{role}/members");
    good(world, "PATCH", &members, body("PATCH", path, things)).await;
    let held = get(world, &members).await;
    delete(world, &format!("{members}/{}", id(&held["members"][0]))).await;
    delete(world, &format!("{bindings}/{role}")).await;
    let path = "/api/v1/groups/{id}/roles";
    let of_group = format!("/api/v1/groups/{}/roles", things.group);
    let given = post(world, &of_group, body("POST", path, things)).await;
    delete(world, &format!("{of_group}/{}", id(&given))).await;
    let permission = format!("{roles}/{role}/permissions/okta.groups.read");
    post(world, &permission, Value::Null).await;
    delete(world, &permission).await;
    for (path, pattern) in [
        (format!("{roles}/{role}"), "/api/v1/iam/roles/{role}"),
        (one, "/api/v1/iam/resource-sets/{set}"),
    ] {
        good(world, "PUT", &path, body("PUT", pattern, things)).await;
        delete(world, &path).await;
    }
}
