//! The pages of types of people: what their forms do and refuse, and that what a person is called makes nobody one of another type.

use crate::tests::console_pages::{CHANGED, Pages};
use crate::tests::one_org::permit;
use crate::tests::two_orgs::find_person;
use identity::access::{Permission, Role};
use identity::attribute_schema::AttributeSchema;
use identity::org::settings::ProfileAttribute;
use identity::person::Person;
use identity::user_type::UserType;
use serde_json::json;
use vocab::id::UserTypeId;

const TYPES: &str = "/admin/settings/types";

impl Pages {
    async fn types(&self) -> Vec<UserType> {
        let listed = self.world.cell.list_user_types(&self.reader()).await;
        listed.unwrap()
    }

    async fn key_of(&self, name: &str) -> UserTypeId {
        let types = self.types().await;
        let mut named = types.into_iter().filter(|one| one.name == name);
        named.next().unwrap().key.unwrap()
    }

    async fn grace(&self) -> Person {
        find_person(&self.world.cell, "main", "grace@main.example").await
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn types_come_are_called_otherwise_and_go() {
    let pages = Pages::open().await;
    let add = format!("{TYPES}/add");
    let form = "name=contractor&display_name=Contractor&description=Who+works+for+others";
    pages.done(&add, form).await;
    let page = pages.look(TYPES).await;
    assert!(page.contains("Contractor") && page.contains("Who works for others"));
    // One of the name that differs in capitals alone is the same name.
    for twin in ["contractor", "Contractor", "User"] {
        let again = format!("name={twin}&display_name=Another&description=");
        pages.told(&add, &again, twin).await;
    }
    pages.forbidden(Role::OrgAdmin, &add, form).await;
    let key = pages.key_of("contractor").await;
    let edit = format!("{TYPES}/edit");
    let words = |revision: i64, name: &str| {
        format!("id={key}&revision={revision}&display_name={name}&description=")
    };
    pages.done(&edit, &words(1, "Partner")).await;
    pages.told(&edit, &words(1, "Supplier"), CHANGED).await;
    pages
        .missing(
            &edit,
            "id=oty00000000000000009&revision=1&display_name=A&description=",
        )
        .await;
    let names = pages.types().await.into_iter().map(|one| one.display_name);
    assert_eq!(names.collect::<Vec<_>>(), ["User", "Partner"]);
    pages
        .done(&format!("{TYPES}/remove"), &format!("id={key}"))
        .await;
    assert_eq!(pages.types().await.len(), 1);
    pages.world.close().await;
}

/// An attribute may be called `type`: its value is the person's own matter, which may even be theirs to change.
#[tokio::test(flavor = "multi_thread")]
async fn an_attribute_called_type_makes_nobody_one_of_another_type() {
    let pages = Pages::open().await;
    let main = &pages.world.main;
    let snapshot = pages.world.cell.snapshot(main).await.unwrap().unwrap();
    let org = permit(main, Permission::ManageOrg);
    let mut settings = snapshot.org.settings.clone();
    settings.profile_schema.push(ProfileAttribute {
        name: "type".into(),
        title: "Kind".into(),
        self_editable: true,
        ..ProfileAttribute::default()
    });
    let before = snapshot.org.clone();
    let name = before.name.clone();
    let cell = &pages.world.cell;
    let changed = cell.update_org(&org, before, &name, settings);
    changed.await.unwrap();
    let form = "name=contractor&display_name=Contractor&description=";
    pages.done(&format!("{TYPES}/add"), form).await;
    let key = pages.key_of("contractor").await;
    let schema = pages.world.cell.user_type_schema(&org, &key).await.unwrap();
    assert_eq!(schema.attributes, AttributeSchema::default().attributes);
    let path = format!("/admin/people/{}", pages.grace().await.id);
    for value in ["employee", "default", key.as_str()] {
        let grace = pages.grace().await;
        let form = |of_type: &str| {
            format!(
                "revision={}&of-type={of_type}&login={}&email={}&first_name=Grace&last_name=Hopper&type={value}",
                grace.revision, grace.login, grace.email
            )
        };
        pages.done(&path, &form("default")).await;
        let grace = pages.grace().await;
        assert_eq!(grace.type_id, None, "{value}");
        assert_eq!(grace.profile.get("type"), Some(&json!(value)));
    }
    // Whoever may chooses the type in its own control alone.
    let grace = pages.grace().await;
    let form = format!(
        "revision={}&of-type={key}&login={}&email={}&first_name=Grace&last_name=Hopper",
        grace.revision, grace.login, grace.email
    );
    pages.done(&path, &form).await;
    assert_eq!(pages.grace().await.type_id, Some(key));
    pages.world.close().await;
}
