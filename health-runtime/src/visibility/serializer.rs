//! Turns data into what each kind of callers sees of it.

use std::fmt::Display;

use serde::{
    Serialize, Serializer,
    ser::{
        Error as _, SerializeMap, SerializeSeq, SerializeStruct, SerializeStructVariant, SerializeTuple,
        SerializeTupleStruct, SerializeTupleVariant,
    },
};
use serde_json::{Error, Value, value::Serializer as JsonSerializer};

use super::{
    nesting::Nesting,
    parts::{Fields, List, Parts, Seen},
};
use crate::model::MAX_DEPTH;

/// Most `Some(…)` and newtypes around each other; they leave no level in JSON, and take as much of the stack.
const MAX_WRAPPED: usize = 4 * MAX_DEPTH;

/// Begins the names of structs that carry what JSON has no type for, such as numbers of any length.
const JSON_ONLY: &str = "$serde_json::private::";

/// Serializes data for both kinds of callers. Data that is nested too deeply is an error, long before the stack overflows.
pub(crate) fn serialize(data: &impl Serialize) -> Result<Seen, Error> {
    let Parts { internal, public } = data.serialize(Slot::new(0, 0))?;
    Ok(Seen { internal: internal.unwrap_or_default(), public })
}

/// A place for one value.
struct Slot {
    /// The wrappers around the place, as opposed to those in it.
    around: Nesting,
    depth: usize,
    wrapped: usize,
}

impl Slot {
    fn new(depth: usize, wrapped: usize) -> Self {
        Self { around: Nesting::now(), depth, wrapped }
    }

    fn finish(&self, parts: Parts) -> Parts {
        if self.around.is_in_secret() {
            Parts::default()
        } else if self.around.is_in_public() {
            parts.published()
        } else {
            parts
        }
    }

    fn scalar(&self, value: Result<Value, Error>) -> Result<Parts, Error> {
        Ok(self.finish(Parts::internal(value?)))
    }

    /// The same place, one wrapper further in.
    fn unwrapped(self) -> Result<Self, Error> {
        if self.wrapped == MAX_WRAPPED {
            return Err(too_deep());
        }
        Ok(Self { wrapped: self.wrapped + 1, ..self })
    }

    fn open<T: Default>(self, variant: Option<&'static str>) -> Result<Open<T>, Error> {
        let depth = self.depth + 1 + usize::from(variant.is_some());
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        Ok(Open { inside: Nesting::now(), content: T::default(), key: None, variant, depth, slot: self })
    }
}

fn too_deep() -> Error {
    Error::custom(format!("it is nested more than {MAX_DEPTH} levels deep; flatten it, or show less of it"))
}

/// An array or object in the making.
struct Open<T> {
    slot: Slot,
    /// The wrappers around its content; an entry in more of them is flattened.
    inside: Nesting,
    content: T,
    /// The key of the entry whose value comes next.
    key: Option<String>,
    /// The variant of an enum that all of it belongs to.
    variant: Option<&'static str>,
    depth: usize,
}

impl<T> Open<T> {
    fn child(&self, value: &(impl Serialize + ?Sized)) -> Result<Parts, Error> {
        let parts = value.serialize(Slot::new(self.depth, self.slot.wrapped))?;
        Ok(if self.inside.is_in_public() { parts.published() } else { parts })
    }
}

impl Open<List> {
    fn push(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let parts = self.child(value)?;
        self.content.push(parts);
        Ok(())
    }

    fn close(self) -> Parts {
        let parts = self.content.finish();
        self.slot.finish(of_variant(self.variant, parts))
    }
}

impl Open<Fields> {
    /// Returns a key as JSON has it: a text.
    fn text_of(&self, key: &(impl Serialize + ?Sized)) -> Result<String, Error> {
        match key.serialize(Slot::new(self.depth, self.slot.wrapped))?.internal {
            Some(Value::String(text)) => Ok(text),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::Bool(boolean)) => Ok(boolean.to_string()),
            _ => Err(Error::custom("the key of a map must be a string")),
        }
    }

    fn insert(&mut self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let parts = self.child(value)?;
        self.content.insert(key, parts);
        Ok(())
    }

    fn close(self) -> Parts {
        let parts = self.content.finish();
        self.slot.finish(of_variant(self.variant, parts))
    }
}

