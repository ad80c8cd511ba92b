//! How busy the cores are, as the kernel counts it: a door's rate is named half load when the busiest core is half busy.

use anyhow::Context as _;

use crate::bench::machine::{LOAD_CORE, SERVER_CORE};

/// Ticks of the kernel's clock in a second, in what it shows (`USER_HZ`, the same on every Linux).
const TICKS_PER_SECOND: f64 = 100.0;
/// Which of a core's numbers are rest: idle, and waiting for a disk (proc_stat(5)).
const RESTS: [usize; 2] = [3, 4];

/// What both cores have worked by now, in microseconds.
#[derive(Debug, Clone, Copy)]
pub struct Worked([f64; 2]);

impl Worked {
    /// Looks.
    pub fn look() -> anyhow::Result<Self> {
        let text = std::fs::read_to_string("/proc/stat")?;
        let core = |core: &str| {
            parse_worked(&text, core).with_context(|| format!("/proc/stat: no core {core}"))
        };
        Ok(Self([core(SERVER_CORE)?, core(LOAD_CORE)?]))
    }

    /// What the busier of both has worked since for each of so many requests, in microseconds.
    pub fn each_since(self, before: Self, requests: u64) -> f64 {
        let spent = self.0.iter().zip(before.0).map(|(now, then)| now - then);
        spent.fold(0.0, f64::max) / (requests as f64).max(1.0)
    }
}

/// Requests a second that leave the busiest core half its time, if each costs it so many microseconds.
pub fn decide_half(micros_each: f64) -> f64 {
    1e6 / micros_each.max(f64::EPSILON) / 2.0
}

fn parse_worked(text: &str, core: &str) -> Option<f64> {
    let name = format!("cpu{core}");
    let line = text
        .lines()
        .find(|line| line.split(' ').next() == Some(name.as_str()))?;
    let ticks: Vec<f64> = line
        .split_whitespace()
        .skip(1)
        // Guests' time is in the user's already.
        .take(8)
        .map(|number| number.parse().ok())
        .collect::<Option<_>>()?;
    let worked = ticks
        .iter()
        .enumerate()
        .filter(|(place, _)| !RESTS.contains(place));
    Some(worked.map(|(_, ticks)| ticks).sum::<f64>() * 1e6 / TICKS_PER_SECOND)
}

#[cfg(test)]
mod tests {
    use super::{Worked, decide_half, parse_worked};

    #[test]
    fn work_is_all_but_rest() {
        let text = "cpu  9 9 9 9 9 9 9 9 0 0\ncpu0 1 2 3 1000 50 4 5 6 7 8\ncpu1 x\ncpu10 1 1 1 1 1 1 1 1\n";
        assert_eq!(parse_worked(text, "0"), Some(210_000.0));
        assert_eq!(parse_worked(text, "1"), None);
        assert_eq!(parse_worked(text, "2"), None);
    }

    #[test]
    fn the_busier_core_counts() {
        let each = Worked([500.0, 900.0]).each_since(Worked([0.0, 100.0]), 10);
        assert!((each - 80.0).abs() < f64::EPSILON);
        assert!((decide_half(each) - 6_250.0).abs() < f64::EPSILON);
    }
}
