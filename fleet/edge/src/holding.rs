//! What is held here for a while: bodies of requests until a cell has answered, so that they can be sent again, and answers
//! until their clients have read them, so that no cell waits for that. How many bytes in all, how many of one client.
//!
//! Of a client counts what has come, never what a head says. Bytes are copied out of what was read: many small pieces would
//! hold far more than they say.

use crate::answer::Refused;
use bytes::Bytes;
use http_body::Body;
use http_body_util::BodyExt as _;
use reception::crowd::{Crowd, subscriber_of};
use std::collections::HashMap;
use std::collections::hash_map::Entry;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use std::time::Duration;
use tokio::time::timeout;
use wire::placement::HELD_BYTES_MAX;

/// Bytes of all bodies of requests.
const BODIES_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Those of one client.
const BODIES_CLIENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// Bytes of all answers.
const ANSWERS_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Those of one client.
const ANSWERS_CLIENT_BYTES_MAX: usize = 16 * 1024 * 1024;
/// For so many bytes of an answer there is room before its request is sent: what was done is told.
const ANSWER_BYTES_MIN: usize = 8 * 1024;
/// What an answer takes besides its bytes.
const ANSWER_BESIDES_BYTES: usize = 2 * 1024;
/// Only what is no larger may have the last part of the room: whoever signs in, or asks for a token, finds a place however
/// much there is of large ones.
const SMALL_BYTES_MAX: usize = 16 * 1024;
/// How large a part of the room, and of what one client may have of it, that is: so many into one.
const SMALL_PART: usize = 4;
/// What is held takes room in steps of so many bytes.
const STEP_BYTES: usize = 16 * 1024;
/// Bodies of one client that are on their way at one time: each costs a request that waits, whatever has come of it.
const ARRIVING_CLIENT_MAX: usize = 512;
/// How long a body may bring nothing before it is given up.
pub const STILL_MAX: Duration = Duration::from_secs(5);

/// How much a room holds.
#[derive(Debug, Clone, Copy)]
struct Size {
    all: usize,
    client: usize,
}

/// The room for all that is held of one kind. Clones share it.
#[derive(Debug, Clone)]
pub struct Room {
    size: Size,
    taken: Arc<Mutex<Taken>>,
    arriving: Crowd,
}

#[derive(Debug, Default)]
struct Taken {
    all: usize,
    clients: HashMap<IpAddr, usize>,
}

/// The part of the room that one body has; dropped, it is free.
#[derive(Debug)]
struct Part {
    room: Room,
    client: IpAddr,
    bytes: usize,
}

/// Room for an answer that has not come yet.
#[derive(Debug)]
pub struct Expected(Part);

/// An answer; its room is free when the last of it has been sent.
struct Kept {
    bytes: Vec<u8>,
    _part: Part,
}

impl AsRef<[u8]> for Kept {
    fn as_ref(&self) -> &[u8] {
        &self.bytes
    }
}

/// A body that is held.
#[derive(Debug)]
pub struct HeldBody {
    /// The whole of it.
    pub bytes: Bytes,
    _part: Part,
}

/// Whether somebody who has so many bytes, where all have so many, may have what makes `wanted` of one thing out of `before`.
fn decide_growth(size: Size, (all, own): (usize, usize), (before, wanted): (usize, usize)) -> bool {
    let more = wanted.saturating_sub(before);
    let usable = |of: usize| match wanted {
        ..=SMALL_BYTES_MAX => of,
        _ => of - of / SMALL_PART,
    };
    all.saturating_add(more) <= usable(size.all) && own.saturating_add(more) <= usable(size.client)
}

impl Room {
    /// Room for the bodies of requests.
    #[must_use]
    pub fn for_bodies() -> Self {
        Self::new(Size {
            all: BODIES_BYTES_MAX,
            client: BODIES_CLIENT_BYTES_MAX,
        })
    }

    /// Room for the answers of cells.
    #[must_use]
    pub fn for_answers() -> Self {
        Self::new(Size {
            all: ANSWERS_BYTES_MAX,
            client: ANSWERS_CLIENT_BYTES_MAX,
        })
    }

