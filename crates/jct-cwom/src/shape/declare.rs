//! The two macros that turn a declaration into a type with its table.

/// Types with public fields and their tables. A member is `name: Type = rule, presence;`, with `as "name"` before the
/// colon when the name on the wire is a keyword of Rust.
macro_rules! shape {
    ($(
        $(#[doc = $doc:literal])+
        $(#[derive($($extra:ident),+)])?
        $name:ident {$(
            $(#[doc = $member_doc:literal])+
            $field:ident $(as $wire:literal)?: $type:ty = $rule:expr, $presence:expr;
        )+}
    )+) => {$(
        $(#[doc = $doc])+
        #[derive(Clone, Debug, PartialEq, serde::Serialize, serde::Deserialize $($(, $extra)+)?)]
        pub struct $name {$(
            $(#[doc = $member_doc])+
            $(#[serde(rename = $wire)])?
            pub $field: $type,
        )+}

        impl $crate::shape::Shaped for $name {
            const SHAPE: &'static $crate::shape::Object = &$crate::shape::Object {
                name: stringify!($name),
                names: &[$($crate::shape::wire_name!($field $($wire)?),)+],
                doc: concat!($($doc),+),
                members: &[$(
                    $crate::shape::Member {
                        name: $crate::shape::wire_name!($field $($wire)?),
                        doc: concat!($($member_doc),+),
                        rule: $rule,
                        presence: $presence,
                    },
                )+],
            };
        }
    )+};
}

macro_rules! wire_name {
    ($field:ident) => {
        stringify!($field)
    };
    ($field:ident $wire:literal) => {
        $wire
    };
}

/// A kind of object as it is created. Its `columns` (references and state) are stored apart, the rest as one document.
macro_rules! work_object {
    (
        $(#[doc = $doc:literal])+
        $name:ident
        $($(#[doc = $columns_doc:literal])+ columns $columns:ident {$(
            $(#[doc = $column_doc:literal])+
            $column:ident $(as $column_wire:literal)?: $column_type:ty = $column_rule:expr, $column_presence:expr;
        )+})?
        document {$(
            $(#[doc = $member_doc:literal])+
            $field:ident $(as $wire:literal)?: $type:ty = $rule:expr, $presence:expr;
        )+}
    ) => {
        $crate::shape::shape! {
            $(#[doc = $doc])+
            $name {
                $($(
                    $(#[doc = $column_doc])+
                    $column $(as $column_wire)?: $column_type = $column_rule, $column_presence;
                )+)?
                $(
                    $(#[doc = $member_doc])+
                    $field $(as $wire)?: $type = $rule, $presence;
                )+
            }
        }

        $(
            $(#[doc = $columns_doc])+
            #[derive(Clone, Debug, PartialEq)]
            pub struct $columns {$(
                $(#[doc = $column_doc])+
                pub $column: $column_type,
            )+}
        )?

        impl $name {
            /// What is stored as one text: the canonical encoding (RFC 8785) of everything that has no column.
            #[must_use]
            pub fn document(&self) -> String {
                #[derive(serde::Serialize)]
                struct Stored<'a> {$(
                    $(#[serde(rename = $wire)])?
                    $field: &'a $type,
                )+}
                $crate::document::write(&Stored { $($field: &self.$field,)+ })
            }

            /// The object from its stored parts.
            ///
            /// # Errors
            /// If the text is not the document of an object of this kind.
            pub fn from_document(
                document: &str
                $(, columns: $columns)?
            ) -> Result<Self, $crate::document::InvalidDocument> {
                #[derive(serde::Deserialize)]
                struct Stored {$(
                    $(#[serde(rename = $wire)])?
                    $field: $type,
                )+}
                let Stored { $($field,)+ } = $crate::document::read(document)?;
                $(let $columns { $($column,)+ } = columns;)?
                Ok(Self { $($($column,)+)? $($field,)+ })
            }
        }
    };
}

pub(crate) use {shape, wire_name, work_object};
