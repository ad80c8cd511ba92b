//! Log streams against receivers that listen: those that take what they are sent, and those that hang, redirect, fail, end in the
//! middle, lie inward, or are not who they should be; and a sender that dies at the worst moment.

mod collector;
mod store;
mod syslog;
mod webhook;

use crate::envoy::HttpEnvoy;
use crate::errands::Sender;
use crate::log_streams::{Memory, Step, run, step};
use crate::outbound::Reach;
use crate::tests::one_org::{self, OneOrg};
use crate::tests::receiver::{Act, Receiver, Told};
use database::Location;
use identity::access::{Permission, Permit};
use identity::cell::Cell;
use identity::event_hook::envoy::Envoy;
use identity::log_stream::dispatch::{Known, Next};
use identity::log_stream::settings::{ReceiverChange, StreamChange};
use identity::log_stream::store::Due;
use identity::log_stream::{LogStream, Standing};
use postgres_for_tests::TestDatabase;
use std::sync::Arc;
use tempfile::TempDir;
use tokio::sync::watch;
use vocab::id::OrgId;
use vocab::secret::Secret;
use vocab::time::ManualClock;
use vocab::value::Value;

/// A cell with an org, and the way out.
struct Bench {
    cell: Cell,
    clock: Arc<ManualClock>,
    org: OrgId,
    envoy: HttpEnvoy,
    memory: Memory,
    _folder: TempDir,
    _server: Option<TestDatabase<'static>>,
}

impl Bench {
    async fn on_sqlite() -> Self {
        let folder = TempDir::new().unwrap();
        let location = Location::Sqlite {
            path: folder.path().join("cell.db"),
        };
        Self::open(location, folder, None).await
    }

    async fn on_postgres() -> Self {
        let server = postgres_for_tests::shared().empty_database().unwrap();
        let location = Location::Postgres {
            url: Secret::new(server.url()),
        };
        Self::open(location, TempDir::new().unwrap(), Some(server)).await
    }

    async fn open(
        location: Location,
        folder: TempDir,
        server: Option<TestDatabase<'static>>,
    ) -> Self {
        let OneOrg { cell, clock, org } = OneOrg::open(&location, folder.path(), 78).await;
        Self {
            org,
            cell,
            clock,
            envoy: HttpEnvoy::new(Reach::PublicAndLoopback).unwrap(),
            memory: Memory::default(),
            _folder: folder,
            _server: server,
        }
    }

    fn permit(&self, permission: Permission) -> Permit {
        one_org::permit(&self.org, permission)
    }

    async fn create(
        &self,
        name: &str,
        filter: &str,
        receiver: ReceiverChange,
    ) -> (LogStream, Option<Secret<String>>) {
        let change = StreamChange {
            name: name.into(),
            filter: filter.into(),
            receiver,
            base_url: "https://id.example".into(),
        };
        let permit = self.permit(Permission::ManageOrg);
        let made = self.cell.create_log_stream(&permit, change, &self.envoy);
        let made = made.await.unwrap();
        (made.stream, made.secret)
    }

    async fn webhook(&self, uri: &str) -> (LogStream, Secret<String>) {
        let value = Some(Secret::new("Basic x".to_owned()));
        let receiver = ReceiverChange::Webhook {
            uri: uri.to_owned(),
            auth: Some(("Authorization".into(), value)),
        };
        let (stream, secret) = self.create(uri, "", receiver).await;
        (stream, secret.unwrap())
    }

    async fn syslog(&self, host: &str, port: u16, authority: Option<&str>) -> LogStream {
        let receiver = ReceiverChange::Syslog {
            host: host.into(),
            port: i64::from(port),
            authority: authority.map(str::to_owned),
        };
        let name = format!("{host} {}", authority.is_some());
        self.create(&name, "", receiver).await.0
    }

    /// Groups that are made, so that the log grows.
    async fn groups(&self, names: &[&str]) {
        let permit = self.permit(Permission::ManageGroups);
        for name in names {
            self.cell.create_group(&permit, name, "").await.unwrap();
        }
    }

    async fn load(&self, stream: &LogStream) -> LogStream {
        let permit = self.permit(Permission::ReadDirectory);
        let found = self.cell.find_log_stream(&permit, &stream.id).await;
        found.unwrap()
    }

    async fn standing(&self, stream: &LogStream) -> Standing {
        self.load(stream).await.standing
    }

    fn due(&self, stream: &LogStream) -> Due {
        Due {
            org_id: self.org.clone(),
            id: stream.id.clone(),
            failures: 0,
            newest: 0,
        }
    }

