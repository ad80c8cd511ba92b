//! Who stands at every address that a hook of the tests names.

use crate::for_tests::World;
use identity::access::Permission;
use identity::event_hook::channel::HookChange;
use identity::event_hook::envoy::{
    Answered, Envoy, Letter, PlainHttp, Sent, Shipment, Shipped, Trouble,
};
use identity::event_hook::operations::CHALLENGE_HEADER;
use identity::identity_provider::SecretPlace;
use identity::identity_provider::arrival::ArrivalPolicy;
use identity::identity_provider::settings::ProviderChange;
use identity::inline_hook::InlineHookKind;
use identity::inline_hook::settings::{InlineHookAuth, InlineHookChange};
use identity::log_stream::settings::{ReceiverChange, StreamChange};
use std::sync::{Mutex, MutexGuard};
use vocab::id::{
    EventHookId, HookDeliveryId, IdentityProviderId, InlineHookId, LogStreamId, OrgId, UserId,
};
use vocab::secret::Secret;

/// An address, and the headers by which it was asked.
pub(crate) type Seen = (String, Vec<(String, String)>);

/// Sends challenges back, unless told to answer otherwise; and remembers what it was sent.
#[derive(Default)]
pub(crate) struct Receiver {
    /// What it answers next, in place of the challenge; the last first.
    pub(crate) answers: Mutex<Vec<Result<Answered, Trouble>>>,
    /// Addresses and headers that it was asked at and by.
    pub(crate) seen: Mutex<Vec<Seen>>,
    /// Where frames of syslog were sent to, and these.
    pub(crate) shipped: Mutex<Vec<(String, String)>>,
}

impl Envoy for Receiver {
    fn plain_http(&self) -> PlainHttp {
        PlainHttp::Never
    }

    fn send<'e>(&'e self, letter: &'e Letter) -> Sent<'e> {
        let header = |(name, value): &(String, vocab::secret::Secret<String>)| {
            (name.clone(), value.expose().clone())
        };
        let headers: Vec<(String, String)> = letter.headers.iter().map(header).collect();
        let challenge = headers.iter().find(|(name, _)| name == CHALLENGE_HEADER);
        let challenge = challenge.map_or("", |(_, value)| value.as_str());
        let echo = serde_json::json!({ "verification": challenge });
        let echo = Answered::of(200, echo.to_string().into_bytes());
        let answer = self.answers.lock().unwrap().pop().unwrap_or(Ok(echo));
        self.seen
            .lock()
            .unwrap()
            .push((letter.uri.clone(), headers));
        Box::pin(async move { answer })
    }

    fn ship<'e>(&'e self, shipment: &'e Shipment) -> Shipped<'e> {
        let frames = String::from_utf8(shipment.frames.clone()).unwrap();
        let to = format!("{}:{}", shipment.host, shipment.port);
        self.shipped.lock().unwrap().push((to, frames));
        Box::pin(async { Ok(()) })
    }

    fn reads_authority(&self, pem: &str) -> bool {
        pem.starts_with("-----BEGIN CERTIFICATE-----")
    }
}

impl World {
    /// A hook that is told of new groups, and what it was told of one.
    pub(super) async fn hook(&self, org: &OrgId, name: &str) -> (EventHookId, HookDeliveryId) {
        let permit = self.permit(org, Permission::ManageOrg);
        let change = HookChange {
            name: name.to_owned(),
            description: String::new(),
            types: vec!["group.lifecycle.create".into()],
            uri: "https://hooks.example/in".into(),
            headers: Vec::new(),
            auth: None,
            base_url: "https://id.example/t/main".into(),
        };
        let made = self
            .cell
            .create_event_hook(&permit, change, PlainHttp::Never);
        let hook = made.await.unwrap().hook;
        let verified = self
            .cell
            .verify_event_hook(&permit, hook, self.receiver.as_ref());
        let hook = verified.await.unwrap();
        let groups = self.permit(org, Permission::ManageGroups);
        let group = format!("{name} told");
        self.cell.create_group(&groups, &group, "").await.unwrap();
        self.follow(&hook.id).await;
        let reader = self.permit(org, Permission::ReadDirectory);
        let told = self
            .cell
            .list_hook_deliveries(&reader, &hook.id, i64::MAX, 1);
        let delivery = told.await.unwrap().remove(0);
        (hook.id, delivery.id)
    }

    /// A hook that is asked about tokens.
    pub(super) async fn inline_hook(&self, org: &OrgId, name: &str) -> InlineHookId {
        let permit = self.permit(org, Permission::ManageOrg);
        let change = InlineHookChange {
            name: name.to_owned(),
            uri: "https://hooks.example/in".into(),
            headers: Vec::new(),
            auth: InlineHookAuth::Header(None),
            base_url: "https://id.example/t/main".into(),
        };
        let (kind, plain) = (InlineHookKind::TokenTransform, PlainHttp::Never);
        let made = self.cell.create_inline_hook(&permit, kind, change, plain);
        made.await.unwrap().hook.id
    }

    /// A provider at which that person is known.
    pub(super) async fn identity_provider(
        &self,
        org: &OrgId,
        name: &str,
        user: &UserId,
    ) -> IdentityProviderId {
        let permit = self.permit(org, Permission::ManageOrg);
        let change = ProviderChange {
            name: name.to_owned(),
            issuer: "https://idp.example".into(),
            authorization: "https://idp.example/authorize".into(),
            token: "https://idp.example/token".into(),
            userinfo: None,
            jwks: "https://idp.example/keys".into(),
            client_id: "us".into(),
            client_secret: Some(Secret::new("let me in".into())),
            secret_place: SecretPlace::Basic,
            scopes: vec!["openid".into()],
            clock_skew_secs: 60,
            policy: ArrivalPolicy::default(),
        };
        let plain = PlainHttp::Never;
        let made = self.cell.create_identity_provider(&permit, change, plain);
        let provider = made.await.unwrap();
        let permit = self.permit(org, Permission::ManagePeople);
        let linked = self
            .cell
            .link_person(&permit, &provider, user, "known there");
        linked.await.unwrap();
        provider.id
    }

    /// What was sent to receivers of syslog.
    pub(crate) fn shipped(&self) -> MutexGuard<'_, Vec<(String, String)>> {
        self.receiver.shipped.lock().unwrap()
    }

    /// A log stream to a webhook.
    pub(super) async fn stream(&self, org: &OrgId, name: &str) -> LogStreamId {
        let permit = self.permit(org, Permission::ManageOrg);
        let change = StreamChange {
            name: name.to_owned(),
            filter: String::new(),
            receiver: ReceiverChange::Webhook {
                uri: "https://siem.example/in".into(),
                auth: None,
            },
            base_url: "https://id.example/t/main".into(),
        };
        let envoy = self.receiver.as_ref();
        let made = self.cell.create_log_stream(&permit, change, envoy).await;
        made.unwrap().stream.id
    }

    /// Lets a hook go on in the log.
    pub(crate) async fn follow(&self, hook: &EventHookId) {
        let all = self.cell.following_hooks(("", ""), 100).await.unwrap();
        for following in all.iter().filter(|following| following.id == *hook) {
            self.cell.follow_hook(following, 0).await.unwrap();
        }
    }
}
