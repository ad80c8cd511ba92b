//! The book of one organisation: every write that was acknowledged, every one whose answer was lost, and every code and
//! token that was spent. Afterwards it is held against what the fleet says.

use std::collections::BTreeMap;

/// How many spent codes are kept to be shown again.
const CODES_KEPT: usize = 16;

/// What became of a write.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Mark {
    /// It was answered: it has happened, once.
    Acknowledged,
    /// It was not: it may have happened, once, or not.
    Doubtful,
}

/// What must be true of the fleet.
#[derive(Debug, Default)]
pub struct Book {
    people: BTreeMap<String, Mark>,
    change: Option<u64>,
    changes_doubtful: Vec<u64>,
    codes: Vec<String>,
    acknowledged: u64,
    wrong: Vec<String>,
}

impl Book {
    /// A person was added, or perhaps.
    pub fn person(&mut self, login: String, mark: Mark) {
        self.acknowledged += u64::from(mark == Mark::Acknowledged);
        self.people.insert(login, mark);
    }

    /// A person's name became this number, or perhaps.
    pub fn change(&mut self, value: u64, mark: Mark) {
        match mark {
            Mark::Acknowledged => {
                self.acknowledged += 1;
                self.change = Some(value);
                self.changes_doubtful.clear();
            }
            Mark::Doubtful => self.changes_doubtful.push(value),
        }
    }

    /// A code was redeemed.
    pub fn spend_code(&mut self, code: String) {
        self.acknowledged += 1;
        if self.codes.len() == CODES_KEPT {
            self.codes.remove(0);
        }
        self.codes.push(code);
    }

    /// Another write was acknowledged, whose proof is kept elsewhere.
    pub fn acknowledge(&mut self) {
        self.acknowledged += 1;
    }

    /// An answer was wrong.
    pub fn wrong(&mut self, what: String) {
        self.wrong.push(what);
    }

    /// Nothing that was acknowledged so far is asked for any more: an operator has set the store back.
    pub fn forgive(&mut self) {
        *self = Self {
            acknowledged: self.acknowledged,
            ..Self::default()
        };
    }

    /// How many writes were acknowledged.
    #[must_use]
    pub fn acknowledged(&self) -> u64 {
        self.acknowledged
    }

    /// The people and what became of them.
    #[must_use]
    pub fn people(&self) -> &BTreeMap<String, Mark> {
        &self.people
    }

    /// The codes that must be refused; they are struck out.
    pub fn take_codes(&mut self) -> Vec<String> {
        std::mem::take(&mut self.codes)
    }

    /// What was wrong; it is struck out.
    pub fn take_wrong(&mut self) -> Vec<String> {
        std::mem::take(&mut self.wrong)
    }

    /// How often a person who was found `found` times was lost or doubled.
    #[must_use]
    pub fn judge_person(mark: Mark, found: usize) -> Verdict {
        match (mark, found) {
            (Mark::Acknowledged, 0) => Verdict::Lost,
            (_, 0 | 1) => Verdict::Sound,
            (_, _) => Verdict::Doubled,
        }
    }

    /// Takes the name for what it is from now on.
    pub fn begin_with(&mut self, value: Option<u64>) {
        self.change = value;
    }

    /// Whether the name may be what it is: the last acknowledged one, or one tried after it whose answer was lost.
    #[must_use]
    pub fn judge_change(&self, found: Option<u64>) -> Verdict {
        let may_be = found == self.change
            || found.is_some_and(|found| self.changes_doubtful.contains(&found));
        if may_be {
            Verdict::Sound
        } else {
            Verdict::Lost
        }
    }
}

/// What comes of one entry.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Verdict {
    /// As it must be.
    Sound,
    /// Acknowledged, and not there.
    Lost,
    /// There more than once.
    Doubled,
}

#[cfg(test)]
mod tests {
    use super::{Book, Mark, Verdict};

    #[test]
    fn an_acknowledged_person_is_there_once() {
        let table = [
            (Mark::Acknowledged, 0, Verdict::Lost),
            (Mark::Acknowledged, 1, Verdict::Sound),
            (Mark::Acknowledged, 2, Verdict::Doubled),
            (Mark::Doubtful, 0, Verdict::Sound),
            (Mark::Doubtful, 1, Verdict::Sound),
            (Mark::Doubtful, 2, Verdict::Doubled),
        ];
        for (mark, found, verdict) in table {
            assert_eq!(Book::judge_person(mark, found), verdict, "{mark:?} {found}");
        }
    }

    #[test]
    fn a_change_is_the_last_acknowledged_one_or_a_doubtful_one_after_it() {
        let mut book = Book::default();
        assert_eq!(book.judge_change(None), Verdict::Sound);
        book.change(1, Mark::Doubtful);
        book.change(2, Mark::Acknowledged);
        book.change(3, Mark::Doubtful);
        assert_eq!(book.judge_change(Some(2)), Verdict::Sound);
        assert_eq!(book.judge_change(Some(3)), Verdict::Sound);
        assert_eq!(book.judge_change(Some(1)), Verdict::Lost);
        assert_eq!(book.judge_change(None), Verdict::Lost);
    }
}
