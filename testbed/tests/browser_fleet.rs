//! A real browser at the page of a fleet: to look without a link, to move organisations with one. Pictures land in
//! `target/screenshots`.

use serde_json::json;
use testbed::fleet::Fleet;
use testbed::{binary, script};

#[test]
fn an_operator_moves_an_organisation_on_the_page_and_a_stranger_only_looks() {
    let fleet = Fleet::start(3).unwrap();
    for slug in ["acme", "globex", "initech"] {
        fleet.make_org(slug, "cell-a").unwrap();
    }
    let opened = fleet.ask(&["fleet", "page"]).unwrap();
    let input = json!({
        "page": fleet.page,
        "link": opened["link"],
        "slug": "acme",
        "from": "cell-a",
        "to": "cell-b",
        "chromium": script::chromium().unwrap(),
        "screenshots": binary::target_folder().join("screenshots").join("fleet"),
    });
    script::run_node("browser_fleet.mjs", &input).unwrap();
}
