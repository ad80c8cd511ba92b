//! Every type of event that is written, by its wire name.
//!
//! The names are those of the compatible catalogue wherever it has one, so that tools which know it read our log;
//! [`EventType::OWN`] lists those that it lacks. A name is a promise: it is never changed, nor given another meaning.

#[cfg(test)]
mod tests;

/// Whether an event of the type draws the eye even when it succeeds.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Alarm {
    Usual,
    Alarming,
}

macro_rules! define_event_types {
    ($($variant:ident, $name:literal, $message:literal, $alarm:ident;)*) => {
        /// A type of event.
        #[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
        pub enum EventType {
            $(#[doc = concat!("`", $name, "`: ", $message, ".")] $variant,)*
        }

        impl EventType {
            /// Every type.
            pub const ALL: &'static [Self] = &[$(Self::$variant,)*];

            /// The wire name.
            #[must_use]
            pub const fn as_str(self) -> &'static str {
                match self { $(Self::$variant => $name,)* }
            }

            /// What happened, in a few words.
            #[must_use]
            pub const fn message(self) -> &'static str {
                match self { $(Self::$variant => $message,)* }
            }

            const fn alarm(self) -> Alarm {
                match self { $(Self::$variant => Alarm::$alarm,)* }
            }
        }
    };
}

impl EventType {
    /// The types that the catalogue has no name for.
    pub const OWN: &'static [Self] = &[
        Self::SystemOrgSettingsUpdate,
        Self::SystemOrgConfigurationApply,
        Self::SystemOrgKeyRotate,
        Self::SystemOrgSetupComplete,
        Self::SystemLogRead,
        Self::SystemLogStreamDelivery,
        Self::SystemLogStreamTest,
        Self::UserSessionRefresh,
        Self::UserLifecycleInvite,
        Self::UserAccountIdpLink,
        Self::UserAccountIdpUnlink,
        Self::AppOauth2KeyRevoke,
        Self::AppOauth2AsKeyRevoke,
        Self::AppOauth2ConsentRevoke,
        Self::AppOauth2DeviceAuthorize,
        Self::AppOauth2DeviceApprove,
        Self::AppOauth2DeviceDeny,
        Self::AppOauth2AsDeviceAuthorize,
        Self::AppOauth2AsDeviceApprove,
        Self::AppOauth2AsDeviceDeny,
        Self::AppOauth2LogoutSend,
        Self::GroupUserMembershipRuleCreate,
        Self::GroupUserMembershipRuleUpdate,
        Self::GroupUserMembershipRuleDelete,
    ];

    /// Reads a wire name.
    #[must_use]
    pub fn parse(name: &str) -> Option<Self> {
        Self::ALL
            .iter()
            .copied()
            .find(|event_type| event_type.as_str() == name)
    }

    /// Whether an event of this type draws the eye even when it succeeds: roles, keys, secrets, signs of an attack.
    #[must_use]
    pub fn is_alarming(self) -> bool {
        self.alarm() == Alarm::Alarming
    }
}

