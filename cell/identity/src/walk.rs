//! Lists that are found by walks over indexes, page by page: which walk is asked for how many next, and who of those it
//! meets is on the page. Pure; the walks themselves are with the things that they meet.

use crate::condition::{Condition, Direction, Operand, Place, Span, Unanswerable};
use crate::fault::{Fault, Refusal};

/// Most rows that one page looks at; what is left is on the next one.
pub const EXAMINED_MAX: usize = 2_000;
/// The fewest rows that are fetched at once where not every one will do.
const BATCH_ROWS_MIN: usize = 100;

/// A walk over an index.
pub(crate) trait Walk {
    /// The key and the id before the first that it meets.
    fn start(&self, direction: Direction) -> (String, String);

    /// Whether its keys are moments, in microseconds.
    fn is_by_time(&self) -> bool;
}

/// A thing that conditions can be about.
pub(crate) trait Listed {
    /// What of it they may name.
    type Attribute: Clone;

    /// The value of an attribute.
    fn value(&self, attribute: &Self::Attribute) -> Option<Operand>;
}

/// What is looked for, and the walks that find it.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Search<W, A> {
    pub(crate) alternatives: Vec<Alternative<W, A>>,
    direction: Direction,
}

#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Alternative<W, A> {
    pub(crate) walk: W,
    /// What must hold of whatever the walk meets; nothing where each will do.
    conditions: Vec<Condition<A>>,
}

/// What is to be fetched next.
#[derive(Debug)]
pub(crate) struct Batch<'s, W> {
    /// By which walk.
    pub(crate) walk: &'s W,
    /// In which direction.
    pub(crate) direction: Direction,
    /// Behind which place.
    pub(crate) place: Place,
    /// The most rows.
    pub(crate) rows: usize,
}

/// What a walk met, and the key and the id that the walk goes on behind.
pub(crate) type Met<T> = (T, String, String);

/// Things that were looked up together, as a walk by id meets them.
pub(crate) fn met_by_id<T>(things: Vec<T>, id: impl Fn(&T) -> String) -> Vec<Met<T>> {
    let met = things.into_iter().map(|thing| {
        let id = id(&thing);
        (thing, String::new(), id)
    });
    let mut met: Vec<Met<T>> = met.collect();
    met.sort_by(|one, other| one.2.cmp(&other.2));
    met
}

/// One page, as it comes to be.
pub(crate) struct Page<'s, W, T: Listed> {
    search: &'s Search<W, T::Attribute>,
    limit: usize,
    examined: usize,
    /// Where the walk stands; none when all are through.
    place: Option<Place>,
    found: Vec<T>,
    next: Option<Place>,
    sifting: Sifting,
}

/// Whether something besides the conditions decides what is on a page.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Sifting {
    Nothing,
    Something,
}

impl<W: Walk, A: Clone> Search<W, A> {
    /// One walk, and what must hold of whatever it meets.
    pub(crate) fn by(walk: W, conditions: Vec<Condition<A>>, direction: Direction) -> Self {
        Self {
            alternatives: vec![Alternative { walk, conditions }],
            direction,
        }
    }

    /// A walk for each alternative of a condition. Those of several are in no order: only where `any_order` will do, or
    /// where there is one whose walk `fits` the order, there is an answer.
    ///
    /// # Errors
    /// [`Unanswerable`] where no index answers it.
    pub(crate) fn plan(
        condition: &Condition<A>,
        direction: Direction,
        any_order: bool,
        plan_walk: impl Fn(&[Condition<A>]) -> Option<W>,
        fits: impl Fn(&W) -> bool,
    ) -> Result<Self, Unanswerable> {
        let mut alternatives = Vec::new();
        for conditions in condition.alternatives()? {
            let walk = plan_walk(&conditions).ok_or(Unanswerable::NoIndex)?;
            alternatives.push(Alternative { walk, conditions });
        }
        let ordered = alternatives.iter().all(|one| fits(&one.walk));
        if ordered && (alternatives.len() == 1 || any_order) {
            Ok(Self {
                alternatives,
                direction,
            })
        } else {
            Err(Unanswerable::Order)
        }
    }

    /// In which direction it goes.
    pub(crate) const fn direction(&self) -> Direction {
        self.direction
    }

    /// Whether a thing that another walk met is looked for: one of the alternatives must hold for it, of which `walks` says
    /// whether the walk would have met it.
    pub(crate) fn fits<T: Listed<Attribute = A>>(
        &self,
        thing: &T,
        walks: impl Fn(&W, &T) -> bool,
    ) -> bool {
        let mut alternatives = self.alternatives.iter();
        alternatives.any(|one| walks(&one.walk, thing) && one.holds(thing))
    }

    /// Whether a place that somebody brings can be one of this search.
    fn has_place(&self, place: &Place) -> bool {
        let alternative = self.alternatives.get(place.alternative);
        alternative.is_some_and(|one| !one.walk.is_by_time() || place.key.parse::<i64>().is_ok())
    }