    /// Room for an answer to that client, before it is known how large it is; none if there is none left.
    #[must_use]
    pub fn expect_answer(&self, client: IpAddr) -> Option<Expected> {
        let mut part = self.part(client);
        part.grow_to(ANSWER_BYTES_MIN).ok()?;
        Some(Expected(part))
    }

    fn new(size: Size) -> Self {
        Self {
            size,
            taken: Arc::default(),
            arriving: Crowd::new(ARRIVING_CLIENT_MAX),
        }
    }

    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Every change of it is a few sums that cannot fail half-way.
        self.taken.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn part(&self, client: IpAddr) -> Part {
        Part {
            room: self.clone(),
            client: subscriber_of(client),
            bytes: 0,
        }
    }

    /// Reads a body of a request whole.
    ///
    /// # Errors
    /// [`Refused::Body`] for one that is too large, [`Refused::Busy`] where there is no room, [`Refused::Slow`] for one that
    /// stands still, [`Refused::Broken`] for one that breaks off.
    pub async fn hold<B>(&self, mut body: B, client: IpAddr) -> Result<HeldBody, Refused>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let too_large = Refused::Body(HELD_BYTES_MAX);
        let most = usize::try_from(HELD_BYTES_MAX).unwrap_or(usize::MAX);
        let mut part = self.part(client);
        let mut held = Vec::new();
        if body.is_end_stream() {
            return Ok(HeldBody {
                bytes: Bytes::new(),
                _part: part,
            });
        }
        if body.size_hint().lower() > HELD_BYTES_MAX {
            return Err(too_large);
        }
        let arriving = self.arriving.enter(client).ok_or(Refused::Busy)?;
        while let Some(frame) = timeout(STILL_MAX, body.frame())
            .await
            .map_err(|_| Refused::Slow)?
        {
            let frame = frame.map_err(|_| Refused::Broken)?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let wanted = held.len().saturating_add(data.len());
            if wanted > most {
                return Err(too_large);
            }
            part.grow_to(wanted)?;
            held.reserve_exact(part.bytes.saturating_sub(held.len()));
            held.extend_from_slice(&data);
        }
        drop(arriving);
        Ok(HeldBody {
            bytes: Bytes::from(held),
            _part: part,
        })
    }
}

impl Part {
    /// Takes as much more as is missing: what comes in one piece has its own size, and what goes on at most twice as much as
    /// has come, or it would be copied with each piece.
    fn grow_to(&mut self, bytes: usize) -> Result<(), Refused> {
        if bytes <= self.bytes {
            return Ok(());
        }
        let wanted = match self.bytes {
            0 => bytes,
            before => bytes.max(before * 2).next_multiple_of(STEP_BYTES),
        };
        let mut taken = self.room.taken();
        let Taken { all, clients } = &mut *taken;
        let entry = clients.entry(self.client);
        let own = match &entry {
            Entry::Occupied(present) => *present.get(),
            Entry::Vacant(_) => 0,
        };
        if !decide_growth(self.room.size, (*all, own), (self.bytes, wanted)) {
            return Err(Refused::Busy);
        }
        let more = wanted - self.bytes;
        *all += more;
        *entry.or_default() += more;
        drop(taken);
        self.bytes = wanted;
        Ok(())
    }

    /// Gives back what is more than that.
    fn shrink_to(&mut self, bytes: usize) {
        let less = self.bytes.saturating_sub(bytes);
        if less == 0 {
            return;
        }
        self.bytes = bytes;
        let mut taken = self.room.taken();
        taken.all = taken.all.saturating_sub(less);
        if let Entry::Occupied(mut own) = taken.clients.entry(self.client) {
            let left = own.get().saturating_sub(less);
            match left {
                0 => drop(own.remove()),
                _ => drop(own.insert(left)),
            }
        }
    }
}

impl Expected {
    /// Room for so many bytes of it; none if there is not so much.
    #[must_use]
    pub fn of(mut self, bytes: usize) -> Option<Self> {
        let wanted = bytes.saturating_add(ANSWER_BESIDES_BYTES);
        self.0.shrink_to(wanted);
        self.0.grow_to(wanted).ok().map(|()| self)
    }

