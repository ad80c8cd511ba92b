//! The rotation as a table, and as a simulation in which everything that can be late is late.

use super::{
    KeyFacts, KeyPhase, Step, due_at, next_change, phase_at, plan_rotation, plan_rotation_now,
    signer_at,
};
use crate::signing::schedule::{RECHECK_SECS, RotationSchedule};
use proptest::prelude::{Just, Strategy, prop, prop_oneof, proptest};
use std::collections::{BTreeMap, BTreeSet};
use vocab::time::Timestamp;

const DAY: i64 = 86_400;

fn schedule() -> RotationSchedule {
    RotationSchedule::new(30 * DAY, 2 * DAY, 3_600, DAY).unwrap()
}

fn at(days: i64) -> Timestamp {
    Timestamp::from_seconds(days * DAY)
}

/// A key that signs from one day to another and is published a day longer.
fn key(kid: &str, generation: i64, created: i64, from: i64, until: i64) -> KeyFacts {
    KeyFacts {
        kid: kid.to_owned(),
        generation,
        created_at: at(created),
        signs_from: at(from),
        signs_until: at(until),
        published_until: at(until + 1),
        revoked_at: None,
    }
}

fn revoked(mut key: KeyFacts, day: i64) -> KeyFacts {
    key.revoked_at = Some(at(day));
    key
}

fn create(from: i64, until: i64) -> Step {
    Step::Create {
        signs_from: at(from),
        signs_until: at(until),
        published_until: at(until + 1),
    }
}

fn retime(kid: &str, from: i64, until: i64) -> Step {
    Step::Retime {
        kid: kid.to_owned(),
        signs_from: at(from),
        signs_until: at(until),
        published_until: at(until + 1),
    }
}

fn remove(kid: &str) -> Step {
    Step::Remove {
        kid: kid.to_owned(),
    }
}

#[test]
fn what_is_due_follows_from_the_keys_and_the_moment() {
    let first = || key("a", 1, 0, 0, 30);
    let second = || key("b", 2, 28, 30, 60);
    let table: Vec<(&str, i64, Vec<KeyFacts>, Vec<Step>)> = vec![
        (
            "the first key signs at once",
            0,
            vec![],
            vec![create(0, 30)],
        ),
        ("nothing is due in the middle", 27, vec![first()], vec![]),
        (
            "the successor is made ahead of time",
            28,
            vec![first()],
            vec![create(30, 60), retime("a", 0, 30)],
        ),
        (
            "with a successor there is nothing to do",
            29,
            vec![first(), second()],
            vec![],
        ),
        (
            "the job was late: the old key signs on",
            29,
            vec![first()],
            vec![create(31, 61), retime("a", 0, 31)],
        ),
        (
            "the job was very late",
            100,
            vec![first()],
            vec![create(102, 132), retime("a", 0, 102)],
        ),
        (
            "the old key is published for its tokens",
            30,
            vec![first(), second()],
            vec![],
        ),
        (
            "and then it goes",
            31,
            vec![first(), second()],
            vec![remove("a")],
        ),
        (
            "a revoked first key is replaced at once",
            5,
            vec![revoked(first(), 5)],
            vec![remove("a"), create(5, 35)],
        ),
        (
            "a successor that waits takes a revoked key's place",
            29,
            vec![revoked(first(), 29), second()],
            vec![remove("a"), retime("b", 29, 60)],
        ),
        (
            "the key before a revoked one signs again while it is published",
            30,
            vec![first(), revoked(key("b", 2, 28, 29, 59), 30)],
            vec![remove("b"), create(32, 62), retime("a", 0, 32)],
        ),
        (
            "and no more when it is not",
            31,
            vec![first(), revoked(second(), 31)],
            vec![remove("a"), remove("b"), create(31, 61)],
        ),
        (
            "a revoked successor is replaced while the old key signs on",
            29,
            vec![first(), revoked(second(), 29)],
            vec![remove("b"), create(31, 61), retime("a", 0, 31)],
        ),
        (
            "by a clock that was set back the only key signs all the same",
            5,
            vec![key("a", 1, 6, 6, 36)],
            vec![retime("a", 5, 36)],
        ),
        ("and a successor stays", 27, vec![first(), second()], vec![]),
        (
            "of several the first one signs",
            5,
            vec![key("b", 2, 34, 36, 66), key("a", 1, 6, 6, 36)],
            vec![retime("a", 5, 36)],
        ),
    ];
    for (what, day, keys, steps) in table {
        assert_eq!(plan_rotation(at(day), &keys, &schedule()), steps, "{what}");
    }
}

