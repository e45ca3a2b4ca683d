//! The forms of frames in words, from which tables and descriptions are made: what a frame's file says once, beside
//! its fields.

/// A frame's form.
#[derive(Debug, Clone, Copy)]
pub struct Form {
    /// Its `type`.
    pub name: &'static str,
    /// The lines that say what it is for.
    about: &'static [&'static str],
    /// Its fields, without `type` and, of requests, `id`.
    pub fields: &'static [Field],
    /// The `type` of the frame that answers it, if any does.
    reply: &'static [&'static str],
}

/// A field of a frame.
#[derive(Debug, Clone, Copy)]
pub struct Field {
    name: &'static str,
    about: &'static [&'static str],
    rust_type: &'static str,
    attributes: &'static str,
}

/// What has a form.
pub trait Described {
    /// Its form.
    const FORM: Form;
}

// === impl Form ===

impl Form {
    pub(crate) const fn new(
        name: &'static str,
        about: &'static [&'static str],
        fields: &'static [Field],
        reply: &'static [&'static str],
    ) -> Self {
        Self { name, about, fields, reply }
    }

    /// What it is for.
    pub fn about(&self) -> String {
        joined(self.about)
    }

    /// The `type` of the frame that answers it, if any does.
    pub fn reply(&self) -> Option<&'static str> {
        self.reply.first().copied()
    }
}

// === impl Field ===

impl Field {
    pub(crate) const fn new(
        name: &'static str,
        about: &'static [&'static str],
        rust_type: &'static str,
        attributes: &'static str,
    ) -> Self {
        Self { name, about, rust_type, attributes }
    }

    /// Its name on the wire.
    pub fn name(&self) -> &'static str {
        self.name.trim_start_matches("r#")
    }

    /// What it says.
    pub fn about(&self) -> String {
        joined(self.about)
    }

    /// Whether it may be absent.
    pub fn is_optional(&self) -> bool {
        let may_be_absent = self.rust_type.starts_with("Option") || self.takes_null();
        may_be_absent || self.attributes.contains("skip_serializing_if")
    }

    /// Whether `null` says something there: it takes away what the field holds.
    pub fn takes_null(&self) -> bool {
        self.rust_type.starts_with("Patch")
    }

    /// Its type as it is written in the code, without what only says that it may be absent.
    pub fn rust_type(&self) -> &'static str {
        let inside = self.rust_type.strip_prefix("Option<").or_else(|| self.rust_type.strip_prefix("Patch<"));
        let inside = inside.and_then(|inside| inside.strip_suffix('>'));
        inside.unwrap_or(self.rust_type)
    }
}

/// Lines of a comment as one sentence or more.
fn joined(lines: &[&str]) -> String {
    lines.iter().map(|line| line.trim()).collect::<Vec<_>>().join(" ")
}

/// Defines a frame, and takes its form from its comments: what follows `#[frame]` is its `type` and that of its reply.
macro_rules! frame {
    (
        $(#[doc = $about:literal])+
        #[frame($name:literal $(=> $reply:literal)?)]
        #[derive($($derive:ident),+)]
        pub struct $frame:ident $(<$life:lifetime>)? {
            $(
                $(#[doc = $note:literal])+
                $(#[serde($($serde:tt)*)])*
                pub $field:ident: $type:ty,
            )*
        }
    ) => {
        $(#[doc = $about])+
        #[derive($($derive),+)]
        pub struct $frame $(<$life>)? {
            $(
                $(#[doc = $note])+
                $(#[serde($($serde)*)])*
                pub $field: $type,
            )*
        }

        impl $(<$life>)? $crate::protocol::form::Described for $frame $(<$life>)? {
            const FORM: $crate::protocol::form::Form = $crate::protocol::form::Form::new(
                $name,
                &[$($about),+],
                &[$($crate::protocol::form::Field::new(
                    stringify!($field),
                    &[$($note),+],
                    stringify!($type),
                    concat!($(stringify!($($serde)*)),*),
                )),*],
                &[$($reply)?],
            );
        }
    };
}

pub(crate) use frame;