fn of_variant(variant: Option<&str>, parts: Parts) -> Parts {
    let Some(variant) = variant else { return parts };
    let mut fields = Fields::default();
    fields.insert(variant, parts);
    fields.finish()
}

macro_rules! scalars {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<Parts, Error> {
            self.scalar(JsonSerializer.$method(value))
        })*
    };
}

impl Serializer for Slot {
    type Ok = Parts;
    type Error = Error;
    type SerializeSeq = Open<List>;
    type SerializeTuple = Open<List>;
    type SerializeTupleStruct = Open<List>;
    type SerializeTupleVariant = Open<List>;
    type SerializeMap = Open<Fields>;
    type SerializeStruct = Struct;
    type SerializeStructVariant = Open<Fields>;

    scalars!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128, serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_str: &str,
        serialize_bytes: &[u8], serialize_unit_struct: &'static str
    );

    fn serialize_none(self) -> Result<Parts, Error> {
        self.scalar(Ok(Value::Null))
    }

    fn serialize_unit(self) -> Result<Parts, Error> {
        self.scalar(Ok(Value::Null))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<Parts, Error> {
        self.serialize_str(variant)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<Parts, Error> {
        value.serialize(self.unwrapped()?)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<Parts, Error> {
        value.serialize(self.unwrapped()?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<Parts, Error> {
        let mut open: Open<Fields> = self.open(None)?;
        open.insert(variant, value)?;
        Ok(open.close())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<Open<List>, Error> {
        self.open(None)
    }

    fn serialize_tuple(self, _: usize) -> Result<Open<List>, Error> {
        self.open(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<Open<List>, Error> {
        self.open(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<List>, Error> {
        self.open(Some(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<Open<Fields>, Error> {
        self.open(None)
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<Struct, Error> {
        if name.starts_with(JSON_ONLY) {
            return Ok(Struct::JsonOnly(JsonSerializer.serialize_struct(name, length)?, self));
        }
        Ok(Struct::Plain(self.open(None)?))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<Open<Fields>, Error> {
        self.open(Some(variant))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<Parts, Error> {
        self.scalar(Ok(Value::String(value.to_string())))
    }
}

macro_rules! elements {
    ($($of:ident: $method:ident),*) => {
        $(impl $of for Open<List> {
            type Ok = Parts;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(value)
            }

            fn end(self) -> Result<Parts, Error> {
                Ok(self.close())
            }
        })*
    };
}

elements!(
    SerializeSeq: serialize_element,
    SerializeTuple: serialize_element,
    SerializeTupleStruct: serialize_field,
    SerializeTupleVariant: serialize_field
);

impl SerializeMap for Open<Fields> {
    type Ok = Parts;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(self.text_of(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().ok_or_else(|| Error::custom("a map has a value without a key"))?;
        self.insert(&key, value)
    }

    fn end(self) -> Result<Parts, Error> {
        Ok(self.close())
    }
}

impl SerializeStructVariant for Open<Fields> {
    type Ok = Parts;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.insert(key, value)
    }

    fn end(self) -> Result<Parts, Error> {
        Ok(self.close())
    }
}

/// A struct, which may be how `serde_json` carries a value of its own.
enum Struct {
    Plain(Open<Fields>),
    JsonOnly(<JsonSerializer as Serializer>::SerializeStruct, Slot),
}

impl SerializeStruct for Struct {
    type Ok = Parts;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        match self {
            Self::Plain(open) => open.insert(key, value),
            Self::JsonOnly(json, _) => SerializeStruct::serialize_field(json, key, value),
        }
    }

    fn end(self) -> Result<Parts, Error> {
        match self {
            Self::Plain(open) => Ok(open.close()),
            Self::JsonOnly(json, slot) => slot.scalar(SerializeStruct::end(json)),
        }
    }
}
