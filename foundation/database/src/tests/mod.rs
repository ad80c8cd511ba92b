//! The suite. What both engines promise runs on both, by [`on_both_engines`]; the rest is beside it by engine.

mod binding;
mod crash;
mod dialect;
mod isolation;
mod leaving;
mod load;
mod migrations;
mod postgres;
mod pure;
mod snapshots;
mod sqlite_file;
mod sqlite_writer;
mod store;
mod tenancy;
mod transactions;

/// Makes a test on each engine of every named function, which takes a fresh [`store::Store`].
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod on_sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(&$crate::tests::store::Store::sqlite()).await;
                }
            )+
        }
        mod on_postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    super::$name(&$crate::tests::store::Store::postgres()).await;
                }
            )+
        }
    };
}
use on_both_engines;
