//! Every question to a side in every standing, at its own epoch and at those around it.

use super::{
    Decided, Deed, Ending, Known, Part, Place, PlaceState, SideRefusal, decide_accept,
    decide_activate, decide_fence, decide_finish, decide_forget, decide_give, decide_offer,
    decide_parcel, decide_retire, decide_take, decide_unfence, live,
};
use crate::names::CellName;
use crate::org_move::{AskGrant, AskOffer, Fence, Offer, Unfence};
use vocab::entropy::SeededEntropy;
use vocab::epoch::Epoch;
use vocab::id::OrgId;
use vocab::slug::Slug;

fn at(number: i64) -> Epoch {
    Epoch::try_from(number).unwrap()
}

fn org() -> OrgId {
    OrgId::generate(&SeededEntropy::new(1))
}

fn cell(name: &str) -> CellName {
    CellName::parse(name).unwrap()
}

/// A side on leg 5 that has taken parcel 3, whose fences up to 2 were taken back, and whose fence 4 stood last.
fn known(part: Part) -> Known {
    Known {
        org: org(),
        peer: cell("peer"),
        part,
        leg: at(5),
        taken_seq: 3,
        place: String::new(),
        copied: true,
        transfer_key: Some(vec![1]),
        fence_attempt: 4,
        unfenced_attempt: 2,
        ended: false,
    }
}

fn place(state: PlaceState) -> Option<Place> {
    Some(Place {
        epoch: at(5),
        state,
    })
}

fn told(decided: &Decided) -> &'static str {
    match decided {
        Ok(Deed::Do) => "do",
        Ok(Deed::Repeat) => "repeat",
        Err(SideRefusal::NotFound) => "not_found",
        Err(SideRefusal::Changed(_)) => "changed",
        Err(SideRefusal::Refused(_)) => "refused",
    }
}

