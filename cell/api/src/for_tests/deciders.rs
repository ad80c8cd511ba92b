//! What decides about tokens and sign-ins, of an org of the world: a server with a part of each kind, and a policy.

use crate::for_tests::World;
use crate::policies::mappings::mapping_id;
use identity::access::Permission;
use identity::app::AppKind;
use identity::app::operations::NewApp;
use identity::app::settings::AppSettings;
use identity::group_rule::RuleInput;
use identity::server::{
    AuthorizationServer, ClaimConfig, ClaimToken, ClaimValue, ScopeConfig, ServerConfig,
};
use identity::sign_on::presets;
use keys::ServerKeyScope;
use protocol::jose::algorithm::Algorithm;
use vocab::id::{AppId, GroupRuleId, OrgId, PolicyId, UserId};

/// Where the paths of servers begin.
const SERVERS: &str = "/api/v1/authorizationServers";
/// Where those of policies do.
const POLICIES: &str = "/api/v1/policies";
/// Where those of policies of apps do.
const POLICIES_OF_APPS: &str = "/api/v1/apps/{id}/policies";
/// Where those of rules that fill groups do.
const GROUP_RULES: &str = "/api/v1/groups/rules";

/// Where those of event hooks do.
const HOOKS: &str = "/api/v1/eventHooks";
/// Where those of inline hooks do.
const INLINE_HOOKS: &str = "/api/v1/inlineHooks";
/// Where those of hook keys do.
const HOOK_KEYS: &str = "/api/v1/hook-keys";
/// Where those of identity providers do.
const PROVIDERS: &str = "/api/v1/idps";
/// Where those of log streams do.
const STREAMS: &str = "/api/v1/logStreams";

/// An example for each parameter of a path.
pub(super) struct Deciders {
    values: Vec<(&'static str, &'static str, String)>,
}

impl Deciders {
    /// The path with those examples that it takes.
    pub(super) fn fill(&self, path: &str) -> String {
        let values = self.values.iter();
        let fitting = values.filter(|(start, ..)| path.starts_with(start));
        fitting.fold(path.to_owned(), |path, (_, parameter, value)| {
            path.replace(parameter, value)
        })
    }
}

impl World {
    /// They bear that name.
    pub(super) async fn deciders(&self, org: &OrgId, name: &str, user: &UserId) -> Deciders {
        let cell = &self.cell;
        let server = self.server(org, name).await;
        let scope = ServerKeyScope::Custom(server.id.clone());
        let made = cell
            .signing_keys
            .ensure_signer(org, &scope, Algorithm::Es256);
        made.await.unwrap();
        let keys = cell.signing_keys.list(org).await.unwrap();
        let key = keys.iter().find(|key| key.server == scope).unwrap();
        let (_, preset) = presets::app_policy(PolicyId::generate(cell.entropy()), cell.entropy());
        let permit = self.permit(org, Permission::ManagePolicies);
        let policy = cell.create_policy(&permit, name, preset.rules);
        let policy = policy.await.unwrap();
        let governed = self.governed(org, name, &policy.id).await;
        let held = self.hold_at(org, user, &governed, server.id.as_str()).await;
        let group_rule = self.group_rule(org, name).await;
        let parts = &server.parts;
        let access = &parts.policies[0];
        let (hook, delivery) = self.hook(org, name).await;
        let inline_hook = self.inline_hook(org, name).await;
        let manager = self.permit(org, Permission::ManageOrg);
        let hook_key = cell
            .create_hook_key(&manager, name.to_owned())
            .await
            .unwrap();
        let provider = self.identity_provider(org, name, user).await;
        let stream = self.stream(org, name).await;
        let values = [
            (STREAMS, "{id}", stream.to_string()),
            (INLINE_HOOKS, "{id}", inline_hook.to_string()),
            (HOOK_KEYS, "{id}", hook_key.id.to_string()),
            (HOOK_KEYS, "{key}", hook_key.kid),
            (PROVIDERS, "{id}", provider.to_string()),
            (PROVIDERS, "{user}", user.to_string()),
            (HOOKS, "{id}", hook.to_string()),
            (HOOKS, "{delivery}", delivery.to_string()),
            (SERVERS, "{id}", server.id.to_string()),
            (SERVERS, "{scope}", parts.scopes[0].id.to_string()),
            (SERVERS, "{claim}", parts.claims[0].id.to_string()),
            (SERVERS, "{policy}", access.id.to_string()),
            (SERVERS, "{rule}", access.rules[0].id.to_string()),
            (SERVERS, "{key}", key.kid.clone()),
            (SERVERS, "{client}", governed.to_string()),
            (SERVERS, "{token}", held.to_string()),
            (GROUP_RULES, "{id}", group_rule.to_string()),
            (POLICIES, "{id}", policy.id.to_string()),
            (POLICIES, "{mapping}", mapping_id(&governed)),
            (POLICIES_OF_APPS, "{policy}", policy.id.to_string()),
            (POLICIES, "{rule}", policy.rules[0].id.to_string()),
        ];
        let mut values = Vec::from(values);
        values.extend(self.settings(org, name, user).await);
        Deciders { values }
    }

