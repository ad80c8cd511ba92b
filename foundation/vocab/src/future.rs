//! Futures that are compiled once.

/// On an `async fn`: its future comes in a box, and so its body is compiled in the crate that it belongs to.
///
/// What an `async fn` does is otherwise compiled in every crate that awaits it, with all that it awaits in turn: the same
/// bodies once more in each protocol, and larger futures there. Put it on what other crates await; the price is one small
/// allocation a call. Not on what is generic, which is compiled where it is used anyway.
pub use async_recursion::async_recursion as boxed;