    fn start(&self, alternative: usize) -> Option<Place> {
        let one = self.alternatives.get(alternative)?;
        let (key, id) = one.walk.start(self.direction);
        Some(Place {
            alternative,
            key,
            id,
        })
    }
}

impl<W, A: Clone> Alternative<W, A> {
    fn holds<T: Listed<Attribute = A>>(&self, thing: &T) -> bool {
        let value = |attribute: &A| thing.value(attribute);
        self.conditions
            .iter()
            .all(|condition| condition.holds(&value))
    }
}

impl<'s, W: Walk, T: Listed> Page<'s, W, T> {
    /// The page of so many behind that place.
    ///
    /// # Errors
    /// [`Refusal::Invalid`] for a place of another list.
    pub(crate) fn begin(
        search: &'s Search<W, T::Attribute>,
        after: Option<Place>,
        limit: usize,
    ) -> Result<Self, Refusal> {
        if after.as_ref().is_some_and(|place| !search.has_place(place)) {
            return Err(Refusal::invalid("after", "it is of another list"));
        }
        Ok(Self {
            search,
            limit,
            examined: 0,
            place: after.or_else(|| search.start(0)),
            found: Vec::new(),
            next: None,
            sifting: Sifting::Nothing,
        })
    }

    /// The same for a page from which [`Page::take_those`] leaves things out.
    pub(crate) fn sifted(self) -> Self {
        Self {
            sifting: Sifting::Something,
            ..self
        }
    }

    /// What is to be fetched; nothing when the page is complete.
    pub(crate) fn wanted(&self) -> Option<Batch<'s, W>> {
        let place = self.place.clone()?;
        let one = self.search.alternatives.get(place.alternative)?;
        // One more than fits tells whether there is another page.
        let missing = self.limit + 1 - self.found.len();
        Some(Batch {
            walk: &one.walk,
            direction: self.search.direction,
            place,
            rows: match one.conditions.is_empty() && self.sifting == Sifting::Nothing {
                true => missing,
                false => missing.max(BATCH_ROWS_MIN),
            }
            // What would not be looked at any more is not fetched.
            .min(EXAMINED_MAX + 1 - self.examined),
        })
    }

    /// Takes what was fetched for a batch.
    pub(crate) fn take(&mut self, batch: Batch<'s, W>, met: Vec<Met<T>>) {
        self.take_those(batch, met, |_, _| true);
    }

    /// The same, without what does not fit, by the key under which it was met.
    pub(crate) fn take_those(
        &mut self,
        batch: Batch<'s, W>,
        met: Vec<Met<T>>,
        fits: impl Fn(&T, &str) -> bool,
    ) {
        let is_last = met.len() < batch.rows;
        let number = batch.place.alternative;
        let mut place = batch.place;
        for (thing, key, id) in met {
            if self.found.len() == self.limit || self.examined == EXAMINED_MAX {
                (self.next, self.place) = (Some(place), None);
                return;
            }
            self.examined += 1;
            let is_fit = fits(&thing, &key);
            place = Place {
                alternative: number,
                key,
                id,
            };
            // Whatever an earlier alternative has met is not shown again.
            let (earlier, from) = self.search.alternatives.split_at(number);
            let holds = from.first().is_some_and(|one| one.holds(&thing));
            if holds && is_fit && !earlier.iter().any(|one| one.holds(&thing)) {
                self.found.push(thing);
            }
        }
        self.place = match is_last {
            true => self.search.start(number + 1),
            false => Some(place),
        };
    }

    /// The things on the page, and where the next one begins, if there may be one.
    pub(crate) fn finish(self) -> (Vec<T>, Option<Place>) {
        (self.found, self.next)
    }
}

impl<W> Batch<'_, W> {
    /// The most rows, as a statement takes them.
    pub(crate) fn rows_max(&self) -> i64 {
        rows_max(self.rows)
    }

    /// Of a walk by time: the moment of the place, and the last one that the walk reaches.
    ///
    /// # Errors
    /// [`Fault`] for a place of another walk.
    pub(crate) fn moments(&self, span: Span) -> Result<(i64, i64), Fault> {
        let from = self.place.key.parse();
        let from = from.map_err(|error| Fault::stored("place of a walk", &error))?;
        Ok(match self.direction {
            Direction::Ascending => (from, span.to),
            Direction::Descending => (from, span.from),
        })
    }
}

/// A bound on rows, as a statement takes it.
pub(crate) fn rows_max(limit: usize) -> i64 {
    i64::try_from(limit).unwrap_or(i64::MAX)
}

/// Before the first that a walk by time meets.
pub(crate) fn start_of_span(span: Span, direction: Direction) -> (String, String) {
    match direction {
        Direction::Ascending => (span.from.to_string(), String::new()),
        Direction::Descending => (span.to.to_string(), LAST_TEXT.to_owned()),
    }
}

