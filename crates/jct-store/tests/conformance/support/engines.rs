//! One body, two tests.

/// Declares that each of the named functions is a test on both engines. A function that is not named here is dead code,
/// which the build refuses, so no test is forgotten.
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    crate::support::on_sqlite(super::$name).await;
                }
            )+
        }

        mod postgres {
            $(
                #[tokio::test(flavor = "multi_thread")]
                async fn $name() {
                    crate::support::on_postgres(super::$name).await;
                }
            )+
        }
    };
}

pub(crate) use on_both_engines;
