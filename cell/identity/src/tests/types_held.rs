//! Who waits for whom at the row of a type of people: on PostgreSQL, since elsewhere whoever writes is alone.

use crate::access::Permission;
use crate::fault::Refusal;
use crate::for_tests::{World, profile};
use crate::person::{PersonStatus, store as people};
use crate::tests::store::count_waiting;
use crate::tests::typed_rules::{contractors, set};
use crate::user_type::store::{hold_type, put_type_of};
use tokio::sync::oneshot;
use tokio::task::JoinHandle;
use vocab::id::{OrgId, UserId, UserTypeId};

/// A creation of somebody of a type that is not through before it is told to be.
struct UnderWay {
    user: UserId,
    end: oneshot::Sender<()>,
    ended: JoinHandle<Result<(), Refusal>>,
}

async fn begin(world: &World, org: &OrgId, login: &str, key: &UserTypeId) -> UnderWay {
    let (cell, org, key) = (world.cell.clone(), org.clone(), key.clone());
    let (user, profile) = (UserId::generate(cell.entropy()), profile(login));
    let (tell, told) = oneshot::channel();
    let (end, is_to_end) = oneshot::channel::<()>();
    let id = user.clone();
    let ended = tokio::spawn(async move {
        let (database, now) = (cell.database.clone(), cell.now());
        let write = database.write::<_, Refusal>(move |tx| {
            Box::pin(async move {
                hold_type(tx, &org, Some(&key)).await?;
                people::insert(tx, &org, &id, PersonStatus::Staged, &profile, now).await?;
                put_type_of(tx, &org, &id, Some(&key)).await?;
                tell.send(()).unwrap();
                is_to_end.await.unwrap();
                Ok(())
            })
        });
        write.await
    });
    told.await.unwrap();
    UnderWay { user, end, ended }
}

impl UnderWay {
    /// Lets it end, which it has not before, and returns who was made.
    async fn end(self) -> UserId {
        assert!(!self.ended.is_finished());
        self.end.send(()).unwrap();
        self.ended.await.unwrap().unwrap();
        self.user
    }
}

/// Waits until a lock of the store is waited for, by whoever does this, who is not through before.
async fn see_wait<T>(world: &World, who: &JoinHandle<T>) {
    loop {
        assert!(!who.is_finished(), "nothing was waited for");
        let mut tx = world.cell.database.read().await.unwrap();
        if count_waiting(&mut tx).await > 0 {
            return;
        }
        drop(tx);
        tokio::task::yield_now().await;
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_nobody_who_is_made_waits_for_another_of_the_type() {
    let world = World::on_postgres().await;
    let org = world.org("acme").await;
    let contractor = contractors(&world, &org).await;
    let key = Some(contractor.clone());
    let (one, two) = (
        begin(&world, &org, "one", &contractor).await,
        begin(&world, &org, "two", &contractor).await,
    );
    // A whole creation, and a change of the words of the type, beside the two.
    let permit = world.permit(&org, Permission::ManagePeople);
    let three = world
        .cell
        .create_person_of(&permit, profile("three"), key.clone());
    let three = three.await.unwrap();
    let manage = world.permit(&org, Permission::ManageOrg);
    let seen = world.cell.find_user_type(&manage, key.as_ref()).await;
    let words = ("Freelancer".to_owned(), String::new());
    let changed = world.cell.change_user_type(&manage, seen.unwrap(), words);
    changed.await.unwrap();
    for user in [one.end().await, two.end().await, three] {
        assert_eq!(world.load(&org, &user).await.type_id, key);
    }
}

#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_removal_of_a_type_waits_for_whoever_is_made_one_of_it() {
    let world = World::on_postgres().await;
    let org = world.org("acme").await;
    let contractor = contractors(&world, &org).await;
    let one = begin(&world, &org, "one", &contractor).await;
    let (cell, permit) = (
        world.cell.clone(),
        world.permit(&org, Permission::ManageOrg),
    );
    let key = contractor.clone();
    let removal = tokio::spawn(async move { cell.delete_user_type(&permit, Some(&key)).await });
    see_wait(&world, &removal).await;
    let user = one.end().await;
    let refused = removal.await.unwrap().unwrap_err();
    assert!(matches!(refused, Refusal::WrongState(_)), "{refused:?}");
    assert_eq!(world.load(&org, &user).await.type_id, Some(contractor));
}

/// Else whoever is made meanwhile would not take a value that becomes unique for the people of the type.
#[tokio::test(flavor = "multi_thread")]
async fn on_postgres_a_change_of_attributes_waits_as_well() {
    let world = std::sync::Arc::new(World::on_postgres().await);
    let org = world.org("acme").await;
    let contractor = contractors(&world, &org).await;
    let one = begin(&world, &org, "one", &contractor).await;
    let (changing, of, key) = (world.clone(), org.clone(), contractor.clone());
    let change = tokio::spawn(async move { set(&changing, &of, Some(&key), &[]).await });
    see_wait(&world, &change).await;
    one.end().await;
    change.await.unwrap();
}