#[test]
fn a_wish_brings_the_next_key_forward_but_never_ahead_of_the_caches() {
    let handover = |day: i64| at(day).plus_secs(schedule().handover_secs());
    let first = || key("a", 1, 0, 0, 30);
    let steps = plan_rotation_now(at(10), &[first()], &schedule());
    let Some(Step::Create { signs_from, .. }) = steps.first() else {
        panic!("{steps:?}")
    };
    assert_eq!((*signs_from, steps.len()), (handover(10), 2));
    let published_for_a_day = key("b", 2, 28, 30, 60);
    let steps = plan_rotation_now(at(29), &[first(), published_for_a_day], &schedule());
    assert_eq!(steps, vec![retime("b", 29, 59), retime("a", 0, 29)]);
    let mut just_published = key("b", 2, 29, 31, 61);
    let steps = plan_rotation_now(at(29), &[first(), just_published.clone()], &schedule());
    assert!(matches!(&steps[0], Step::Retime { signs_from, .. } if *signs_from == handover(29)));
    just_published.signs_from = handover(29);
    assert_eq!(
        plan_rotation_now(at(29), &[first(), just_published], &schedule()),
        vec![],
        "a second wish changes nothing"
    );
    assert_eq!(
        plan_rotation_now(at(0), &[], &schedule()),
        vec![create(0, 30)]
    );
}

#[test]
fn phases_and_changes_follow_the_calendar() {
    let keys = [key("a", 1, 0, 0, 30), key("b", 2, 28, 30, 60)];
    let phases = |day| {
        [
            phase_at(&keys, &keys[0], at(day)),
            phase_at(&keys, &keys[1], at(day)),
        ]
    };
    assert_eq!(
        phases(10),
        [KeyPhase::Signing, KeyPhase::Next],
        "a clock behind the one that it was made by takes nothing away"
    );
    assert_eq!(phases(28), [KeyPhase::Signing, KeyPhase::Next]);
    assert_eq!(phases(30), [KeyPhase::Retiring, KeyPhase::Signing]);
    assert_eq!(phases(31), [KeyPhase::Gone, KeyPhase::Signing]);
    assert_eq!(
        phases(500),
        [KeyPhase::Gone, KeyPhase::Signing],
        "without a successor it signs on"
    );
    assert_eq!(next_change(&keys, at(28)), Some(at(30)));
    assert_eq!(next_change(&keys, at(30)), Some(at(31)));
    assert_eq!(next_change(&keys, at(61)), None);
    assert_eq!(due_at(&keys, &keys[0], &schedule()), at(31));
    assert_eq!(due_at(&keys, &keys[1], &schedule()), at(58));
}

/// What may happen in the simulation.
#[derive(Debug, Clone)]
enum Act {
    Wait { secs: i64 },
    Rotate,
    Wish,
    RevokeSigner,
    RevokeNext,
}

fn acts() -> impl Strategy<Value = Vec<Act>> {
    let act = prop_oneof![
        6 => (0_i64..200_000).prop_map(|secs| Act::Wait { secs }),
        2 => (0_i64..40 * DAY).prop_map(|secs| Act::Wait { secs }),
        1 => (0_i64..200 * DAY).prop_map(|secs| Act::Wait { secs }),
        8 => Just(Act::Rotate),
        3 => Just(Act::Wish),
        1 => Just(Act::RevokeSigner),
        1 => Just(Act::RevokeNext),
    ];
    prop::collection::vec(act, 1..80)
}

struct World {
    now: Timestamp,
    keys: Vec<KeyFacts>,
    schedule: RotationSchedule,
    made: i64,
    /// What was published from which moment on.
    published: Vec<(Timestamp, BTreeSet<String>)>,
    /// Keys that may sign without having been published: the first, and those that stand in for a revoked one.
    excused: BTreeSet<String>,
    last_signed: BTreeMap<String, Timestamp>,
}

impl World {
    fn new(schedule: RotationSchedule) -> Self {
        let mut world = Self {
            now: at(0),
            keys: Vec::new(),
            schedule,
            made: 0,
            published: vec![(at(0), BTreeSet::new())],
            excused: BTreeSet::new(),
            last_signed: BTreeMap::new(),
        };
        world.rotate();
        world
    }

