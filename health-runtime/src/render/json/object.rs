//! Objects of known keys, written to the end of a buffer: no key is escaped, and no value is copied before.

use std::time::SystemTime;

use serde::Serialize;

use crate::{model::Status, time::RecentSeconds};

/// JSON under construction.
pub(in crate::render) struct JsonWriter {
    out: Vec<u8>,
    seconds: RecentSeconds,
}

/// A value that writes itself as JSON.
pub(in crate::render) trait WriteJson {
    fn write_json(self, json: &mut JsonWriter);
}

/// An object whose fields are being written, each with a comma before it.
pub(in crate::render) struct ObjectWriter<'a>(&'a mut JsonWriter);

/// The key of a field, with its comma, quotes and colon: one copy writes them all.
#[derive(Clone, Copy)]
pub(in crate::render) struct Key(pub(in crate::render) &'static str);

/// Makes a [`Key`] of a literal without characters to escape.
macro_rules! key {
    ($name:literal) => {
        $crate::render::json::Key(concat!(",\"", $name, "\":"))
    };
}
pub(in crate::render) use key;

/// Returns an object of about this length.
pub(in crate::render) fn object_of(length: usize, fields: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
    let mut json = JsonWriter { out: Vec::with_capacity(length), seconds: RecentSeconds::default() };
    write_object(&mut json, fields);
    json.out
}

pub(super) fn write_object(json: &mut JsonWriter, fields: impl FnOnce(&mut ObjectWriter<'_>)) {
    let start = json.out.len();
    fields(&mut ObjectWriter(json));
    close(&mut json.out, start, [b'{', b'}']);
}

pub(super) fn write_array(json: &mut JsonWriter, values: impl Iterator<Item = impl WriteJson>) {
    let start = json.out.len();
    for value in values {
        json.out.push(b',');
        value.write_json(json);
    }
    close(&mut json.out, start, [b'[', b']']);
}

/// Puts a bracket in the place of the first comma, and one at the end.
fn close(out: &mut Vec<u8>, start: usize, [open, close]: [u8; 2]) {
    match out.get_mut(start) {
        Some(comma) => *comma = open,
        None => out.push(open),
    }
    out.push(close);
}

impl ObjectWriter<'_> {
    /// Writes a field.
    #[inline(always)]
    #[allow(clippy::inline_always, reason = "the lengths of keys are constants where they are written")]
    pub(in crate::render) fn field(&mut self, key: Key, value: impl WriteJson) {
        let Self(json) = self;
        json.out.extend_from_slice(key.0.as_bytes());
        value.write_json(json);
    }

    /// Writes a field unless its value is missing.
    #[inline]
    pub(in crate::render) fn field_if(&mut self, key: Key, value: Option<impl WriteJson>) {
        if let Some(value) = value {
            self.field(key, value);
        }
    }

    /// Writes a field with any key.
    pub(in crate::render) fn named(&mut self, key: &str, value: impl WriteJson) {
        let Self(json) = self;
        json.out.push(b',');
        key.write_json(json);
        json.out.push(b':');
        value.write_json(json);
    }
}

impl WriteJson for Status {
    #[inline]
    fn write_json(self, json: &mut JsonWriter) {
        json.out.extend_from_slice(match self {
            Self::Pass => b"\"pass\"",
            Self::Warn => b"\"warn\"",
            Self::Fail => b"\"fail\"",
        });
    }
}

impl WriteJson for &str {
    #[inline]
    fn write_json(self, json: &mut JsonWriter) {
        // Without an early end, so that the compiler reads many bytes at once.
        let is_escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        if self.bytes().fold(false, |any, byte| any | is_escaped(byte)) {
            return Serialized(self).write_json(json);
        }
        json.out.push(b'"');
        json.out.extend_from_slice(self.as_bytes());
        json.out.push(b'"');
    }
}

impl WriteJson for bool {
    #[inline]
    fn write_json(self, json: &mut JsonWriter) {
        json.out.extend_from_slice(if self { b"true" } else { b"false" });
    }
}

impl WriteJson for SystemTime {
    fn write_json(self, json: &mut JsonWriter) {
        let mut text = [b'"'; 26];
        text[1..25].copy_from_slice(&json.seconds.rfc3339_millis(self));
        json.out.extend_from_slice(&text);
    }
}

/// A value that serde serializes.
pub(in crate::render) struct Serialized<'a, T: ?Sized>(pub(in crate::render) &'a T);

impl<T: Serialize + ?Sized> WriteJson for Serialized<'_, T> {
    fn write_json(self, json: &mut JsonWriter) {
        let out = &mut json.out;
        let start = out.len();
        // Values here have string keys only and cannot fail to serialize; if one does, it is `null` rather than a panic.
        if serde_json::to_writer(&mut *out, self.0).is_err() {
            out.truncate(start);
            out.extend_from_slice(b"null");
        }
    }
}