/// What the three parts say at the epochs 4, 5, 6 and 7.
fn by_part(decide: impl Fn(&Known, Epoch) -> Decided) -> [[&'static str; 4]; 3] {
    Part::ALL.map(|part| [4, 5, 6, 7].map(|epoch| told(&decide(&known(part), at(epoch)))))
}

/// What is said where the org is served, parked, incoming, gone.
fn by_place(decide: impl Fn(Option<Place>) -> Decided) -> [&'static str; 4] {
    PlaceState::ALL.map(|state| told(&decide(place(state))))
}

const LATE: [&str; 4] = ["changed"; 4];

#[test]
fn an_offer_is_made_for_an_org_that_is_not_here() {
    let ask = |epoch| AskOffer {
        org: org(),
        slug: Slug::parse("main").unwrap(),
        giver: cell("peer"),
        epoch: at(epoch),
    };
    // Unknown moves, to serve at 5, at 6.
    let at_five = by_place(|place| decide_offer(None, place, &ask(5)));
    assert_eq!(at_five, LATE);
    let at_six = by_place(|place| decide_offer(None, place, &ask(6)));
    assert_eq!(at_six, ["refused", "refused", "refused", "do"]);
    assert_eq!(told(&decide_offer(None, None, &ask(6))), "do");
    // Known ones.
    let again = by_part(|known, epoch| decide_offer(Some(known), None, &ask(epoch.number())));
    let taking = ["changed", "changed", "repeat", "changed"];
    assert_eq!(again, [LATE, taking, LATE]);
    let of_another = Known {
        peer: cell("another"),
        ..known(Part::Taking)
    };
    assert_eq!(
        told(&decide_offer(Some(&of_another), None, &ask(6))),
        "changed"
    );
    let over = Known {
        ended: true,
        ..known(Part::Taking)
    };
    assert_eq!(told(&decide_offer(Some(&over), None, &ask(6))), "not_found");
}

#[test]
fn an_org_is_given_by_the_cell_that_serves_it() {
    let ask = |epoch| AskGrant {
        org: org(),
        taker: cell("peer"),
        epoch: at(epoch),
        offer: Offer {
            sealed_to: String::new(),
            schema: String::new(),
            version: String::new(),
        },
    };
    for (epoch, expected) in [
        (4, LATE),
        (5, ["do", "refused", "refused", "refused"]),
        (6, LATE),
    ] {
        let said = by_place(|place| decide_give(None, place, &ask(epoch)));
        assert_eq!(said, expected, "{epoch}");
    }
    assert_eq!(told(&decide_give(None, None, &ask(5))), "refused");
    let again = by_part(|known, epoch| decide_give(Some(known), None, &ask(epoch.number())));
    let giving = ["changed", "repeat", "changed", "changed"];
    assert_eq!(again, [giving, LATE, LATE]);
}

#[test]
fn the_grant_is_opened_once() {
    let said = |part, transfer_key| {
        let known = Known {
            transfer_key,
            ..known(part)
        };
        told(&decide_accept(&known))
    };
    assert_eq!(
        Part::ALL.map(|part| said(part, None)),
        ["changed", "do", "changed"]
    );
    let opened = Part::ALL.map(|part| said(part, Some(vec![1])));
    assert_eq!(opened, ["repeat", "repeat", "changed"]);
}

#[test]
fn parcels_are_of_one_leg_and_one_direction() {
    let makes = by_part(|known, leg| decide_parcel(known, leg).map(|()| Deed::Do));
    let giving = ["changed", "do", "changed", "changed"];
    assert_eq!(makes, [giving, LATE, LATE]);
    let takes = by_part(|known, leg| decide_take(known, leg, 4));
    assert_eq!(takes, [LATE, giving, LATE]);
    let by_number = [2, 3, 4].map(|seq| told(&decide_take(&known(Part::Taking), at(5), seq)));
    assert_eq!(by_number, ["changed", "repeat", "do"]);
    let without_key = Known {
        transfer_key: None,
        ..known(Part::Taking)
    };
    assert_eq!(told(&decide_take(&without_key, at(5), 4)), "refused");
}

#[test]
fn a_fence_that_was_taken_back_stays_so() {
    let fence = |epoch, attempt| Fence {
        epoch: at(epoch),
        attempt,
        force: false,
    };
    let unfence = |epoch, attempt| Unfence {
        epoch: at(epoch),
        attempt,
    };
    let giver = known(Part::Giving);
    let fenced = |attempt| by_place(|place| decide_fence(&giver, place, &fence(5, attempt)));
    // Taken back, and older than the one that stood last.
    assert_eq!(fenced(2), LATE);
    assert_eq!(fenced(3), LATE);
    for attempt in [4, 5] {
        assert_eq!(fenced(attempt), ["do", "repeat", "changed", "changed"]);
    }
    assert_eq!(told(&decide_fence(&giver, None, &fence(5, 4))), "changed");
    let loosened = |attempt| by_place(|place| decide_unfence(&giver, place, &unfence(5, attempt)));
    assert_eq!(loosened(3), ["repeat", "changed", "changed", "changed"]);
    assert_eq!(loosened(4), ["repeat", "do", "changed", "changed"]);
    for part in [Part::Taking, Part::Leaving] {
        let side = known(part);
        assert_eq!(
            by_place(|place| decide_fence(&side, place, &fence(5, 9))),
            LATE
        );
        assert_eq!(
            by_place(|place| decide_unfence(&side, place, &unfence(5, 9))),
            LATE
        );
    }
    for epoch in [4, 6] {
        assert_eq!(
            by_place(|place| decide_fence(&giver, place, &fence(epoch, 9))),
            LATE
        );
        assert_eq!(
            by_place(|place| decide_unfence(&giver, place, &unfence(epoch, 9))),
            LATE
        );
    }
}

#[test]
fn the_switch_is_to_the_next_epoch_and_to_whoever_has_all_rows() {
    let stands = |state| place(state);
    let activates = |state| by_part(|known, epoch| decide_activate(known, stands(state), epoch));
    let giving = ["changed", "repeat", "changed", "changed"];
    let taking = ["changed", "changed", "do", "changed"];
    assert_eq!(activates(PlaceState::Serving), [giving, taking, LATE]);
    // It was fenced since.
    assert_eq!(activates(PlaceState::Parked), [LATE, taking, LATE]);
    assert_eq!(activates(PlaceState::Gone), [LATE, taking, LATE]);
    let later = Some(Place {
        epoch: at(7),
        state: PlaceState::Incoming,
    });
    assert_eq!(
        told(&decide_activate(&known(Part::Taking), later, at(6))),
        "changed"
    );
    for lacking in [
        Known {
            copied: false,
            ..known(Part::Taking)
        },
        Known {
            transfer_key: None,
            ..known(Part::Taking)
        },
    ] {
        let said = decide_activate(&lacking, place(PlaceState::Gone), at(6));
        assert_eq!(told(&said), "refused");
    }
    let retires = by_part(decide_retire);
    let gone = ["changed", "repeat", "changed", "changed"];
    assert_eq!(retires, [taking, gone, gone]);
}

#[test]
fn rows_go_where_the_org_is_not_served() {
    let forgets = |part| by_place(|place| decide_forget(&known(part), place, &org()));
    let serves = ["refused", "refused"];
    assert_eq!(
        forgets(Part::Giving),
        [serves[0], serves[1], "changed", "changed"]
    );
    assert_eq!(forgets(Part::Taking), [serves[0], serves[1], "do", "do"]);
    assert_eq!(
        forgets(Part::Leaving),
        [serves[0], serves[1], "repeat", "repeat"]
    );
    let another = OrgId::generate(&SeededEntropy::new(2));
    let gone = place(PlaceState::Gone);
    let said = decide_forget(&known(Part::Taking), gone, &another);
    assert_eq!(told(&said), "refused");
}

#[test]
fn a_move_ends_once_and_parked_orgs_keep_theirs() {
    let ended = |known: Option<&Known>, state| decide_finish(known, place(state), &org()).ok();
    for part in Part::ALL {
        let known = known(part);
        let said = PlaceState::ALL.map(|state| ended(Some(&known), state));
        let (serving, without) = (Some(Ending::Serving), Some(Ending::Without));
        assert_eq!(said, [serving, None, without, without]);
        let over = Known {
            ended: true,
            ..known
        };
        let said = PlaceState::ALL.map(|state| ended(Some(&over), state));
        assert_eq!(said, [Some(Ending::Repeat); 4]);
        assert!(live(Some(over)).is_err());
    }
    assert_eq!(ended(None, PlaceState::Serving), Some(Ending::Unheard));
}

#[test]
fn states_are_read_as_they_were_written() {
    for state in PlaceState::ALL {
        assert_eq!(PlaceState::parse(state.as_str()), Some(state));
    }
    assert_eq!(PlaceState::parse("lost"), None);
}
