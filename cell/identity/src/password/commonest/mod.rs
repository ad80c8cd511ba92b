//! The commonest passwords: a small list and a few rules that undo the usual ways of varying one.
//!
//! What it is: `commonest.txt` holds about four thousand words, names and key sequences, compiled by hand for this
//! project from what is generally known of breached passwords. It is not an extract of any breach and not ranked. What
//! people do to such a word (capitals, `@` for `a`, a year and `!` behind it, twice the same, two of them in a row, a
//! run along the keyboard beside it) is undone at look-up, so that each entry stands for thousands of passwords.
//!
//! What it is not: it does not know whether a password was ever breached. A long password of rare words passes even if
//! it was, and the slow-down in front of sign-in is what protects it then.

#[cfg(test)]
mod tests;

use std::collections::HashSet;
use std::sync::LazyLock;

/// Longer candidates are no common passwords; the bound keeps the look-up short.
const CHARACTERS_MAX: usize = 64;
/// Numbers up to this many digits are dates, phone numbers and counters.
const PLAIN_NUMBER_DIGITS_MAX: usize = 13;
/// How many digits before and behind a word are decoration.
const LEADING_DIGITS_MAX: usize = 4;
const TRAILING_DIGITS_MAX: usize = 6;
/// The longest word of the list.
const WORD_CHARACTERS_MAX: usize = 32;
/// The shortest piece of a candidate that counts as a word or as a run along the keyboard.
const PIECE_CHARACTERS_MIN: usize = 3;
/// What the pieces may cost together: two words, one word and two runs, or four runs.
const PIECES_COST_MAX: u8 = 4;
const WORD_COST: u8 = 2;
const RUN_COST: u8 = 1;
/// A pattern of up to this many characters, repeated, is common whatever it is.
const REPEATED_PATTERN_CHARACTERS_MAX: usize = 3;

/// Rows and columns of keyboards (English, German and French), the number pad, the alphabet and the digits.
const RUNS: [&str; 24] = [
    "abcdefghijklmnopqrstuvwxyz",
    "01234567890",
    "qwertyuiop",
    "asdfghjkl",
    "zxcvbnm",
    "qwertzuiop",
    "yxcvbnm",
    "azertyuiop",
    "qsdfghjklm",
    "wxcvbn",
    "1qaz",
    "2wsx",
    "3edc",
    "4rfv",
    "5tgb",
    "6yhn",
    "7ujm",
    "147",
    "258",
    "369",
    "159",
    "357",
    "1q2w3e4r5t6y7u8i9o0p",
    "q1w2e3r4t5y6u7i8o9p0",
];

/// Constant data, parsed once; the look-ups are pure.
static WORDS: LazyLock<HashSet<String>> = LazyLock::new(|| words().map(fold_letters).collect());

/// Whether a password is one of the commonest or a usual variation of one.
#[must_use]
pub fn is_common(candidate: &str) -> bool {
    let lowered: Vec<char> = candidate
        .chars()
        .flat_map(char::to_lowercase)
        .take(CHARACTERS_MAX + 1)
        .collect();
    if lowered.is_empty() || lowered.len() > CHARACTERS_MAX {
        return false;
    }
    let alphanumeric: Vec<char> = lowered
        .iter()
        .copied()
        .filter(|character| character.is_alphanumeric())
        .collect();
    if (1..=PLAIN_NUMBER_DIGITS_MAX).contains(&alphanumeric.len())
        && alphanumeric.iter().all(char::is_ascii_digit)
    {
        return true;
    }
    let stem = stem(&lowered);
    let plain_stem: Vec<char> = stem
        .iter()
        .copied()
        .filter(|character| character.is_alphanumeric())
        .collect();
    // Symbols stand for letters in one reading and for nothing in the other.
    [
        lowered.as_slice(),
        alphanumeric.as_slice(),
        stem,
        plain_stem.as_slice(),
    ]
    .into_iter()
    .any(is_common_form)
}

/// Reads digits and symbols as the letters that they usually replace; `l` and `i` become one letter, because `1` stands
/// for both.
#[must_use]
pub fn fold_letters(text: &str) -> String {
    text.chars().map(fold_letter).collect()
}

const fn fold_letter(character: char) -> char {
    match character {
        '0' => 'o',
        '1' | 'l' | '!' | '|' => 'i',
        '3' => 'e',
        '4' | '@' => 'a',
        '5' | '$' => 's',
        '7' | '+' => 't',
        '8' => 'b',
        other => other,
    }
}

