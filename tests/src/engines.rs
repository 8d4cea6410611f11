//! One body, two tests.

/// Makes each of the named functions, which take an [`Engine`](crate::Engine), a test on both engines. The PostgreSQL
/// half says "skipped" where no server is given.
#[macro_export]
macro_rules! on_both_engines {
    ($($name:ident),+ $(,)?) => {
        mod sqlite {
            $(
                #[test]
                fn $name() {
                    super::$name($crate::Engine::Sqlite);
                }
            )+
        }

        mod postgres {
            $(
                #[test]
                fn $name() {
                    if $crate::Database::has_postgres() {
                        super::$name($crate::Engine::Postgres);
                    }
                }
            )+
        }
    };
}
