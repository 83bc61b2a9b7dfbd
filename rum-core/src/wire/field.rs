//! How one field of an item is read and written, and the macro that makes items from a table of fields.

use alloc::boxed::Box;
use alloc::string::String;

use super::error::Expected;
use super::reader::Reader;
use super::writer::Writer;
use crate::Id;

/// One field of the wire table, as the code generators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct FieldInfo {
    /// Its name in the documented JSON form.
    pub name: &'static str,
    /// Its type in TypeScript.
    pub typescript: &'static str,
    /// What it means, with its unit.
    pub doc: &'static str,
}

/// A type that fills one position of an array.
pub trait Field: Sized {
    /// Its type in TypeScript.
    const TYPESCRIPT: &'static str;
    /// Reads the value under the cursor.
    fn read(r: &mut Reader<'_>) -> Self;
    /// The value of a field that the writer left out; of a required field, an error and any value.
    fn absent(r: &mut Reader<'_>) -> Self {
        r.fail(Expected::Required);
        Self::read(r)
    }
    /// Writes the value as the next item.
    fn write(&self, w: &mut Writer);
}

impl Field for i64 {
    const TYPESCRIPT: &'static str = "number";
    fn read(r: &mut Reader<'_>) -> Self {
        r.int()
    }
    fn write(&self, w: &mut Writer) {
        w.int(*self);
    }
}

impl Field for String {
    const TYPESCRIPT: &'static str = "string";
    fn read(r: &mut Reader<'_>) -> Self {
        r.text()
    }
    fn write(&self, w: &mut Writer) {
        w.text(self);
    }
}

impl Field for Id {
    const TYPESCRIPT: &'static str = "Id";
    fn read(r: &mut Reader<'_>) -> Self {
        let id = match r.plain_text() {
            Some(text) => Id::from_hex(text),
            None => Id::from_hex(&r.text()),
        };
        id.unwrap_or_else(|| {
            r.fail(Expected::Id);
            Id::default()
        })
    }
    fn write(&self, w: &mut Writer) {
        w.id(*self);
    }
}

/// Types whose `Option` is a nullable field.
pub trait Nullable: Field {
    /// Their TypeScript type, or null.
    const TYPESCRIPT_OR_NULL: &'static str;
}
impl Nullable for i64 {
    const TYPESCRIPT_OR_NULL: &'static str = "number | null";
}
impl Nullable for String {
    const TYPESCRIPT_OR_NULL: &'static str = "string | null";
}
impl Nullable for Id {
    const TYPESCRIPT_OR_NULL: &'static str = "Id | null";
}

impl<T: Nullable> Field for Option<T> {
    const TYPESCRIPT: &'static str = T::TYPESCRIPT_OR_NULL;
    fn read(r: &mut Reader<'_>) -> Self {
        if r.null() { None } else { Some(T::read(r)) }
    }
    fn absent(_: &mut Reader<'_>) -> Self {
        None
    }
    fn write(&self, w: &mut Writer) {
        match self {
            Some(value) => value.write(w),
            None => w.null(),
        }
    }
}

/// Fields that follow each other in an array.
pub trait Fields: Sized {
    /// What they are, in order.
    const FIELDS: &'static [FieldInfo];
    /// Reads them from inside an array entered before, and leaves that.
    fn read_fields(r: &mut Reader<'_>) -> Self;
    /// Writes them into an array opened before.
    fn write_fields(&self, w: &mut Writer);
}

/// An item that is all said by its kind and its prefix.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct NoFields;

impl Fields for NoFields {
    const FIELDS: &'static [FieldInfo] = &[];
    fn read_fields(r: &mut Reader<'_>) -> Self {
        r.close();
        Self
    }
    fn write_fields(&self, _: &mut Writer) {}
}

impl<T: Fields> Fields for Box<T> {
    const FIELDS: &'static [FieldInfo] = T::FIELDS;
    fn read_fields(r: &mut Reader<'_>) -> Self {
        Self::new(T::read_fields(r))
    }
    fn write_fields(&self, w: &mut Writer) {
        T::write_fields(self, w);
    }
}

/// The place of the field called `name`. It is in the list: a macro made both from one name.
pub(crate) const fn position(fields: &[FieldInfo], name: &str) -> usize {
    let name = name.as_bytes();
    let mut at = 0_usize;
    let mut rest = fields;
    while let [first, others @ ..] = rest {
        let mut one = first.name.as_bytes();
        let mut other = name;
        while let ([a, left @ ..], [b, right @ ..]) = (one, other) {
            if *a != *b {
                break;
            }
            one = left;
            other = right;
        }
        if one.is_empty() && other.is_empty() {
            break;
        }
        at = at.saturating_add(1);
        rest = others;
    }
    at
}

/// The next field of an array, or its absent value behind the array's end.
#[cfg_attr(target_arch = "wasm32", inline(never))]
pub(super) fn next<T: Field>(r: &mut Reader<'_>) -> T {
    if r.next_field() { T::read(r) } else { T::absent(r) }
}

/// Declares a struct whose fields are positions of an array, in this order. **A position is never reused**: a new
/// field goes to the end and is an `Option`, a field that is no longer written stays as an `Option`.
macro_rules! wire_fields {
    ($(#[doc = $doc:literal])* pub struct $name:ident { $($(#[doc = $fdoc:literal])* $field:ident: $type:ty,)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[cfg_attr(feature = "documented", derive(serde::Serialize, serde::Deserialize))]
        pub struct $name { $($(#[doc = $fdoc])* pub $field: $type,)* }
        /// The position of each field behind the prefix of its item.
        #[expect(non_upper_case_globals, reason = "they are named as the fields are")]
        #[allow(dead_code, reason = "the engine reads only what it computes with")]
        impl $name {
            $(pub(crate) const $field: usize =
                $crate::wire::field::position(<Self as $crate::wire::Fields>::FIELDS, stringify!($field));)*
        }
        impl $crate::wire::Fields for $name {
            const FIELDS: &'static [$crate::wire::FieldInfo] = &[$($crate::wire::FieldInfo {
                name: stringify!($field),
                typescript: <$type as $crate::wire::Field>::TYPESCRIPT,
                doc: concat!($($fdoc),*),
            },)*];
            fn read_fields(r: &mut $crate::wire::Reader<'_>) -> Self {
                let fields = Self { $($field: $crate::wire::field::next(r),)* };
                r.close();
                fields
            }
            fn write_fields(&self, w: &mut $crate::wire::Writer) {
                $($crate::wire::Field::write(&self.$field, w);)*
            }
        }
    };
}
pub(crate) use wire_fields;

/// Makes a struct of `wire_fields!` a field of another one: an array inside the array.
macro_rules! wire_nested {
    ($($name:ident),*) => {$(
        impl $crate::wire::Field for $name {
            const TYPESCRIPT: &'static str = stringify!($name);
            fn read(r: &mut $crate::wire::Reader<'_>) -> Self {
                r.nested(<Self as $crate::wire::Fields>::read_fields)
            }
            fn write(&self, w: &mut $crate::wire::Writer) {
                w.begin_array();
                <Self as $crate::wire::Fields>::write_fields(self, w);
                w.end_array();
            }
        }
        impl $crate::wire::field::Nullable for $name {
            const TYPESCRIPT_OR_NULL: &'static str = concat!(stringify!($name), " | null");
        }
    )*};
}
pub(crate) use wire_nested;

/// Makes a list of nested structs a field: arrays inside an array.
macro_rules! wire_list {
    ($($(#[doc = $doc:literal])* $name:ident of $of:ident;)*) => {$(
        $(#[doc = $doc])*
        #[derive(Clone, Debug, Default, PartialEq, Eq)]
        #[cfg_attr(feature = "documented", derive(serde::Serialize, serde::Deserialize), serde(transparent))]
        pub struct $name(pub alloc::vec::Vec<$of>);
        impl $crate::wire::Field for $name {
            const TYPESCRIPT: &'static str = concat!(stringify!($of), "[]");
            fn read(r: &mut $crate::wire::Reader<'_>) -> Self {
                let mut list = alloc::vec::Vec::new();
                r.begin_array();
                while r.next_item() {
                    list.push(<$of as $crate::wire::Field>::read(r));
                }
                Self(list)
            }
            fn write(&self, w: &mut $crate::wire::Writer) {
                w.begin_array();
                self.0.iter().for_each(|item| $crate::wire::Field::write(item, w));
                w.end_array();
            }
        }
        impl $crate::wire::field::Nullable for $name {
            const TYPESCRIPT_OR_NULL: &'static str = concat!(stringify!($of), "[] | null");
        }
    )*};
}
pub(crate) use wire_list;

/// One kind of item, as the code generators see it.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct KindInfo {
    /// Its number, never reused.
    pub kind: i64,
    /// Its name.
    pub name: &'static str,
    /// What it is.
    pub doc: &'static str,
    /// What follows the prefix.
    pub fields: &'static [FieldInfo],
}

/// Declares an enum of items by kind number, and a module of these numbers.
macro_rules! wire_items {
    ($(#[doc = $doc:literal])* pub enum $name:ident in $kinds:ident { $($(#[doc = $vdoc:literal])* $kind:literal => $variant:ident($type:ty),)* }) => {
        $(#[doc = $doc])*
        #[derive(Clone, Debug, PartialEq, Eq)]
        #[allow(clippy::large_enum_variant, reason = "of records the large ones are one a view; a box would cost the page")]
        pub enum $name { $($(#[doc = $vdoc])* $variant($type),)* }
        /// The numbers of the kinds.
        #[expect(non_upper_case_globals, reason = "they are named as the variants are")]
        #[allow(dead_code, reason = "the engine carries some kinds without asking which")]
        pub(crate) mod $kinds {
            $(pub(crate) const $variant: i64 = $kind;)*
        }
        impl $name {
            /// Every kind, in the order of their numbers.
            pub const KINDS: &'static [$crate::wire::KindInfo] = &[$($crate::wire::KindInfo {
                kind: $kind,
                name: stringify!($variant),
                doc: concat!($($vdoc),*),
                fields: <$type as $crate::wire::Fields>::FIELDS,
            },)*];
            /// The number of this item's kind.
            #[must_use]
            pub const fn kind(&self) -> i64 {
                match self { $(Self::$variant(_) => $kind,)* }
            }
            /// True for the kinds that this reader knows.
            const fn knows(kind: i64) -> bool {
                matches!(kind, $($kind)|*)
            }
            /// Reads what follows the prefix of an item of `kind`. `None`: this reader does not know the kind.
            fn read_kind(kind: i64, r: &mut $crate::wire::Reader<'_>) -> Option<Self> {
                Some(match kind {
                    $($kind => Self::$variant(<$type as $crate::wire::Fields>::read_fields(r)),)*
                    _ => return None,
                })
            }
            fn write_kind(&self, w: &mut $crate::wire::Writer) {
                match self { $(Self::$variant(item) => $crate::wire::Fields::write_fields(item, w),)* }
            }
        }
    };
}
pub(crate) use wire_items;
