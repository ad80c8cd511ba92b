//! A point in time as pages show it: readable in UTC, exact in the mark-up, made local by the script where there is one.

use askama::Template;

/// A point in time.
#[derive(Clone, Debug, Template)]
#[template(
    source = "<time datetime=\"{{ iso }}\" data-local>{{ text }}</time>",
    ext = "html"
)]
pub struct Moment {
    iso: String,
    text: String,
}

impl askama::filters::HtmlSafe for Moment {}

impl Moment {
    /// From microseconds since 1970 in UTC.
    #[must_use]
    pub fn from_micros(micros: i64) -> Moment {
        let seconds = micros.div_euclid(1_000_000);
        let (day, second) = (seconds.div_euclid(86_400), seconds.rem_euclid(86_400));
        let (year, month, date) = civil_from_days(day);
        let (hour, minute, rest) = (second / 3600, second / 60 % 60, second % 60);
        Moment {
            iso: format!("{year:04}-{month:02}-{date:02}T{hour:02}:{minute:02}:{rest:02}Z"),
            text: format!("{year:04}-{month:02}-{date:02} {hour:02}:{minute:02} UTC"),
        }
    }

    /// The exact form, for places that take text only.
    #[must_use]
    pub fn iso(&self) -> &str {
        &self.iso
    }
}

/// The Gregorian date of a day counted from 1970-01-01 (the era arithmetic of Howard Hinnant's `chrono` note).
fn civil_from_days(day: i64) -> (i64, i64, i64) {
    let shifted = day + 719_468;
    let era = shifted.div_euclid(146_097);
    let of_era = shifted.rem_euclid(146_097);
    let year_of_era = (of_era - of_era / 1460 + of_era / 36_524 - of_era / 146_096) / 365;
    let of_year = of_era - (365 * year_of_era + year_of_era / 4 - year_of_era / 100);
    let month_from_march = (5 * of_year + 2) / 153;
    let date = of_year - (153 * month_from_march + 2) / 5 + 1;
    let month = if month_from_march < 10 {
        month_from_march + 3
    } else {
        month_from_march - 9
    };
    let year = year_of_era + era * 400 + i64::from(month <= 2);
    (year, month, date)
}

#[cfg(test)]
mod tests {
    use super::Moment;

    #[test]
    fn moments_are_the_right_dates() {
        let cases = [
            (0, "1970-01-01T00:00:00Z"),
            (-1, "1969-12-31T23:59:59Z"),
            (951_782_400_000_000, "2000-02-29T00:00:00Z"),
            (1_795_465_901_123_000, "2026-11-23T20:31:41Z"),
            (4_107_542_399_000_000, "2100-02-28T23:59:59Z"),
        ];
        for (micros, iso) in cases {
            assert_eq!(Moment::from_micros(micros).iso(), iso);
        }
    }
}
