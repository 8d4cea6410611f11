//! Pages as schemas only: they are sent in one generic shape.

#![expect(dead_code, reason = "these types describe bodies; nothing ever holds one")]

use utoipa::ToSchema;

use crate::wire::{ManifestEntryBody, ManifestVersionBody, OperatorJobBody};

macro_rules! pages {
    ($($name:ident = $title:ident of $item:ty;)+) => {$(
        /// A page of a list.
        #[derive(ToSchema)]
        #[schema(as = $title, rename_all = "camelCase")]
        pub(super) struct $name {
            items: Vec<$item>,
            /// Where the next page begins; `null` on the last.
            next_cursor: Option<String>,
        }
    )+};
}

pages! {
    ManifestPageSchema = ManifestPage of ManifestEntryBody<'static>;
    VersionPageSchema = ManifestVersionPage of ManifestVersionBody<'static>;
    RunPageSchema = ManifestRunPage of OperatorJobBody<'static>;
}
