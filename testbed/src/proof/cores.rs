//! Gives the part that is hurt a core of its own, as in production a cell has machines of its own: what a dying cell does
//! to the processor that it shares by chance with its neighbours would be measured as a fault of the fleet else.

use std::collections::HashMap;
use std::path::Path;
use std::sync::mpsc::{self, RecvTimeoutError, Sender};
use std::thread::JoinHandle;
use std::time::Duration;

use rustix::process::Pid;
use rustix::thread::{CpuSet, sched_getaffinity, sched_setaffinity};

use crate::fleet::children_of;

/// How often it is looked for processes and threads that were started since.
const ROUND: Duration = Duration::from_millis(50);

/// Who runs where, as long as this lives.
#[derive(Debug)]
pub struct Apart {
    over: Option<Sender<()>>,
    thread: Option<JoinHandle<()>>,
}

/// Keeps the process of one data folder to the last core, and the rest of the fleet and ourselves to the others. None where
/// there is one core alone.
#[must_use]
pub fn keep_apart(supervisor: u32, data: &Path) -> Option<Apart> {
    let all = cores();
    let (last, others) = all.split_last()?;
    if others.is_empty() {
        return None;
    }
    let (hurt, rest) = (set_of(&[*last]), set_of(others));
    for process in [
        Pid::from_raw(i32::try_from(supervisor).ok()?),
        Some(rustix::process::getpid()),
    ] {
        keep(process?, &rest);
    }
    let (over, is_over) = mpsc::channel::<()>();
    let data = data.display().to_string();
    let thread = std::thread::spawn(move || {
        let mut known: HashMap<Pid, bool> = HashMap::new();
        while is_over.recv_timeout(ROUND) == Err(RecvTimeoutError::Timeout) {
            for process in children_of(supervisor) {
                let is_hurt = *known
                    .entry(process)
                    .or_insert_with(|| names(process, &data));
                keep(process, if is_hurt { &hurt } else { &rest });
            }
        }
    });
    Some(Apart {
        over: Some(over),
        thread: Some(thread),
    })
}

impl Drop for Apart {
    fn drop(&mut self) {
        drop(self.over.take());
        if let Some(thread) = self.thread.take() {
            let _ = thread.join();
        }
    }
}

/// The cores that this process may use.
fn cores() -> Vec<usize> {
    let Ok(set) = sched_getaffinity(None) else {
        return Vec::new();
    };
    (0..CpuSet::MAX_CPU)
        .filter(|core| set.is_set(*core))
        .collect()
}

fn set_of(cores: &[usize]) -> CpuSet {
    let mut set = CpuSet::new();
    cores.iter().for_each(|core| set.set(*core));
    set
}

/// Keeps every thread of a process to these cores; threads that they start stay there.
fn keep(process: Pid, set: &CpuSet) {
    let path = format!("/proc/{}/task", process.as_raw_nonzero());
    for thread in std::fs::read_dir(path).into_iter().flatten().flatten() {
        let number = thread
            .file_name()
            .to_str()
            .and_then(|text| text.parse().ok());
        let Some(thread) = number.and_then(Pid::from_raw) else {
            continue;
        };
        // A thread may have ended since; and one that is in its place already is left alone.
        if sched_getaffinity(Some(thread)).is_ok_and(|now| now != *set) {
            let _ = sched_setaffinity(Some(thread), set);
        }
    }
}

fn names(process: Pid, data: &str) -> bool {
    let path = format!("/proc/{}/cmdline", process.as_raw_nonzero());
    let line = std::fs::read(path).unwrap_or_default();
    line.split(|byte| *byte == 0)
        .any(|part| part == data.as_bytes())
}
