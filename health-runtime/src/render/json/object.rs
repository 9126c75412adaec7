//! Objects of known keys, written to the end of a buffer: no key is escaped, and no value is copied before.

use std::time::SystemTime;

use serde::Serialize;

use crate::time::RecentSeconds;

/// JSON under construction.
pub(in crate::render) struct JsonWriter {
    out: Vec<u8>,
    seconds: RecentSeconds,
}

/// A value that writes itself as JSON.
pub(in crate::render) trait WriteJson {
    fn write_json(self, json: &mut JsonWriter);
}

/// An object whose fields are being written, each with a comma behind it.
pub(in crate::render) struct ObjectWriter<'a>(&'a mut JsonWriter);

/// Returns an object of about this length.
pub(in crate::render) fn object_of(length: usize, fields: impl FnOnce(&mut ObjectWriter<'_>)) -> Vec<u8> {
    let mut json = JsonWriter { out: Vec::with_capacity(length), seconds: RecentSeconds::default() };
    write_object(&mut json, fields);
    json.out
}

pub(super) fn write_object(json: &mut JsonWriter, fields: impl FnOnce(&mut ObjectWriter<'_>)) {
    json.out.push(b'{');
    fields(&mut ObjectWriter(json));
    close(&mut json.out, b'}');
}

pub(super) fn write_array(json: &mut JsonWriter, values: impl Iterator<Item = impl WriteJson>) {
    json.out.push(b'[');
    for value in values {
        value.write_json(json);
        json.out.push(b',');
    }
    close(&mut json.out, b']');
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
        let Self(json) = self;
        json.out.push(b'"');
        json.out.extend_from_slice(key.as_bytes());
        json.out.extend_from_slice(b"\":");
        value.write_json(json);
        json.out.push(b',');
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
        let Self(json) = self;
        key.write_json(json);
        json.out.push(b':');
        value.write_json(json);
        json.out.push(b',');
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
    fn write_json(self, json: &mut JsonWriter) {
        json.out.extend_from_slice(if self { b"true" } else { b"false" });
    }
}

impl WriteJson for SystemTime {
    fn write_json(self, json: &mut JsonWriter) {
        json.out.push(b'"');
        json.out.extend_from_slice(&json.seconds.rfc3339_millis(self));
        json.out.push(b'"');
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
