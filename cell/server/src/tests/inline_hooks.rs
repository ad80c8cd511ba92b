//! Inline hooks against receivers that listen: those that answer, and those that hang, redirect, lie inward, say too much, or are
//! not who they should be.

use crate::envoy::HttpEnvoy;
use crate::outbound::Reach;
use crate::tests::one_org::{self, OneOrg};
use crate::tests::receiver::{Act, Receiver, make_certificate};
use database::Location;
use identity::access::Permission;
use identity::cell::Cell;
use identity::event_hook::envoy::{PlainHttp, Trouble};
use identity::event_hook::signing::render_signatures;
use identity::inline_hook::call::{ANSWER_BYTES_MAX, Called, Times, Unheard};
use identity::inline_hook::operations::CreatedInlineHook;
use identity::inline_hook::settings::{InlineHookAuth, InlineHookChange};
use identity::inline_hook::{InlineHook, InlineHookKind};
use serde_json::json;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::task::JoinSet;
use vocab::id::OrgId;
use vocab::slug::Slug;
use vocab::time::{ManualClock, Timestamp};

/// Calls of one org at once.
const LINES: usize = 32;

/// A cell whose hooks are gone to.
pub(super) struct Bench {
    pub(super) cell: Cell,
    pub(super) org: OrgId,
    pub(super) clock: Arc<ManualClock>,
    _folder: TempDir,
}

impl Bench {
    pub(super) async fn new(reach: Reach) -> Self {
        let folder = TempDir::new().unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("cell.db"),
        };
        let OneOrg { cell, clock, org } = OneOrg::open(&location, folder.path(), 78).await;
        Self {
            cell: cell.reaching(Arc::new(HttpEnvoy::new(reach).unwrap())),
            org,
            clock,
            _folder: folder,
        }
    }

    async fn hook(&self, org: &OrgId, uri: &str) -> CreatedInlineHook {
        self.hook_with(org, uri, InlineHookAuth::Header(None)).await
    }

    pub(super) async fn hook_with(
        &self,
        org: &OrgId,
        uri: &str,
        auth: InlineHookAuth,
    ) -> CreatedInlineHook {
        let change = InlineHookChange {
            name: "Claims".into(),
            uri: uri.to_owned(),
            headers: Vec::new(),
            auth,
            base_url: "https://id.example".into(),
        };
        let permit = one_org::permit(org, Permission::ManageOrg);
        let (kind, plain) = (InlineHookKind::TokenTransform, PlainHttp::OnThisMachine);
        let made = self.cell.create_inline_hook(&permit, kind, change, plain);
        made.await.unwrap()
    }

    async fn call(&self, made: &CreatedInlineHook, times: Times) -> Called {
        call(&self.cell, &made.hook, times).await
    }
}

/// Asks a hook.
pub(super) async fn call(cell: &Cell, hook: &InlineHook, times: Times) -> Called {
    let id = cell.draw_call_id();
    let called = cell.call_inline_hook(hook, id, b"{\"a\":1}".to_vec(), times);
    called.await.unwrap()
}

pub(super) fn nothing() -> Act {
    Act::Answer(204, String::new())
}

#[tokio::test(flavor = "multi_thread")]
async fn a_question_is_signed_and_its_answer_heard() {
    let bench = Bench::new(Reach::PublicAndLoopback).await;
    let mut receiver = Receiver::start(None).await;
    let made = bench.hook(&bench.org, &receiver.uri).await;
    receiver.will([Act::Answer(200, "{\"commands\":[]}".into()), nothing()]);
    let said = bench.call(&made, Times::Once).await.heard.unwrap().unwrap();
    assert_eq!(said["commands"], json!([]));
    assert_eq!(bench.call(&made, Times::Once).await.heard, Ok(None));
    for told in receiver.was_told() {
        assert_eq!(told.envelope(), json!({ "a": 1 }));
        let at = told.header("webhook-timestamp").parse().unwrap();
        let secrets = std::slice::from_ref(&made.secret);
        let at = Timestamp::from_seconds(at);
        let signed = render_signatures(secrets, told.header("webhook-id"), at, &told.body);
        assert_eq!(told.header("webhook-signature"), signed);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn what_cannot_be_used_is_as_good_as_silence() {
    let bench = Bench::new(Reach::PublicAndLoopback).await;
    let (mut receiver, mut other) = (Receiver::start(None).await, Receiver::start(None).await);
    let made = bench.hook(&bench.org, &receiver.uri).await;
    let large = format!("{{\"a\":\"{}\"}}", "x".repeat(ANSWER_BYTES_MAX));
    for (act, expected) in [
        (Act::RedirectTo(other.uri.clone()), Unheard::Status(302)),
        (Act::Answer(500, "{}".into()), Unheard::Status(500)),
        (Act::Answer(200, "<html>".into()), Unheard::NoJson),
        (Act::Answer(200, "[".repeat(100_000)), Unheard::NoJson),
        (Act::Answer(200, large), Unheard::TooLarge),
        (Act::Hang, Unheard::Trouble(Trouble::TimedOut)),
    ] {
        receiver.will([act]);
        let heard = bench.call(&made, Times::Once).await.heard;
        assert_eq!(heard, Err(expected));
        assert_eq!(receiver.was_told().len(), 1, "it is asked once");
    }
    assert!(other.was_told().is_empty(), "nobody is followed");
    receiver.will([Act::Answer(503, String::new()), nothing()]);
    assert_eq!(bench.call(&made, Times::Twice).await.heard, Ok(None));
    assert_eq!(receiver.was_told().len(), 2);
}

#[tokio::test(flavor = "multi_thread")]
async fn nobody_is_asked_inside_or_without_proof() {
    let certificate = make_certificate("localhost");
    for (reach, expected) in [
        (Reach::Public, Trouble::Inward),
        (Reach::PublicAndLoopback, Trouble::Untrusted),
    ] {
        let bench = Bench::new(reach).await;
        let mut receiver = Receiver::start(Some(certificate.acceptor())).await;
        let made = bench.hook(&bench.org, &receiver.uri).await;
        let heard = bench.call(&made, Times::Once).await.heard;
        assert_eq!(heard, Err(Unheard::Trouble(expected)));
        assert!(receiver.was_told().is_empty());
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn an_org_whose_hook_hangs_holds_up_no_other() {
    let bench = Bench::new(Reach::PublicAndLoopback).await;
    let slug = Slug::parse("acme").unwrap();
    let acme = bench.cell.create_org(&slug, "Acme").await.unwrap();
    let (mut slow, quick) = (Receiver::start(None).await, Receiver::start(None).await);
    let hanging = bench.hook(&bench.org, &slow.uri).await;
    let willing = bench.hook(&acme, &quick.uri).await;
    slow.will((0..LINES).map(|_| Act::Hang));
    quick.will([nothing()]);
    let mut held = JoinSet::new();
    for _ in 0..LINES {
        let (cell, hook) = (bench.cell.clone(), hanging.hook.clone());
        held.spawn(async move {
            let id = cell.draw_call_id();
            let called = cell.call_inline_hook(&hook, id, b"{}".to_vec(), Times::Once);
            called.await.unwrap().heard
        });
    }
    for _ in 0..LINES {
        slow.told.recv().await.unwrap();
    }
    assert_eq!(bench.call(&willing, Times::Once).await.heard, Ok(None));
    let silent = Err(Unheard::Trouble(Trouble::TimedOut));
    for heard in held.join_all().await {
        assert_eq!(heard, silent);
    }
}
