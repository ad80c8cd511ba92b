//! Bodies that are held here until a cell has answered, so that they can be sent again: how many bytes in all, how many of
//! one client. They are copied out of what was read: many small pieces would hold far more than they say.

use crate::answer::Refused;
use bytes::{Bytes, BytesMut};
use http_body::Body;
use http_body_util::BodyExt as _;
use hyper::body::Incoming;
use reception::crowd::subscriber_of;
use std::collections::HashMap;
use std::net::IpAddr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError};
use wire::placement::HELD_BYTES_MAX;

/// Bytes of all.
const ALL_BYTES_MAX: usize = 512 * 1024 * 1024;
/// Bytes of one client.
const CLIENT_BYTES_MAX: usize = 64 * 1024 * 1024;
/// A body that does not say its length takes room in steps of so many bytes.
const STEP_BYTES: usize = 16 * 1024;

/// The room for all of them. Clones share it.
#[derive(Debug, Clone, Default)]
pub struct Room(Arc<Mutex<Taken>>);

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

/// A body that is held.
#[derive(Debug)]
pub struct HeldBody {
    /// The whole of it.
    pub bytes: Bytes,
    _part: Part,
}

impl Room {
    fn taken(&self) -> MutexGuard<'_, Taken> {
        // Every change of it is a few sums that cannot fail half-way.
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    fn part(&self, client: IpAddr) -> Part {
        Part {
            room: self.clone(),
            client: subscriber_of(client),
            bytes: 0,
        }
    }

    /// Reads a body whole.
    ///
    /// # Errors
    /// [`Refused::Body`] for one that is too large, [`Refused::Busy`] where there is no room, [`Refused::Broken`] for one
    /// that breaks off.
    pub async fn hold(&self, mut body: Incoming, client: IpAddr) -> Result<HeldBody, Refused> {
        let too_large = Refused::Body(HELD_BYTES_MAX);
        let most = usize::try_from(HELD_BYTES_MAX).unwrap_or(usize::MAX);
        let mut part = self.part(client);
        let said = body.size_hint().exact();
        let said = said.map(|bytes| usize::try_from(bytes).unwrap_or(usize::MAX));
        if said.is_some_and(|bytes| bytes > most) {
            return Err(too_large);
        }
        part.grow_to(said.unwrap_or_default())?;
        let mut held = BytesMut::with_capacity(said.unwrap_or_default());
        while let Some(frame) = body.frame().await {
            let frame = frame.map_err(|_| Refused::Broken)?;
            let Ok(data) = frame.into_data() else {
                continue;
            };
            let wanted = held.len().saturating_add(data.len());
            if wanted > most {
                return Err(too_large);
            }
            part.grow_to(wanted)?;
            held.extend_from_slice(&data);
        }
        Ok(HeldBody {
            bytes: held.freeze(),
            _part: part,
        })
    }
}

impl Part {
    /// Takes as much more as is missing.
    fn grow_to(&mut self, bytes: usize) -> Result<(), Refused> {
        if bytes <= self.bytes {
            return Ok(());
        }
        let wanted = match self.bytes {
            0 => bytes,
            _ => bytes.next_multiple_of(STEP_BYTES),
        };
        let more = wanted - self.bytes;
        let mut taken = self.room.taken();
        let own = taken.clients.get(&self.client).copied().unwrap_or_default();
        if taken.all + more > ALL_BYTES_MAX || own + more > CLIENT_BYTES_MAX {
            return Err(Refused::Busy);
        }
        taken.all += more;
        taken.clients.insert(self.client, own + more);
        drop(taken);
        self.bytes = wanted;
        Ok(())
    }
}

impl Drop for Part {
    fn drop(&mut self) {
        if self.bytes == 0 {
            return;
        }
        let mut taken = self.room.taken();
        taken.all = taken.all.saturating_sub(self.bytes);
        if let Some(own) = taken.clients.get_mut(&self.client) {
            *own = own.saturating_sub(self.bytes);
            if *own == 0 {
                taken.clients.remove(&self.client);
            }
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{ALL_BYTES_MAX, CLIENT_BYTES_MAX, Part, Room, STEP_BYTES};
    use std::net::{IpAddr, Ipv4Addr};

    fn client(number: usize) -> IpAddr {
        IpAddr::V4(Ipv4Addr::from_bits(u32::try_from(number).unwrap()))
    }

    #[test]
    fn no_client_takes_all_the_room_and_all_of_them_no_more_than_there_is() {
        let room = Room::default();
        let take = |number: usize, bytes: usize| {
            let mut part: Part = room.part(client(number));
            part.grow_to(bytes).map(|()| part)
        };
        let mut held = vec![take(1, CLIENT_BYTES_MAX).unwrap()];
        assert!(take(1, 1).is_err(), "it has its part");
        for number in 2..=ALL_BYTES_MAX / CLIENT_BYTES_MAX {
            held.push(take(number, CLIENT_BYTES_MAX).unwrap());
        }
        assert!(take(1_000, 1).is_err(), "there is no more");
        held.pop();
        assert!(take(1_000, 1).is_ok());
        held.clear();
        let taken = room.taken();
        assert!(taken.all == 0 && taken.clients.is_empty());
    }

    #[test]
    fn a_body_of_unknown_length_takes_room_step_by_step() {
        let room = Room::default();
        let mut part = room.part(client(1));
        for (bytes, taken) in [
            (0, 0),
            (1, 1),
            (2, STEP_BYTES),
            (STEP_BYTES, STEP_BYTES),
            (STEP_BYTES + 1, 2 * STEP_BYTES),
        ] {
            part.grow_to(bytes).unwrap();
            assert_eq!((part.bytes, room.taken().all), (taken, taken), "{bytes}");
        }
    }
}