define_event_types! {
    UserSessionStart, "user.session.start", "Sign-in finished", Usual;
    UserSessionEnd, "user.session.end", "Signed out", Usual;
    UserSessionClear, "user.session.clear", "Sessions of a person ended", Usual;
    UserSessionExpire, "user.session.expire", "Session expired", Usual;
    UserSessionRefresh, "user.session.refresh", "Session prolonged by an administrator", Usual;
    UserSessionContextChange, "user.session.context.change", "Session used from another place", Alarming;
    UserSessionAccessAdminApp, "user.session.access_admin_app", "Administration opened", Usual;
    UserAuthenticationSso, "user.authentication.sso", "Signed in to an app", Usual;
    UserAuthenticationSlo, "user.authentication.slo", "Signed out of an app", Usual;
    UserAuthenticationAuthViaMfa, "user.authentication.auth_via_mfa", "Further proof given", Usual;
    UserAuthenticationVerify, "user.authentication.verify", "Identity proved again", Usual;
    UserAuthenticationAuthViaIdp, "user.authentication.auth_via_IDP", "Vouched for by an identity provider", Usual;
    UserAuthenticationAuth, "user.authentication.auth", "First proof given", Usual;
    UserLifecycleCreate, "user.lifecycle.create", "Person created", Usual;
    UserLifecycleActivate, "user.lifecycle.activate", "Person activated", Usual;
    UserLifecycleDeactivate, "user.lifecycle.deactivate", "Person deactivated", Usual;
    UserLifecycleSuspend, "user.lifecycle.suspend", "Person suspended", Usual;
    UserLifecycleUnsuspend, "user.lifecycle.unsuspend", "Person unsuspended", Usual;
    UserLifecycleReactivate, "user.lifecycle.reactivate", "Person reactivated", Usual;
    UserLifecycleDeleteInitiated, "user.lifecycle.delete.initiated", "Deletion of a person begun", Usual;
    UserLifecycleDeleteCompleted, "user.lifecycle.delete.completed", "Person deleted", Usual;
    UserAccountLock, "user.account.lock", "Account locked", Alarming;
    UserAccountUnlock, "user.account.unlock", "Account unlocked", Usual;
    UserAccountUnlockByAdmin, "user.account.unlock_by_admin", "Account unlocked by an administrator", Usual;
    UserAccountUpdateProfile, "user.account.update_profile", "Profile changed", Usual;
    UserAccountUpdatePrimaryEmail, "user.account.update_primary_email", "Mail address changed", Usual;
    UserAccountUpdatePassword, "user.account.update_password", "Password changed", Usual;
    UserAccountUpdateUserType, "user.account.update_user_type", "Person made one of another type", Usual;
    UserAccountResetPassword, "user.account.reset_password", "Password reset", Usual;
    UserAccountExpirePassword, "user.account.expire_password", "Password expired", Usual;
    UserAccountUseToken, "user.account.use_token", "One-time link used", Usual;
    UserAccountPrivilegeGrant, "user.account.privilege.grant", "Administrator role granted", Alarming;
    UserAccountPrivilegeRevoke, "user.account.privilege.revoke", "Administrator role revoked", Usual;
    UserAccountReportSuspiciousActivityByEnduser, "user.account.report_suspicious_activity_by_enduser", "Suspicious activity reported by the person", Alarming;
    UserMfaFactorActivate, "user.mfa.factor.activate", "Authenticator enrolled", Usual;
    UserMfaFactorDeactivate, "user.mfa.factor.deactivate", "Authenticator removed", Usual;
    UserMfaFactorResetAll, "user.mfa.factor.reset_all", "All authenticators removed", Alarming;
    UserMfaFactorUpdate, "user.mfa.factor.update", "Authenticator changed", Usual;
    UserMfaAttemptBypass, "user.mfa.attempt_bypass", "Attempt to pass by the second proof", Alarming;
    GroupLifecycleCreate, "group.lifecycle.create", "Group created", Usual;
    GroupLifecycleDelete, "group.lifecycle.delete", "Group deleted", Usual;
    GroupProfileUpdate, "group.profile.update", "Group changed", Usual;
    GroupUserMembershipAdd, "group.user_membership.add", "Person added to a group", Usual;
    GroupUserMembershipRemove, "group.user_membership.remove", "Person removed from a group", Usual;
    GroupUserMembershipRuleTrigger, "group.user_membership.rule.trigger", "Group rule activated", Usual;
    GroupUserMembershipRuleEvaluation, "group.user_membership.rule.evaluation", "Group rule applied to everybody", Usual;
    GroupUserMembershipRuleDeactivated, "group.user_membership.rule.deactivated", "Group rule deactivated", Usual;
    GroupUserMembershipRuleInvalidate, "group.user_membership.rule.invalidate", "Group rule lost a group that it fills", Alarming;
    GroupUserMembershipRuleError, "group.user_membership.rule.error", "Group rule could not be evaluated", Alarming;
    GroupUserMembershipRuleAddExclusion, "group.user_membership.rule.add_exclusion", "Person excluded from a group rule", Usual;
    GroupUserMembershipRuleCreate, "group.user_membership.rule.create", "Group rule added", Usual;
    GroupUserMembershipRuleUpdate, "group.user_membership.rule.update", "Group rule changed", Usual;
    GroupUserMembershipRuleDelete, "group.user_membership.rule.delete", "Group rule removed", Usual;
    GroupPrivilegeGrant, "group.privilege.grant", "Administrator role granted to a group", Alarming;
    GroupPrivilegeRevoke, "group.privilege.revoke", "Administrator role revoked from a group", Usual;
    GroupApplicationAssignmentAdd, "group.application_assignment.add", "Group assigned to an app", Usual;
    GroupApplicationAssignmentRemove, "group.application_assignment.remove", "Group unassigned from an app", Usual;
    ResourceOwnerUpdate, "resource.owner.update", "Owners of a group changed", Usual;
    GroupApplicationAssignmentUpdate, "group.application_assignment.update", "Assignment of a group to an app changed", Usual;
    ApplicationLifecycleCreate, "application.lifecycle.create", "App created", Usual;
    ApplicationLifecycleUpdate, "application.lifecycle.update", "App changed", Usual;
    ApplicationLifecycleActivate, "application.lifecycle.activate", "App activated", Usual;
    ApplicationLifecycleDeactivate, "application.lifecycle.deactivate", "App deactivated", Usual;
    ApplicationLifecycleDelete, "application.lifecycle.delete", "App deleted", Usual;
    ApplicationConfigurationUpdateLogo, "application.configuration.update_logo", "Logo of an app changed", Usual;
    ApplicationUserMembershipAdd, "application.user_membership.add", "Person assigned to an app", Usual;
    ApplicationUserMembershipRemove, "application.user_membership.remove", "Person unassigned from an app", Usual;
    ApplicationUserMembershipUpdate, "application.user_membership.update", "Assignment of a person to an app changed", Usual;
    ApplicationProvisionUserPush, "application.provision.user.push", "Account of a person made at an app", Usual;
    ApplicationProvisionUserVerifyExists, "application.provision.user.verify_exists", "Account of a person found at an app", Usual;
    ApplicationProvisionUserPushProfile, "application.provision.user.push_profile", "Profile of a person sent to an app", Usual;
    ApplicationProvisionUserReactivate, "application.provision.user.reactivate", "Account of a person switched on at an app", Usual;
    ApplicationProvisionUserDeactivate, "application.provision.user.deactivate", "Account of a person switched off at an app", Usual;
    ApplicationProvisionUserImport, "application.provision.user.import", "Account at an app linked to a person", Usual;
    ApplicationProvisionGroupPushMappingCreated, "application.provision.group_push.mapping.created", "Push of a group to an app set up", Usual;
    ApplicationProvisionGroupPushActivateMapping, "application.provision.group_push.activate_mapping", "Push of a group to an app switched on", Usual;
    ApplicationProvisionGroupPushDeactivateMapping, "application.provision.group_push.deactivate_mapping", "Push of a group to an app switched off", Usual;
    ApplicationProvisionGroupPushPushed, "application.provision.group_push.pushed", "Group pushed to an app", Usual;
    ApplicationProvisionGroupPushUpdated, "application.provision.group_push.updated", "Pushed group renamed at an app", Usual;
    ApplicationProvisionGroupPushPushMemberships, "application.provision.group_push.push_memberships", "Members of a pushed group sent to an app", Usual;
    ApplicationProvisionGroupPushRemoved, "application.provision.group_push.removed", "Push of a group to an app removed", Usual;
    ApplicationProvisionGroupPushDeleteAppgroup, "application.provision.group_push.delete_appgroup", "Push of a group removed, with the group at the app", Usual;
    ApplicationProvisionUserSync, "application.provision.user.sync", "Accounts at an app to be looked at again", Usual;
    AppProvisionSyncJobStarted, "app.app_instance.provision_sync_job.started", "Import from an app begun", Usual;
    AppProvisionSyncJobCompleted, "app.app_instance.provision_sync_job.completed", "Import from an app completed", Usual;
    AppProvisionSyncJobFailed, "app.app_instance.provision_sync_job.failed", "Import from an app broken off", Usual;
    ApplicationPolicySignOnUpdate, "application.policy.sign_on.update", "Sign-on policy of an app changed", Usual;
    ApplicationPolicySignOnDenyAccess, "application.policy.sign_on.deny_access", "Sign-on to an app denied by policy", Usual;
    PolicyLifecycleCreate, "policy.lifecycle.create", "Policy created", Usual;
    PolicyLifecycleUpdate, "policy.lifecycle.update", "Policy changed", Usual;
    PolicyLifecycleActivate, "policy.lifecycle.activate", "Policy activated", Usual;
    PolicyLifecycleDeactivate, "policy.lifecycle.deactivate", "Policy deactivated", Usual;
    PolicyLifecycleDelete, "policy.lifecycle.delete", "Policy deleted", Usual;
    PolicyRuleAdd, "policy.rule.add", "Rule added to a policy", Usual;
    PolicyRuleUpdate, "policy.rule.update", "Rule of a policy changed", Usual;
    PolicyRuleActivate, "policy.rule.activate", "Rule of a policy activated", Usual;
    PolicyRuleDeactivate, "policy.rule.deactivate", "Rule of a policy deactivated", Usual;
    PolicyRuleDelete, "policy.rule.delete", "Rule of a policy deleted", Usual;
    PolicyEvaluateSignOn, "policy.evaluate_sign_on", "Sign-on policy evaluated", Usual;
    SecurityBehaviorSettingsCreate, "security.behavior.settings.create", "Behaviour added", Usual;
    SecurityBehaviorSettingsUpdate, "security.behavior.settings.update", "Behaviour changed", Usual;
    SecurityBehaviorSettingsDelete, "security.behavior.settings.delete", "Behaviour removed", Usual;
    ZoneCreate, "zone.create", "Network zone created", Usual;
    ZoneUpdate, "zone.update", "Network zone changed", Usual;
    ZoneActivate, "zone.activate", "Network zone activated", Usual;
    ZoneDeactivate, "zone.deactivate", "Network zone deactivated", Usual;
    ZoneDelete, "zone.delete", "Network zone deleted", Usual;
    SystemApiTokenCreate, "system.api_token.create", "API token created", Alarming;
    SystemApiTokenUpdate, "system.api_token.update", "API token changed", Usual;
    SystemApiTokenEnable, "system.api_token.enable", "API token enabled", Usual;
    SystemApiTokenRevoke, "system.api_token.revoke", "API token revoked", Usual;
    SystemOrgLifecycleCreate, "system.org.lifecycle.create", "Organisation created", Usual;
    SystemBrandUpdate, "system.brand.update", "Name, logo or colour of the organisation changed", Usual;
    SystemCustomUrlDomainInitiate, "system.custom_url_domain.initiate", "Host name added", Usual;
    SystemCustomUrlDomainVerify, "system.custom_url_domain.verify", "Host name verified", Usual;
    SystemCustomUrlDomainDelete, "system.custom_url_domain.delete", "Host name removed", Usual;
    SystemCustomEmailServerLifecycleCreate, "system.custom_email_server.lifecycle.create", "Mail server set up", Usual;
    SystemCustomEmailServerLifecycleUpdate, "system.custom_email_server.lifecycle.update", "Mail server changed", Usual;
    SystemCustomEmailServerLifecycleDelete, "system.custom_email_server.lifecycle.delete", "Mail server removed", Usual;
    SystemFeatureEnable, "system.feature.enable", "Feature enabled", Usual;
    SystemFeatureDisable, "system.feature.disable", "Feature disabled", Usual;
    SystemEmailDelivery, "system.email.delivery", "Mail handed to the mail server", Usual;
    SystemEmailSendFactorVerifyMessage, "system.email.send_factor_verify_message", "Mail with a code or link sent", Usual;
    SystemEmailChallengeFactorRedeemed, "system.email.challenge_factor_redeemed", "Code or link from a mail used", Usual;
    SystemEmailPasswordResetSentMessage, "system.email.password_reset.sent_message", "Mail about a password sent", Usual;
    SystemEmailAccountUnlockSentMessage, "system.email.account_unlock.sent_message", "Mail about unlocking sent", Usual;
    SystemEmailMfaEnrollNotificationSentMessage, "system.email.mfa_enroll_notification.sent_message", "Notice of an enrolled authenticator sent", Usual;
    SystemEmailMfaResetNotificationSentMessage, "system.email.mfa_reset_notification.sent_message", "Notice of a removed authenticator sent", Usual;
    SystemEmailNewDeviceNotificationSentMessage, "system.email.new_device_notification.sent_message", "Notice of a new device sent", Usual;
    SystemOrgRateLimitViolation, "system.org.rate_limit.violation", "Rate limit of the organisation exceeded", Usual;
    SystemClientRateLimitViolation, "system.client.rate_limit.violation", "Rate limit of a client exceeded", Usual;
    SystemOperationRateLimitViolation, "system.operation.rate_limit.violation", "Rate limit of an operation exceeded", Usual;
    DirectoryUserProfileUpdate, "directory.user_profile.update", "Type of people changed or removed", Usual;
    DirectoryNonDefaultUserProfileCreate, "directory.non_default_user_profile.create", "Type of people added", Usual;
    SecurityRequestBlocked, "security.request.blocked", "Request blocked", Alarming;
    SecurityThreatDetected, "security.threat.detected", "Many names failed from one address", Alarming;
    SecurityThreatConfigurationUpdate, "security.threat.configuration.update", "What is done about threats changed", Usual;
    SecurityAuthenticatorLifecycleActivate, "security.authenticator.lifecycle.activate", "Kind of authenticator allowed", Usual;
    SecurityAuthenticatorLifecycleDeactivate, "security.authenticator.lifecycle.deactivate", "Kind of authenticator disallowed", Usual;
    SecurityAuthenticatorLifecycleUpdate, "security.authenticator.lifecycle.update", "Rules of a kind of authenticator changed", Usual;
    SecurityTrustedOriginCreate, "security.trusted_origin.create", "Trusted origin added", Usual;
    SecurityTrustedOriginUpdate, "security.trusted_origin.update", "Trusted origin changed", Usual;
    SecurityTrustedOriginActivate, "security.trusted_origin.activate", "Trusted origin activated", Usual;
    SecurityTrustedOriginDeactivate, "security.trusted_origin.deactivate", "Trusted origin deactivated", Usual;
    SecurityTrustedOriginDelete, "security.trusted_origin.delete", "Trusted origin removed", Usual;
    AppOauth2AuthorizeCode, "app.oauth2.authorize.code", "Authorization code issued", Usual;
    AppOauth2Signon, "app.oauth2.signon", "Sign-on over OpenID Connect", Usual;
    AppOauth2InvalidClientCredentials, "app.oauth2.invalid_client_credentials", "Client failed to authenticate", Usual;
    AppOauth2TokenGrant, "app.oauth2.token.grant", "Tokens issued", Usual;
    AppOauth2TokenGrantAccessToken, "app.oauth2.token.grant.access_token", "Access token issued", Usual;
    AppOauth2TokenGrantIdToken, "app.oauth2.token.grant.id_token", "ID token issued", Usual;
    AppOauth2TokenGrantRefreshToken, "app.oauth2.token.grant.refresh_token", "Refresh token issued", Usual;
    AppOauth2TokenRevoke, "app.oauth2.token.revoke", "Token revoked", Usual;
    AppOauth2TokenDetectReuse, "app.oauth2.token.detect_reuse", "Used refresh token presented again", Alarming;
    AppOauth2KeyRollover, "app.oauth2.key.rollover", "Signing key rotated", Usual;
    AppOauth2ConsentGrant, "app.oauth2.consent.grant", "Consent given", Usual;
    AppOauth2ClientLifecycleCreate, "app.oauth2.client.lifecycle.create", "OAuth client created", Usual;
    AppOauth2ClientLifecycleUpdate, "app.oauth2.client.lifecycle.update", "OAuth client changed", Usual;
    AppOauth2ClientLifecycleActivate, "app.oauth2.client.lifecycle.activate", "OAuth client activated", Usual;
    AppOauth2ClientLifecycleDeactivate, "app.oauth2.client.lifecycle.deactivate", "OAuth client deactivated", Usual;
    AppOauth2ClientLifecycleDelete, "app.oauth2.client.lifecycle.delete", "OAuth client deleted", Usual;
    AppOauth2ClientReadClientSecret, "app.oauth2.client.read_client_secret", "Client secret viewed", Alarming;
    AppOauth2ClientPrivilegeGrant, "app.oauth2.client.privilege.grant", "Administrator role granted to an app", Alarming;
    AppOauth2ClientPrivilegeRevoke, "app.oauth2.client.privilege.revoke", "Administrator role revoked from an app", Usual;
    AppOauth2CredentialsLifecycleCreate, "app.oauth2.credentials.lifecycle.create", "Client credential created", Usual;
    AppOauth2CredentialsLifecycleActivate, "app.oauth2.credentials.lifecycle.activate", "Client credential activated", Usual;
    AppOauth2CredentialsLifecycleDeactivate, "app.oauth2.credentials.lifecycle.deactivate", "Client credential deactivated", Usual;
    AppOauth2CredentialsLifecycleDelete, "app.oauth2.credentials.lifecycle.delete", "Client credential deleted", Usual;
    AppOauth2AsAuthorizeCode, "app.oauth2.as.authorize.code", "Authorization code issued by a custom server", Usual;
    AppOauth2AsAuthorizeScopeDenied, "app.oauth2.as.authorize.scope_denied", "Scope refused by a custom server", Usual;
    AppOauth2AsTokenGrant, "app.oauth2.as.token.grant", "Tokens issued by a custom server", Usual;
    AppOauth2AsTokenGrantAccessToken, "app.oauth2.as.token.grant.access_token", "Access token issued by a custom server", Usual;
    AppOauth2AsTokenGrantIdToken, "app.oauth2.as.token.grant.id_token", "ID token issued by a custom server", Usual;
    AppOauth2AsTokenGrantRefreshToken, "app.oauth2.as.token.grant.refresh_token", "Refresh token issued by a custom server", Usual;
    AppOauth2AsTokenRevoke, "app.oauth2.as.token.revoke", "Token of a custom server revoked", Usual;
    AppOauth2AsTokenDetectReuse, "app.oauth2.as.token.detect_reuse", "Used refresh token of a custom server presented again", Alarming;
    AppOauth2AsKeyRollover, "app.oauth2.as.key.rollover", "Signing key of a custom server rotated", Usual;
    AppOauth2AsConsentGrant, "app.oauth2.as.consent.grant", "Consent given at a custom server", Usual;
    AppOauth2AsConsentRevoke, "app.oauth2.as.consent.revoke", "Consent at a custom server withdrawn", Usual;
    Oauth2AsCreated, "oauth2.as.created", "Authorization server created", Usual;
    Oauth2AsUpdated, "oauth2.as.updated", "Authorization server changed", Usual;
    Oauth2AsActivated, "oauth2.as.activated", "Authorization server activated", Usual;
    Oauth2AsDeactivated, "oauth2.as.deactivated", "Authorization server deactivated", Usual;
    Oauth2AsDeleted, "oauth2.as.deleted", "Authorization server deleted", Usual;
    Oauth2ScopeCreated, "oauth2.scope.created", "Scope created", Usual;
    Oauth2ScopeUpdated, "oauth2.scope.updated", "Scope changed", Usual;
    Oauth2ScopeDeleted, "oauth2.scope.deleted", "Scope deleted", Usual;
    Oauth2ClaimCreated, "oauth2.claim.created", "Claim created", Usual;
    Oauth2ClaimUpdated, "oauth2.claim.updated", "Claim changed", Usual;
    Oauth2ClaimDeleted, "oauth2.claim.deleted", "Claim deleted", Usual;
    EventHookCreated, "event_hook.created", "Event hook added", Usual;
    EventHookUpdated, "event_hook.updated", "Event hook changed", Usual;
    EventHookDeleted, "event_hook.deleted", "Event hook removed", Usual;
    EventHookActivated, "event_hook.activated", "Event hook switched on", Usual;
    EventHookDeactivated, "event_hook.deactivated", "Event hook switched off", Usual;
    EventHookVerified, "event_hook.verified", "Event hook verified", Usual;
    EventHookDelivery, "event_hook.delivery", "Delivery of an event hook given up", Usual;
    IamRoleCreate, "iam.role.create", "Custom role added", Alarming;
    IamRoleUpdate, "iam.role.update", "Custom role changed", Usual;
    IamRoleDelete, "iam.role.delete", "Custom role removed", Usual;
    IamRolePermissionsAdd, "iam.role.permissions.add", "Permission added to a custom role", Alarming;
    IamRolePermissionsDelete, "iam.role.permissions.delete", "Permission removed from a custom role", Usual;
    IamResourcesetCreate, "iam.resourceset.create", "Resource set added", Usual;
    IamResourcesetUpdate, "iam.resourceset.update", "Resource set changed", Usual;
    IamResourcesetDelete, "iam.resourceset.delete", "Resource set removed", Usual;
    IamResourcesetResourcesAdd, "iam.resourceset.resources.add", "Resource added to a set", Alarming;
    IamResourcesetResourcesDelete, "iam.resourceset.resources.delete", "Resource removed from a set", Usual;
    IamResourcesetBindingsAdd, "iam.resourceset.bindings.add", "Custom role given over a resource set", Alarming;
    IamResourcesetBindingsDelete, "iam.resourceset.bindings.delete", "Custom role over a resource set taken", Usual;
    DirectoryLinkedObjectCreate, "directory.linked_object.create", "Relation between people added", Usual;
    DirectoryLinkedObjectDelete, "directory.linked_object.delete", "Relation between people removed", Usual;
    DirectoryMappingUpdate, "directory.mapping.update", "Mapping of profiles to an app changed", Usual;
    InlineHookCreated, "inline_hook.created", "Inline hook added", Usual;
    InlineHookUpdated, "inline_hook.updated", "Inline hook changed", Usual;
    InlineHookDeleted, "inline_hook.deleted", "Inline hook removed", Usual;
    InlineHookActivated, "inline_hook.activated", "Inline hook switched on", Usual;
    InlineHookDeactivated, "inline_hook.deactivated", "Inline hook switched off", Usual;
    InlineHookExecuted, "inline_hook.executed", "Inline hook asked", Usual;
    InlineHookResponseProcessed, "inline_hook.response.processed", "Answer of an inline hook applied", Usual;
    UserImportPassword, "user.import.password", "Password taken over from another system", Usual;
    SystemIdpCreated, "system.idp.lifecycle.create", "Identity provider added", Alarming;
    SystemIdpUpdated, "system.idp.lifecycle.update", "Identity provider changed", Alarming;
    SystemIdpDeleted, "system.idp.lifecycle.delete", "Identity provider removed", Alarming;
    SystemIdpActivated, "system.idp.lifecycle.activate", "Identity provider switched on", Alarming;
    SystemIdpDeactivated, "system.idp.lifecycle.deactivate", "Identity provider switched off", Alarming;
    UserAccountIdpLink, "user.account.idp_link", "Person linked to an identity provider", Alarming;
    UserAccountIdpUnlink, "user.account.idp_unlink", "Link to an identity provider removed", Usual;
    SystemLogStreamCreated, "system.log_stream.lifecycle.create", "Log stream added", Alarming;
    SystemLogStreamUpdated, "system.log_stream.lifecycle.update", "Log stream changed", Alarming;
    SystemLogStreamDeleted, "system.log_stream.lifecycle.delete", "Log stream removed", Alarming;
    SystemLogStreamActivated, "system.log_stream.lifecycle.activate", "Log stream switched on", Usual;
    SystemLogStreamDeactivated, "system.log_stream.lifecycle.deactivate", "Log stream switched off", Alarming;
    SystemLogStreamDelivery, "system.log_stream.delivery", "Log stream began or ceased to fail", Usual;
    SystemLogStreamTest, "system.log_stream.test", "Log stream tested", Usual;
    SystemHookKeyCreated, "system.hook.key.created", "Hook key, or signing secret of a hook, made", Alarming;
    SystemHookKeyUpdated, "system.hook.key.updated", "Hook key renamed", Usual;
    SystemHookKeyDeleted, "system.hook.key.deleted", "Hook key removed", Alarming;
    SystemOrgSettingsUpdate, "system.org.settings.update", "Settings of the organisation changed", Usual;
    SystemOrgConfigurationApply, "system.org.configuration.apply", "Declared configuration applied", Usual;
    SystemOrgKeyRotate, "system.org.key.rotate", "Key of the organisation rotated", Usual;
    SystemOrgSetupComplete, "system.org.setup.complete", "First administrator set up", Usual;
    SystemLogRead, "system.log.read", "System log viewed or exported", Usual;
    UserLifecycleInvite, "user.lifecycle.invite", "Invitation sent", Usual;
    AppOauth2KeyRevoke, "app.oauth2.key.revoke", "Signing key revoked", Alarming;
    AppOauth2AsKeyRevoke, "app.oauth2.as.key.revoke", "Signing key of a custom server revoked", Alarming;
    AppOauth2ConsentRevoke, "app.oauth2.consent.revoke", "Consent withdrawn", Usual;
    AppOauth2DeviceAuthorize, "app.oauth2.device.authorize", "Sign-in on a device begun", Usual;
    AppOauth2DeviceApprove, "app.oauth2.device.approve", "Sign-in on a device approved", Usual;
    AppOauth2DeviceDeny, "app.oauth2.device.deny", "Sign-in on a device denied", Usual;
    AppOauth2AsDeviceAuthorize, "app.oauth2.as.device.authorize", "Sign-in on a device begun at a custom server", Usual;
    AppOauth2AsDeviceApprove, "app.oauth2.as.device.approve", "Sign-in on a device approved at a custom server", Usual;
    AppOauth2AsDeviceDeny, "app.oauth2.as.device.deny", "Sign-in on a device denied at a custom server", Usual;
    AppOauth2LogoutSend, "app.oauth2.logout.send", "Back-channel logout sent", Usual;
}
