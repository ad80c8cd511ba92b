//! Settings of an org of the world that have addresses of their own: one of each.

use crate::authenticators::Kind;
use crate::for_tests::World;
use identity::access::Permission;
use identity::api_token::TOKEN_PREFIX;
use identity::api_token::operations::DeclaredApiToken;
use identity::behavior::BehaviorKind;
use identity::behavior::operations::NewBehavior;
use identity::feature::Feature;
use identity::linked_object::End;
use identity::sign_on::zone::{ZoneReach, parse_ranges};
use identity::trusted_origin::{OriginInput, Trust};
use identity::user_type::{UserTypeInput, id_of, schema_id_of};
use vocab::id::{OrgId, UserId};
use vocab::secret::random_token;

/// Where the paths of trusted origins begin.
const ORIGINS: &str = "/api/v1/trustedOrigins";
/// Where those of zones do.
const ZONES: &str = "/api/v1/zones";
/// Where those of behaviours do.
const BEHAVIORS: &str = "/api/v1/behaviors";
/// Where those of tokens do.
const TOKENS: &str = "/api/v1/api-tokens";
/// Where those of schemas do.
const SCHEMAS: &str = "/api/v1/meta/schemas/user";
/// Where those of relations between people do.
const LINKED_OBJECTS: &str = "/api/v1/meta/schemas/user/linkedObjects";
/// Where those of types of people do.
const TYPES: &str = "/api/v1/meta/types/user";
/// Where those of authenticators do.
const AUTHENTICATORS: &str = "/api/v1/authenticators";
/// Where those of features do.
const FEATURES: &str = "/api/v1/features";
/// Where those of people do.
const USERS: &str = "/api/v1/users";

impl World {
    /// They bear that name: where a path begins, a parameter of it, and an example for that.
    pub(super) async fn settings(
        &self,
        org: &OrgId,
        name: &str,
        user: &UserId,
    ) -> Vec<(&'static str, &'static str, String)> {
        let permit = self.permit(org, Permission::ManageOrg);
        let input = OriginInput {
            name: name.to_owned(),
            origin: format!("https://{}.example", name.to_lowercase().replace('_', "-")),
            trust: Trust {
                cors: true,
                redirect: true,
            },
        };
        let origin = self.cell.create_trusted_origin(&permit, input);
        let origin = origin.await.unwrap();
        let policies = self.permit(org, Permission::ManagePolicies);
        let ranges = parse_ranges("192.0.2.0/24").unwrap();
        let zone = self
            .cell
            .create_zone(&policies, name, ranges, ZoneReach::Named);
        let zone = zone.await.unwrap();
        let behavior = NewBehavior {
            name: name.to_owned(),
            kind: BehaviorKind::AnomalousDevice,
            events_max: 20,
            events_min: 0,
            active: true,
        };
        let behavior = self.cell.create_behavior(&policies, behavior);
        let behavior = behavior.await.unwrap();
        let login = format!("owner-of-{name}");
        let owner = self.person(org, &login, "Grace", "Hopper").await;
        let declared_owner = owner.clone();
        let declared = DeclaredApiToken {
            name: name.to_owned(),
            user_id: owner,
            text: random_token(self.cell.entropy(), TOKEN_PREFIX),
        };
        let token = self.cell.declare_api_token(&permit, declared);
        let token = token.await.unwrap().token;
        let end = |side: &str| End {
            name: format!("{side}_of_{name}").replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
            title: side.to_owned(),
            description: String::new(),
        };
        let relation = self
            .cell
            .create_linked_object(&permit, end("primary"), end("associated"));
        let relation = relation.await.unwrap().primary.name;
        let primary = declared_owner.to_string();
        let input = UserTypeInput {
            name: format!("type_of_{name}").replace(|c: char| !c.is_ascii_alphanumeric(), "_"),
            display_name: name.to_owned(),
            description: String::new(),
        };
        let of_type = self
            .cell
            .create_user_type(&permit, input)
            .await
            .unwrap()
            .key;
        vec![
            (LINKED_OBJECTS, "{name}", relation.clone()),
            (USERS, "{name}", relation),
            (USERS, "{primary}", primary),
            (SCHEMAS, "{schema}", schema_id_of(org, of_type.as_ref())),
            (TYPES, "{type}", id_of(org, of_type.as_ref())),
            (TOKENS, "{id}", token.id.to_string()),
            (USERS, "{factor}", self.totp(org, user).await),
            (AUTHENTICATORS, "{id}", Kind::Passkey.id(org)),
            (AUTHENTICATORS, "{method}", Kind::Passkey.method().into()),
            (FEATURES, "{id}", Feature::SessionTokens.id(org)),
            (FEATURES, "{lifecycle}", String::from("enable")),
            (ORIGINS, "{id}", origin.id.to_string()),
            (ZONES, "{id}", zone.id.to_string()),
            (BEHAVIORS, "{id}", behavior.id.to_string()),
        ]
    }

    /// The id of an authenticator app of somebody, which is being enrolled.
    async fn totp(&self, org: &OrgId, user: &UserId) -> String {
        let permit = self.permit(org, Permission::ManagePeople);
        let begun = self.cell.begin_totp(&permit, user).await.unwrap();
        begun.id.to_string()
    }
}