    /// Reads it.
    ///
    /// # Errors
    /// What the body says.
    pub async fn read<B>(self, mut body: B) -> Result<Bytes, B::Error>
    where
        B: Body<Data = Bytes> + Unpin,
    {
        let mut bytes = Vec::new();
        while let Some(frame) = body.frame().await {
            let Ok(data) = frame?.into_data() else {
                continue;
            };
            bytes.reserve_exact(data.len());
            bytes.extend_from_slice(&data);
        }
        let kept = Kept {
            bytes,
            _part: self.0,
        };
        Ok(match kept.bytes.is_empty() {
            true => Bytes::new(),
            false => Bytes::from_owner(kept),
        })
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        self.shrink_to(0);
    }
}

#[cfg(test)]
mod tests {
    use super::{
        ANSWER_BESIDES_BYTES, ANSWER_BYTES_MIN, ARRIVING_CLIENT_MAX, BODIES_BYTES_MAX,
        BODIES_CLIENT_BYTES_MAX, Part, Room, SMALL_BYTES_MAX, STEP_BYTES, STILL_MAX, Size,
        decide_growth,
    };
    use crate::answer::Refused;
    use bytes::Bytes;
    use http_body::{Body, Frame, SizeHint};
    use http_body_util::{Channel, Full};
    use std::convert::Infallible;
    use std::net::{IpAddr, Ipv4Addr};
    use std::pin::Pin;
    use std::task::{Context, Poll};