    async fn step(&mut self, stream: &LogStream) -> Step {
        let due = self.due(stream);
        step(&self.cell, &self.envoy, &due, &mut self.memory)
            .await
            .unwrap()
    }

    /// Steps until there is nothing to do; how many batches were taken.
    async fn drain(&mut self, stream: &LogStream) -> usize {
        let mut taken = 0;
        loop {
            match self.step(stream).await {
                Step::Taken => taken += 1,
                Step::Passed => {}
                Step::Nothing => return taken,
                Step::Failed => panic!("{:?}", self.standing(stream).await),
            }
        }
    }

    async fn next(&self, stream: &LogStream) -> Next {
        let key = (&self.org, &stream.id);
        let next = self.cell.next_log_batch(key, Known::default(), 100).await;
        next.unwrap()
    }

    async fn switch(&self, stream: &LogStream, active: bool) -> LogStream {
        let permit = self.permit(Permission::ManageOrg);
        let present = self.load(stream).await;
        let switched = self.cell.switch_log_stream(&permit, present, active).await;
        switched.unwrap()
    }

    async fn newest_rows(&self, count: usize) -> Vec<ledger::LogRow> {
        let mut tx = self.cell.database.read().await.unwrap();
        let all = ledger::LogFilter::default();
        let page = ledger::load_page(&mut tx, &self.org, &all, None, count).await;
        page.unwrap().rows
    }

    async fn execute(&self, sql: &'static str, values: &[Value]) {
        let values = values.to_vec();
        let done: Result<(), database::DatabaseFault> = self
            .cell
            .database
            .write(move |tx| {
                Box::pin(async move {
                    tx.execute(sql, &values).await?;
                    Ok(())
                })
            })
            .await;
        done.unwrap();
    }

    fn sender(&self) -> Sender {
        Sender {
            cell: self.cell.clone(),
            membership: None,
        }
    }
}

/// What the events of requests and the ends of the log name, in order.
fn names_of(told: &[Told]) -> Vec<String> {
    let mut names = Vec::new();
    for told in told {
        for event in told.envelope()["data"]["events"].as_array().unwrap() {
            names.push(
                event["target"][0]["displayName"]
                    .as_str()
                    .unwrap()
                    .to_owned(),
            );
        }
    }
    names
}

/// Makes a test on each engine of every named function, which takes a bench.
macro_rules! on_both_engines {
    ($($of:ident::$name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$of::$name(super::Bench::on_sqlite().await).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$of::$name(super::Bench::on_postgres().await).await;
                }
            )+
        }
    };
}

on_both_engines!(
    webhook::a_webhook_is_sent_signed_batches_in_order,
    webhook::who_fails_is_sent_the_same_again,
    webhook::a_failing_stream_is_told_of_once,
    webhook::a_sender_that_dies_before_it_notes_sends_again,
    webhook::switched_off_meanwhile_it_loses_nothing,
    webhook::rows_arrive_in_the_order_of_their_commits,
    webhook::a_filter_passes_what_is_not_for_the_stream,
    webhook::what_was_removed_from_the_log_is_said,
    webhook::another_org_is_not_found,
    webhook::a_test_is_sent_at_once,
    syslog::syslog_arrives_framed_and_whole,
    syslog::what_a_receiver_of_syslog_did_not_read_is_sent_again,
    syslog::a_receiver_of_syslog_is_who_it_should_be,
);

#[tokio::test(flavor = "multi_thread")]
async fn the_job_sends_by_itself_and_a_hanging_receiver_holds_up_nobody_else() {
    let bench = Bench::on_sqlite().await;
    let stuck = Receiver::start(None).await;
    let mut receiver = Receiver::start(None).await;
    stuck.will((0..100).map(|_| Act::Hang));
    bench.webhook(&stuck.uri).await;
    let (stream, _) = bench.webhook(&receiver.uri).await;
    let (stop, stopped) = watch::channel(false);
    let envoy: Arc<dyn Envoy> = Arc::new(HttpEnvoy::new(Reach::PublicAndLoopback).unwrap());
    let job = tokio::spawn(run(bench.sender(), envoy, stopped));
    let mut names = names_of(&[receiver.told.recv().await.unwrap()]);
    assert_eq!(names, [stream.name.as_str()]);
    for number in 0..6 {
        let name = format!("group {number}");
        bench.groups(&[&name]).await;
        names = names_of(&[receiver.told.recv().await.unwrap()]);
        assert_eq!(names, [name]);
    }
    stop.send(true).unwrap();
    job.await.unwrap();
}