    fn rotate(&mut self) {
        let without_signer = signer_at(&self.keys, self.now).is_none();
        self.apply(plan_rotation(self.now, &self.keys, &self.schedule));
        if without_signer {
            let signer = signer_at(&self.keys, self.now).expect("a rotation leaves a signer");
            self.excused.insert(signer.kid.clone());
        }
        assert_eq!(
            plan_rotation(self.now, &self.keys, &self.schedule),
            vec![],
            "applied twice, it does nothing"
        );
    }

    fn apply(&mut self, steps: Vec<Step>) {
        for step in steps {
            match step {
                Step::Create {
                    signs_from,
                    signs_until,
                    published_until,
                } => {
                    self.made += 1;
                    self.keys.push(KeyFacts {
                        kid: format!("k{}", self.made),
                        generation: self.made,
                        created_at: self.now,
                        signs_from,
                        signs_until,
                        published_until,
                        revoked_at: None,
                    });
                }
                Step::Retime {
                    kid,
                    signs_from,
                    signs_until,
                    published_until,
                } => {
                    let key = self
                        .keys
                        .iter_mut()
                        .find(|key| key.kid == kid)
                        .expect("a key that is there");
                    (key.signs_from, key.signs_until, key.published_until) =
                        (signs_from, signs_until, published_until);
                }
                Step::Remove { kid } => self.keys.retain(|key| key.kid != kid),
            }
        }
    }

    fn revoke(&mut self, phase: KeyPhase) {
        let now = self.now;
        let of_phase = self
            .keys
            .iter()
            .find(|key| phase_at(&self.keys, key, now) == phase)
            .map(|key| key.kid.clone());
        if let Some(kid) = of_phase {
            for key in self.keys.iter_mut().filter(|key| key.kid == kid) {
                key.revoked_at = Some(now);
            }
            self.last_signed.remove(&kid);
            // A revocation and the plan that follows it are one transaction.
            self.rotate();
        }
    }

    fn act(&mut self, act: &Act) {
        match act {
            Act::Wait { secs } => {
                let until = self.now.plus_secs(*secs);
                // Every change of the calendar on the way is looked at, on both sides.
                while let Some(change) =
                    next_change(&self.keys, self.now).filter(|change| *change <= until)
                {
                    let before = Timestamp::from_micros(change.micros() - 1);
                    if before > self.now {
                        self.now = before;
                        self.check();
                    }
                    self.now = change;
                    self.check();
                }
                self.now = until;
            }
            Act::Rotate => self.rotate(),
            Act::Wish => self.apply(plan_rotation_now(self.now, &self.keys, &self.schedule)),
            Act::RevokeSigner => self.revoke(KeyPhase::Signing),
            Act::RevokeNext => self.revoke(KeyPhase::Next),
        }
        self.check();
    }

    fn check(&mut self) {
        let now = self.now;
        let published: BTreeSet<String> = self
            .keys
            .iter()
            .filter(|key| phase_at(&self.keys, key, now) != KeyPhase::Gone)
            .map(|key| key.kid.clone())
            .collect();
        let signing = self
            .keys
            .iter()
            .filter(|key| phase_at(&self.keys, key, now) == KeyPhase::Signing)
            .count();
        assert_eq!(signing, 1, "exactly one key signs");
        let signer = signer_at(&self.keys, now).expect("one signs").kid.clone();
        assert!(published.contains(&signer));
        self.published.push((now, published.clone()));
        if !self.excused.contains(&signer) {
            let oldest_copy = now.plus_secs(-(self.schedule.jwks_max_age_secs() + RECHECK_SECS));
            let first = self
                .published
                .iter()
                .rposition(|(from, _)| *from <= oldest_copy)
                .unwrap_or(0);
            for (from, copy) in &self.published[first..] {
                assert!(
                    copy.contains(&signer),
                    "{signer} signs at {now:?}, unknown to the copy of {from:?}"
                );
            }
        }
        self.last_signed.insert(signer, now);
        for (kid, signed) in &self.last_signed {
            let checked_until = signed.plus_secs(self.schedule.token_lifetime_max_secs());
            assert!(
                checked_until <= now || published.contains(kid),
                "tokens of {kid} cannot be checked"
            );
        }
    }
}

proptest! {
    #[test]
    fn whatever_is_late_one_key_signs_and_everybody_knows_it(
        acts in acts(),
        (period, lead, age, lifetime) in (11_i64..90, 1_i64..10, 0_i64..7_200, 0_i64..5 * DAY),
    ) {
        let schedule = RotationSchedule::new(period * DAY, lead * DAY, age, lifetime).unwrap();
        let mut world = World::new(schedule);
        world.check();
        for act in &acts {
            world.act(act);
        }
    }
}