    fn client(number: usize) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(number).unwrap()))
    }

    /// A body whose head says more than ever comes.
    struct Boasting(Channel<Bytes, Infallible>, u64);

    impl Body for Boasting {
        type Data = Bytes;
        type Error = Infallible;

        fn poll_frame(
            mut self: Pin<&mut Self>,
            context: &mut Context<'_>,
        ) -> Poll<Option<Result<Frame<Bytes>, Infallible>>> {
            Pin::new(&mut self.0).poll_frame(context)
        }

        fn size_hint(&self) -> SizeHint {
            SizeHint::with_exact(self.1)
        }
    }

    /// Lets all others run until so much is taken.
    async fn taken(room: &Room, bytes: usize) {
        while room.taken().all != bytes {
            tokio::task::yield_now().await;
        }
    }

    #[test]
    fn the_last_part_of_the_room_is_for_what_is_small() {
        const SMALL: usize = SMALL_BYTES_MAX;
        const LARGE: usize = SMALL + 1;
        let size = Size {
            all: 800 * SMALL,
            client: 80 * SMALL,
        };
        for (all, own, before, wanted, may) in [
            (0, 0, 0, LARGE, true),
            (0, 0, 0, 60 * SMALL, true),
            (0, 0, 0, 60 * SMALL + 1, false),
            (540 * SMALL, 0, 0, 60 * SMALL, true),
            (540 * SMALL + 1, 0, 0, 60 * SMALL, false),
            (540 * SMALL + 1, 0, SMALL, 60 * SMALL, true),
            (600 * SMALL, 0, 0, LARGE, false),
            (600 * SMALL, 0, 0, SMALL, true),
            (799 * SMALL, 0, 0, SMALL, true),
            (799 * SMALL + 1, 0, 0, SMALL, false),
            (0, 60 * SMALL, 0, LARGE, false),
            (0, 60 * SMALL, 0, SMALL, true),
            (0, 79 * SMALL, 0, SMALL, true),
            (0, 79 * SMALL + 1, 0, SMALL, false),
            (usize::MAX, usize::MAX, 0, 1, false),
        ] {
            let found = decide_growth(size, (all, own), (before, wanted));
            assert_eq!(found, may, "{all} {own} {before} {wanted}");
        }
    }

    #[test]
    fn no_client_takes_all_the_room_and_all_of_them_no_more_than_there_is() {
        let room = Room::for_bodies();
        let take = |number: usize, bytes: usize| {
            let mut part: Part = room.part(client(number));
            part.grow_to(bytes).map(|()| part)
        };
        let (step, each) = (SMALL_BYTES_MAX, BODIES_CLIENT_BYTES_MAX / SMALL_BYTES_MAX);
        let mut held = Vec::new();
        for number in 1..=BODIES_BYTES_MAX / BODIES_CLIENT_BYTES_MAX {
            held.extend((0..each).map(|_| take(number, step).unwrap()));
            assert!(take(number, 1).is_err(), "it has its part");
        }
        assert!(take(1_000, 1).is_err(), "there is no more");
        held.pop();
        assert!(take(1_000, 1).is_ok());
        held.clear();
        let taken = room.taken();
        assert!(taken.all == 0 && taken.clients.is_empty());
    }

    #[test]
    fn a_body_takes_room_step_by_step() {
        let room = Room::for_bodies();
        let mut part = room.part(client(1));
        for (bytes, taken) in [
            (0, 0),
            (1, 1),
            (2, STEP_BYTES),
            (STEP_BYTES, STEP_BYTES),
            (STEP_BYTES + 1, 2 * STEP_BYTES),
            (2 * STEP_BYTES + 1, 4 * STEP_BYTES),
            (16 * STEP_BYTES - 1, 16 * STEP_BYTES),
        ] {
            part.grow_to(bytes).unwrap();
            assert_eq!((part.bytes, room.taken().all), (taken, taken), "{bytes}");
        }
    }

    #[tokio::test(start_paused = true)]
    async fn what_a_head_says_takes_no_room_and_what_stands_still_is_given_up() {
        let room = Room::for_bodies();
        let mut senders = Vec::new();
        let mut holding = tokio::task::JoinSet::new();
        for _ in 0..ARRIVING_CLIENT_MAX {
            let (mut sender, body) = Channel::new(1);
            sender.send_data(Bytes::from_static(b"a")).await.unwrap();
            senders.push(sender);
            let room = room.clone();
            let body = Boasting(body, 1024 * 1024);
            holding.spawn(async move { room.hold(body, client(1)).await.map(|held| held.bytes) });
        }
        taken(&room, ARRIVING_CLIENT_MAX).await;
        let (_sender, body) = Channel::<Bytes, Infallible>::new(1);
        let refused = room.hold(body, client(1)).await.map(|held| held.bytes);
        assert_eq!(refused, Err(Refused::Busy), "too many are on their way");

        // One brings a byte now and then, and then its end; nobody waits for the others.
        let mut goes_on = senders.pop().unwrap();
        tokio::time::advance(STILL_MAX * 3 / 4).await;
        goes_on.send_data(Bytes::from_static(b"b")).await.unwrap();
        taken(&room, ARRIVING_CLIENT_MAX - 1 + STEP_BYTES).await;
        tokio::time::advance(STILL_MAX * 3 / 4).await;
        drop(goes_on);
        let mut whole = Vec::new();
        while let Some(held) = holding.join_next().await {
            match held.unwrap() {
                Ok(bytes) => whole.push(bytes),
                Err(refused) => assert_eq!(refused, Refused::Slow),
            }
        }
        assert_eq!(whole, ["ab"]);
        assert_eq!(room.taken().all, 0);
        drop(senders);
    }

    #[tokio::test]
    async fn an_answer_takes_room_until_the_last_of_it_is_sent() {
        let room = Room::for_answers();
        let taken = || room.taken().all;
        let expected = room.expect_answer(client(1)).unwrap();
        assert_eq!(taken(), ANSWER_BYTES_MIN);
        let expected = expected.of(3).unwrap();
        assert_eq!(taken(), 3 + ANSWER_BESIDES_BYTES);
        let mut bytes = expected.read(Full::new(Bytes::from("abc"))).await.unwrap();
        let first = bytes.split_to(1);
        assert_eq!((&first[..], &bytes[..]), (&b"a"[..], &b"bc"[..]));
        drop(first);
        assert_eq!(taken(), 3 + ANSWER_BESIDES_BYTES);
        drop(bytes);
        assert_eq!(taken(), 0);

        let whole = room.size.client / ANSWER_BYTES_MIN;
        let mut many: Vec<_> = (0..whole)
            .map(|_| room.expect_answer(client(1)).unwrap())
            .collect();
        assert!(room.expect_answer(client(1)).is_none(), "it has its part");
        assert!(room.expect_answer(client(2)).is_some());
        let small = many
            .pop()
            .unwrap()
            .of(ANSWER_BYTES_MIN - ANSWER_BESIDES_BYTES);
        assert!(small.is_some(), "what was promised is there");
        assert!(many.pop().unwrap().of(ANSWER_BYTES_MIN * 2).is_none());
        drop((many, small));
        assert_eq!(taken(), 0);
    }
}
