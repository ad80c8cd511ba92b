//! What a process of a fleet and the one that started it say to each other over its standard input and output: a byte asks
//! whether it is alive, a line answers, and the end of the input is the order to stop.
//!
//! Not over the network: a door that is full of strangers' connections, or a socket that is being handed over, must never
//! look like a process that hangs. And silence is counted in rounds, not by a clock: a machine that slept has missed one.

use std::io::{self, Read as _, Write as _};
use std::time::Duration;
use tokio::io::{AsyncBufReadExt as _, AsyncWriteExt as _, BufReader, Lines};
use tokio::process::{ChildStdin, ChildStdout};
use tokio::sync::{mpsc, oneshot};
use tokio::time::{Instant, sleep, timeout};

/// How long a process has for an answer, and how often it is asked.
const ROUND: Duration = Duration::from_secs(1);
/// A round that took this many times as long says nothing of anybody else: it was we who did not run.
const STRETCHED: u32 = 4;
/// The question.
const ASK: &[u8] = b"?";
/// The answer.
const ALIVE: &[u8] = b"{\"alive\":true}\n";

/// How many rounds in a row a process may leave unanswered before it is held to hang.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Patience {
    /// So many.
    Rounds(u32),
    /// It is not asked.
    Endless,
}

/// Our ends.
pub struct Lifeline {
    /// Dropped, it tells the process to stop; so it does when we die.
    stdin: Option<ChildStdin>,
    lines: Lines<BufReader<ChildStdout>>,
}

impl Lifeline {
    /// The line to a process that was started with both of its ends piped.
    pub fn new(stdin: Option<ChildStdin>, stdout: ChildStdout) -> Self {
        Self {
            stdin,
            lines: BufReader::new(stdout).lines(),
        }
    }

    /// What the process says of itself when it is ready; none if it ended before.
    ///
    /// # Errors
    /// What the system says.
    pub async fn first_line(&mut self) -> io::Result<Option<String>> {
        self.lines.next_line().await
    }

    /// Tells the process to stop.
    pub fn let_go(&mut self) {
        drop(self.stdin.take());
    }

    /// Resolves when the process hangs.
    pub async fn falls_silent(&mut self, patience: Patience) {
        let Patience::Rounds(most) = patience else {
            return std::future::pending().await;
        };
        let mut silent = 0;
        while silent < most {
            let Some(heard) = self.ask().await else {
                // An end is closed: the process is about to end, and whoever waits for that sees it.
                return std::future::pending().await;
            };
            silent = count_silence(silent, heard);
        }
    }

    async fn ask(&mut self) -> Option<Heard> {
        let begun = Instant::now();
        let stdin = self.stdin.as_mut()?;
        let lines = &mut self.lines;
        let answer = async {
            stdin.write_all(ASK).await.ok()?;
            lines.next_line().await.ok().flatten()
        };
        let answered = match timeout(ROUND, answer).await {
            Ok(Some(_)) => true,
            Ok(None) => return None,
            Err(_) => false,
        };
        let took = begun.elapsed();
        sleep(ROUND.saturating_sub(took)).await;
        Some(decide_heard(answered, took))
    }
}

/// What came of a round.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Heard {
    /// An answer, be it to an older question.
    Answer,
    /// Nothing.
    Silence,
    /// Nothing, but it was we who did not run.
    Unclear,
}

fn decide_heard(answered: bool, took: Duration) -> Heard {
    match answered {
        true => Heard::Answer,
        false if took > ROUND * STRETCHED => Heard::Unclear,
        false => Heard::Silence,
    }
}

const fn count_silence(silent: u32, heard: Heard) -> u32 {
    match heard {
        Heard::Answer => 0,
        Heard::Silence => silent.saturating_add(1),
        Heard::Unclear => silent,
    }
}

/// Answers whoever started this process; resolves when that one is gone or wants it to stop.
///
/// # Errors
/// No thread can be started.
pub fn answer_parent() -> io::Result<oneshot::Receiver<()>> {
    let (ended, end) = oneshot::channel();
    let (asked, questions) = mpsc::channel(1);
    // A thread of its own: the read never ends by itself, and must not keep the process from ending.
    std::thread::Builder::new()
        .name(String::from("stdin"))
        .spawn(move || {
            let mut byte = [0_u8; 1];
            loop {
                match io::stdin().read(&mut byte) {
                    Ok(0) => break,
                    // One answer is enough for all questions that wait.
                    Ok(_) => drop(asked.try_send(())),
                    Err(error) if error.kind() == io::ErrorKind::Interrupted => {}
                    Err(_) => break,
                }
            }
            // Nobody listens any more if the process is about to end by itself.
            let _ = ended.send(());
        })?;
    tokio::spawn(answer(questions));
    Ok(end)
}

/// Among all other tasks: a process whose tasks do not run does not answer.
async fn answer(mut questions: mpsc::Receiver<()>) {
    while questions.recv().await.is_some() {
        let mut out = io::stdout().lock();
        if out.write_all(ALIVE).and_then(|()| out.flush()).is_err() {
            return;
        }
    }
}

#[cfg(test)]
mod tests {
    use super::{Heard, Lifeline, Patience, ROUND, STRETCHED, count_silence, decide_heard};
    use std::process::Stdio;
    use std::time::Duration;
    use tokio::process::{Child, Command};
    use tokio::time::timeout;

    #[test]
    fn only_rounds_in_a_row_count_and_none_that_we_slept_through() {
        let long = ROUND * STRETCHED + Duration::from_millis(1);
        let table = [
            (true, Duration::ZERO, 3, 0),
            (true, long, 3, 0),
            (false, ROUND, 3, 4),
            (false, ROUND * STRETCHED, 0, 1),
            (false, long, 3, 3),
            (false, Duration::from_secs(3_600), 0, 0),
        ];
        for (answered, took, before, after) in table {
            let heard = decide_heard(answered, took);
            assert_eq!(count_silence(before, heard), after, "{answered} {took:?}");
        }
        assert_eq!(count_silence(u32::MAX, Heard::Silence), u32::MAX);
    }

    fn start(program: &str) -> (Child, Lifeline) {
        let mut child = Command::new("sh")
            .args(["-c", program])
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .kill_on_drop(true)
            .spawn()
            .unwrap();
        let line = Lifeline::new(child.stdin.take(), child.stdout.take().unwrap());
        (child, line)
    }

    #[tokio::test]
    async fn who_answers_is_alive_who_does_not_hangs_and_who_ends_is_not_told_to_hang() {
        const ANSWERS: &str = "while dd bs=1 count=1 2>/dev/null | grep -q .; do echo yes; done";
        let few = Patience::Rounds(2);
        let (_hangs, mut hangs) = start("exec sleep 3600");
        let (_answers, mut answers) = start(ANSWERS);
        let (mut ended, mut ends) = start("exec true");
        let (_left, mut left) = start("exec sleep 3600");
        ended.wait().await.unwrap();
        let limit = ROUND * 5;
        let (hangs, answers, ends, left) = tokio::join!(
            timeout(limit, hangs.falls_silent(few)),
            timeout(limit, answers.falls_silent(few)),
            timeout(limit, ends.falls_silent(few)),
            timeout(limit, left.falls_silent(Patience::Endless)),
        );
        assert!(hangs.is_ok());
        assert!(answers.is_err() && ends.is_err() && left.is_err());
    }
}