    /// A rule that rests, for a group of its own.
    async fn group_rule(&self, org: &OrgId, name: &str) -> GroupRuleId {
        let permit = self.permit(org, Permission::ManageGroups);
        let group = format!("{name} by rule");
        let group = self.cell.create_group(&permit, &group, "").await.unwrap();
        let input = RuleInput {
            name: name.to_owned(),
            expression: String::from("user.firstName == \"Ada\""),
            groups: vec![group.id],
            excluded: Vec::new(),
        };
        let made = self.cell.create_group_rule(&permit, input).await;
        made.unwrap().id
    }

    /// An app that people sign in to, governed by that policy.
    async fn governed(&self, org: &OrgId, name: &str, policy: &PolicyId) -> AppId {
        let app = self.web_app(org, &format!("{name} governed")).await;
        let permit = self.permit(org, Permission::ManageApps);
        let put = self.cell.put_app_policy(&permit, &app, policy);
        put.await.unwrap();
        app
    }

    /// An app that people sign in to.
    pub(crate) async fn web_app(&self, org: &OrgId, label: &str) -> AppId {
        let permit = self.permit(org, Permission::ManageApps);
        let new = NewApp {
            label: label.to_owned(),
            kind: AppKind::Web,
            settings: AppSettings {
                redirect_uris: vec!["https://wiki.example/cb".into()],
                ..AppSettings::default()
            },
        };
        self.cell.create_app(&permit, new).await.unwrap().app.id
    }

    /// An app that acts for itself.
    pub(crate) async fn client(&self, org: &OrgId, label: &str) -> AppId {
        let permit = self.permit(org, Permission::ManageApps);
        let new = NewApp {
            label: label.to_owned(),
            kind: AppKind::Service,
            settings: identity::app::rules::default_settings(AppKind::Service),
        };
        self.cell.create_app(&permit, new).await.unwrap().app.id
    }

    /// A server with a scope, a claim, and one rule for everybody.
    pub(crate) async fn server(&self, org: &OrgId, name: &str) -> AuthorizationServer {
        let permit = self.permit(org, Permission::ManageServers);
        let config = ServerConfig {
            scopes: vec![ScopeConfig {
                name: "orders:read".into(),
                ..ScopeConfig::default()
            }],
            claims: vec![ClaimConfig {
                name: "team".into(),
                token: ClaimToken::AccessToken,
                value: ClaimValue::Attribute("login".into()),
                scopes: Vec::new(),
            }],
            ..ServerConfig::default()
        };
        let made = self.cell.create_server(&permit, name, config);
        made.await.unwrap()
    }
}