/// The entries of the list as they are written there.
fn words() -> impl Iterator<Item = &'static str> {
    include_str!("commonest.txt")
        .lines()
        .map(str::trim)
        .filter(|line| !line.is_empty() && !line.starts_with('#'))
}

/// The candidate without the digits and symbols before and behind it, unless they are too many to be decoration.
fn stem(lowered: &[char]) -> &[char] {
    let leading = lowered
        .iter()
        .take_while(|character| !character.is_alphabetic())
        .count();
    let trailing = lowered
        .iter()
        .rev()
        .take_while(|character| !character.is_alphabetic())
        .count();
    let (before, rest) = lowered.split_at_checked(leading).unwrap_or((&[], lowered));
    let (word, behind) = rest
        .split_at_checked(rest.len().saturating_sub(trailing))
        .unwrap_or((rest, &[]));
    let decorated =
        is_decoration(before, LEADING_DIGITS_MAX) && is_decoration(behind, TRAILING_DIGITS_MAX);
    if decorated { word } else { lowered }
}

fn is_common_form(form: &[char]) -> bool {
    let pattern = repeated_pattern(form);
    if pattern.len() < form.len() && pattern.len() <= REPEATED_PATTERN_CHARACTERS_MAX {
        return true;
    }
    pieces_cost(pattern).is_some_and(|cost| cost <= PIECES_COST_MAX)
}

/// The shortest pattern that, repeated (the last time perhaps cut short), gives the form; else the form itself.
fn repeated_pattern(form: &[char]) -> &[char] {
    (1..=form.len() / 2)
        .find(|length| {
            form.iter()
                .zip(form.iter().skip(*length))
                .all(|(here, there)| here == there)
        })
        .and_then(|length| form.get(..length))
        .unwrap_or(form)
}

/// The lowest cost at which the form splits into words of the list and runs along the keyboard, with nothing but
/// decoration before and behind them.
fn pieces_cost(form: &[char]) -> Option<u8> {
    let mut costs: Vec<Option<u8>> = (0..=form.len())
        .map(|start| is_decoration(form.get(..start)?, LEADING_DIGITS_MAX).then_some(0))
        .collect();
    let mut lowest: Option<u8> = None;
    for start in 0..form.len() {
        let Some(cost) = costs.get(start).copied().flatten() else {
            continue;
        };
        let rest = form.get(start..)?;
        let run = run_length(rest);
        let longest = run.max(WORD_CHARACTERS_MAX.min(rest.len()));
        for length in PIECE_CHARACTERS_MIN..=longest {
            let Some((piece, behind)) = rest.split_at_checked(length) else {
                continue;
            };
            if length > run && !is_word(piece) {
                continue;
            }
            let total = cost.saturating_add(if length <= run { RUN_COST } else { WORD_COST });
            if let Some(known) = costs.get_mut(start + length) {
                *known = Some(known.map_or(total, |known| known.min(total)));
            }
            if is_decoration(behind, TRAILING_DIGITS_MAX) {
                lowest = Some(lowest.map_or(total, |known| known.min(total)));
            }
        }
    }
    lowest
}

fn is_decoration(part: &[char], digits_max: usize) -> bool {
    let digits = part
        .iter()
        .filter(|character| character.is_numeric())
        .count();
    digits <= digits_max && !part.iter().any(|character| character.is_alphabetic())
}

fn is_word(piece: &[char]) -> bool {
    let folded: String = piece.iter().copied().map(fold_letter).collect();
    WORDS.contains(&folded)
}

/// How many characters from the start are one character again and again, or a stretch of a row, forwards or backwards.
fn run_length(rest: &[char]) -> usize {
    let longest = rest.len();
    // Every beginning of a run is a run, so the search may stop at the first that is none.
    (PIECE_CHARACTERS_MIN..=longest)
        .take_while(|length| rest.get(..*length).is_some_and(is_run))
        .last()
        .unwrap_or(0)
}

fn is_run(piece: &[char]) -> bool {
    if piece.windows(2).all(|pair| pair.first() == pair.last()) {
        return true;
    }
    let forwards: String = piece.iter().collect();
    let backwards: String = piece.iter().rev().collect();
    RUNS.iter()
        .any(|run| run.contains(&forwards) || run.contains(&backwards))
}
