//! The administration. All forms post `csrf`; a reader without the right to change is shown no form that would.

mod app;
mod app_new;
mod app_profile;
mod app_provisioning;
mod app_test;
mod apps;
mod assigned;
mod attribute_rules;
mod behaviors;
mod custom_attributes;
mod custom_roles;
mod features;
mod grants;
mod group_rules;
mod groups;
mod held;
mod home;
mod hook_keys;
mod hooks;
mod inline_hooks;
mod keys;
mod log;
mod means;
mod people;
mod person;
mod pick;
mod policies;
mod providers;
mod relations;
mod role_targets;
mod rule;
mod schema;
mod server;
mod server_forms;
mod servers;
mod settings;
mod simulate;
mod snippet;
mod streams;
mod threats;
mod types;
mod zones;

pub use app::{AppPage, AppTab, GivenRow, SecretRow};
pub use app_new::{AppDetailsPage, AppKindPage, AppReadyPage, NewAppForm};
pub use app_profile::{AppAttributeRow, MappedRow, MappingForm};
pub use app_provisioning::{
    FoundKind, FoundRow, ProvisionedRow, ProvisioningForm, ProvisioningStanding, PushRow, SentRow,
};
pub use app_test::{AppTestOutcome, AppTestPage, DeviceSteps, ServiceTest};
pub use apps::{AppKind, AppRow, AppsAdminPage};
pub use assigned::{AssignedAttribute, AssignedView};
pub use attribute_rules::{AttributeFrame, AttributeRulesForm, AttributeRulesPage, RuledKind};
pub use behaviors::{BehaviorForm, BehaviorPage, BehaviorRow, BehaviorsPage};
pub use custom_attributes::{CustomAttributes, GroupAttributesPage, NewAttributeForm, SchemaWords};
pub use custom_roles::{
    CustomRoleRow, CustomRolesPage, PermissionsOver, ResourceSetPage, ResourceSetRow,
    RoleBindingRow, SetResourceRow,
};
pub use features::{FeatureRow, FeaturesPage};
pub use grants::{HeldOfPerson, HeldScopeRow};
pub use group_rules::{
    GroupRulePage, GroupRuleRow, GroupRuleState, GroupRuleTrial, GroupRulesPage, PresentRule,
};
pub use groups::{
    AdministratorRow, AdministratorsPage, GroupNewPage, GroupPage, GroupRow, GroupTab, GroupsPage,
    narrowed, role_choices,
};
pub use held::{HeldTokenRow, HeldTokens};
pub use home::{Figures, GuideKind, GuideStep, HomePage};
pub use hook_keys::{HookKeyPage, HookKeyRow, HookKeysPage, UsingHookRow};
pub use hooks::{DeliveryRow, DeliveryTone, HookForm, HookPage, HookRow, HooksPage};
pub use inline_hooks::{
    AskingRuleRow, InlineHookForm, InlineHookPage, InlineHookProof, InlineHookRow, InlineHookTopic,
    InlineHookTrial, InlineHooksPage,
};
pub use keys::{KeyRow, KeyState, KeysPage, RootRow};
pub use log::{Fact, LogEntryPage, LogFilter, LogPage, LogTailPage, TailRow};
pub use means::{MeansPage, MeansRow};
pub use people::{PeoplePage, PersonNewPage, PersonRow, PersonStatus};
pub use person::{
    PersonAction, PersonAppRow, PersonFactors, PersonPage, PersonTab, PersonType, ProviderLinkForm,
    TemporaryPassword, Touch,
};
pub use pick::Picker;
pub use policies::{PoliciesPage, PolicyNewPage, PolicyPage, PolicyRow, PolicyScope, RuleRow};
pub use providers::{
    ProviderForm, ProviderPage, ProviderPeoplePage, ProviderPersonRow, ProviderRow, ProvidersPage,
};
pub use relations::{EndForm, EndView, LinkedView, RelationOfPerson, RelationRow, RelationsPage};
pub use role_targets::{EVERY_APP, Hold, RoleHolderView, RoleTargetsPage, TargetRow, TargetsOf};
pub use rule::{Proof, RuleFormPage};
pub use schema::{
    ApiTokenRow, ApiTokensPage, AttributeRow, AttributeSettingsPage, OriginRow, OriginsPage,
};
pub use server::{
    AccessPolicyRow, AccessRuleRow, ClaimRow, PreviewForm, ScopeRow, ServerPage, ServerTab,
    TokenPreview,
};
pub use server_forms::{AccessRuleFormPage, ClaimFormPage, ScopeFormPage, SearchedChoices};
pub use servers::{ServerNewPage, ServerRow, ServersPage};
pub use settings::{
    GeneralSettingsPage, MailSettingsPage, PasskeySettingsPage, PasswordSettingsPage,
    SessionSettingsPage,
};
pub use simulate::{SimulatePage, TraceMark, TraceStep, Verdict, VerdictKind};
pub use snippet::{Integration, Snippet, curl, render_snippets};
pub use streams::{StreamForm, StreamPage, StreamRow, StreamStanding, StreamsPage};
pub use threats::ThreatsPage;
pub use types::{TypeRow, TypesPage};
pub use zones::{ZoneFormPage, ZoneRow, ZonesPage};