/// Before the first that a walk by texts meets.
pub(crate) fn start_of_all(direction: Direction) -> (String, String) {
    match direction {
        Direction::Ascending => (String::new(), String::new()),
        Direction::Descending => (LAST_TEXT.to_owned(), LAST_TEXT.to_owned()),
    }
}

/// Behind every text.
pub(crate) const LAST_TEXT: &str = "\u{10FFFF}";

#[cfg(test)]
mod tests {
    use super::{EXAMINED_MAX, Listed, Page, Search, Walk, start_of_all};
    use crate::condition::{Comparison, Condition, Direction, Operand, Place};

    /// Every number below the second, from the first.
    struct Numbers(i64, i64);

    impl Walk for Numbers {
        fn start(&self, direction: Direction) -> (String, String) {
            start_of_all(direction)
        }

        fn is_by_time(&self) -> bool {
            true
        }
    }

    impl Listed for i64 {
        type Attribute = ();

        fn value(&self, (): &()) -> Option<Operand> {
            Some(Operand::Number(*self))
        }
    }

    fn compared(comparison: Comparison, with: i64) -> Vec<Condition<()>> {
        vec![Condition::Compare((), comparison, Operand::Number(with))]
    }

    /// A page, and how many rows were fetched for it.
    fn page(
        search: &Search<Numbers, ()>,
        after: Option<Place>,
        limit: usize,
    ) -> (Vec<i64>, Option<Place>, usize) {
        let (mut page, mut fetched) = (Page::<_, i64>::begin(search, after, limit).unwrap(), 0);
        while let Some(batch) = page.wanted() {
            let last: i64 = batch.place.key.parse().unwrap_or(batch.walk.0 - 1);
            let numbers = (last + 1..batch.walk.1).take(batch.rows);
            let met: Vec<_> = numbers
                .map(|number| (number, number.to_string(), String::new()))
                .collect();
            fetched += met.len();
            page.take(batch, met);
        }
        let (found, next) = page.finish();
        (found, next, fetched)
    }

    fn all(search: &Search<Numbers, ()>, limit: usize) -> Vec<i64> {
        let (mut found, mut next, _) = page(search, None, limit);
        while let Some(place) = next {
            assert!(search.has_place(&place));
            let (more, after, _) = page(search, Some(place), limit);
            assert!(more.len() <= limit);
            found.extend(more);
            next = after;
        }
        found
    }

    #[test]
    fn pages_join_without_a_gap_and_without_a_repeat() {
        let every = Search::by(Numbers(0, 10), Vec::new(), Direction::Ascending);
        for limit in [1, 3, 9, 10, 11] {
            assert_eq!(all(&every, limit), (0..10).collect::<Vec<_>>(), "{limit}");
        }
        let (found, next, fetched) = page(&every, None, 10);
        assert_eq!(
            (found.len(), next, fetched),
            (10, None, 10),
            "the last page"
        );
        assert_eq!(page(&every, None, 3).2, 4, "no more than tells of another");
    }

    #[test]
    fn what_two_alternatives_meet_is_shown_once() {
        let mut either = Search::by(
            Numbers(0, 300),
            compared(Comparison::Less, 200),
            Direction::Ascending,
        );
        let other = Search::by(
            Numbers(100, 400),
            compared(Comparison::GreaterOrEqual, 150),
            Direction::Ascending,
        );
        either.alternatives.extend(other.alternatives);
        for limit in [1, 7, 199, 200, 400, 500] {
            assert_eq!(all(&either, limit), (0..400).collect::<Vec<_>>(), "{limit}");
        }
    }

    #[test]
    fn a_page_looks_at_a_bounded_number_and_goes_on_from_there() {
        let many = i64::try_from(EXAMINED_MAX).unwrap() + 500;
        let last = many - 1;
        let rare = Search::by(
            Numbers(0, many),
            compared(Comparison::Equal, last),
            Direction::Ascending,
        );
        let (found, next, _) = page(&rare, None, 5);
        assert!(found.is_empty() && next.is_some());
        assert_eq!(page(&rare, next, 5).0, [last]);
        let every = Search::by(Numbers(0, 3 * many), Vec::new(), Direction::Ascending);
        let (found, next, fetched) = page(&every, None, 10_000);
        assert_eq!((found.len(), fetched), (EXAMINED_MAX, EXAMINED_MAX + 1));
        assert_eq!(
            page(&every, next, 1).0,
            [i64::try_from(EXAMINED_MAX).unwrap()]
        );
    }

    #[test]
    fn places_of_other_searches_are_told() {
        let search = Search::by(
            Numbers(0, 10),
            Vec::<Condition<()>>::new(),
            Direction::Ascending,
        );
        let place = |alternative, key: &str| Place {
            alternative,
            key: key.into(),
            id: String::new(),
        };
        assert!(search.has_place(&place(0, "5")));
        assert!(!search.has_place(&place(0, "five")) && !search.has_place(&place(1, "5")));
    }
}
