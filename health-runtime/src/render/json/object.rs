//! Objects of known keys, written to the end of a buffer: no key is escaped, and no value is copied before.

use std::time::SystemTime;

use serde::Serialize;

use crate::time::rfc3339_millis;

/// A value that writes itself as JSON.
pub(in crate::render) trait WriteJson {
    fn write_json(self, out: &mut Vec<u8>);
}

/// An object whose fields are being written, each with a comma behind it.
pub(in crate::render) struct ObjectWriter<'a>(&'a mut Vec<u8>);

pub(in crate::render) fn write_object(out: &mut Vec<u8>, fields: impl FnOnce(&mut ObjectWriter<'_>)) {
    out.push(b'{');
    fields(&mut ObjectWriter(out));
    close(out, b'}');
}

pub(super) fn write_array(out: &mut Vec<u8>, values: impl Iterator<Item = impl WriteJson>) {
    out.push(b'[');
    for value in values {
        value.write_json(out);
        out.push(b',');
    }
    close(out, b']');
}

/// Puts a bracket in the place of the last comma.
fn close(out: &mut Vec<u8>, bracket: u8) {
    match out.last_mut() {
        Some(last) if *last == b',' => *last = bracket,
        _ => out.push(bracket),
    }
}

impl ObjectWriter<'_> {
    /// Writes a field. Its key has no characters to escape.
    #[inline]
    pub(in crate::render) fn field(&mut self, key: &'static str, value: impl WriteJson) {
        let Self(out) = self;
        out.push(b'"');
        out.extend_from_slice(key.as_bytes());
        out.extend_from_slice(b"\":");
        value.write_json(out);
        out.push(b',');
    }

    /// Writes a field unless its value is missing.
    #[inline]
    pub(in crate::render) fn field_if(&mut self, key: &'static str, value: Option<impl WriteJson>) {
        if let Some(value) = value {
            self.field(key, value);
        }
    }

    /// Writes a field with any key.
    pub(in crate::render) fn named(&mut self, key: &str, value: impl WriteJson) {
        let Self(out) = self;
        key.write_json(out);
        out.push(b':');
        value.write_json(out);
        out.push(b',');
    }
}

impl WriteJson for &str {
    #[inline]
    fn write_json(self, out: &mut Vec<u8>) {
        // Without an early end, so that the compiler reads many bytes at once.
        let is_escaped = |byte: u8| byte < b' ' || byte == b'"' || byte == b'\\';
        if self.bytes().fold(false, |any, byte| any | is_escaped(byte)) {
            return Serialized(self).write_json(out);
        }
        out.push(b'"');
        out.extend_from_slice(self.as_bytes());
        out.push(b'"');
    }
}

impl WriteJson for bool {
    fn write_json(self, out: &mut Vec<u8>) {
        out.extend_from_slice(if self { b"true" } else { b"false" });
    }
}

impl WriteJson for SystemTime {
    fn write_json(self, out: &mut Vec<u8>) {
        out.push(b'"');
        out.extend_from_slice(&rfc3339_millis(self));
        out.push(b'"');
    }
}

/// A value that serde serializes.
pub(in crate::render) struct Serialized<'a, T: ?Sized>(pub(in crate::render) &'a T);

impl<T: Serialize + ?Sized> WriteJson for Serialized<'_, T> {
    fn write_json(self, out: &mut Vec<u8>) {
        let start = out.len();
        // Values here have string keys only and cannot fail to serialize; if one does, it is `null` rather than a panic.
        if serde_json::to_writer(&mut *out, self.0).is_err() {
            out.truncate(start);
            out.extend_from_slice(b"null");
        }
    }
}
