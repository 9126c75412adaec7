//! Serializer that splits data by who may see it.

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
    split::{SplitArray, SplitData, SplitObject, SplitValue},
};
use crate::model::MAX_DEPTH;

/// Most `Some(…)` and newtypes around each other. They add no level to JSON, but as much to the stack.
const MAX_TRANSPARENT_DEPTH: usize = 4 * MAX_DEPTH;

/// Prefix of the names of structs in which `serde_json` carries values without a JSON type, such as long numbers.
const JSON_ONLY_PREFIX: &str = "$serde_json::private::";

/// Splits data by who may see it. Data that is nested too deeply is an error, long before the stack overflows.
pub(crate) fn split(data: &impl Serialize) -> Result<SplitData, Error> {
    let SplitValue { internal, public } = data.serialize(ValueSerializer::new(0, 0))?;
    Ok(SplitData { internal: internal.unwrap_or_default(), public })
}

/// Serializes one value.
struct ValueSerializer {
    /// Markers around the value, as opposed to those inside it.
    around: Nesting,
    depth: usize,
    transparent_depth: usize,
}

impl ValueSerializer {
    fn new(depth: usize, transparent_depth: usize) -> Self {
        Self { around: Nesting::now(), depth, transparent_depth }
    }

    fn finish(&self, value: SplitValue) -> SplitValue {
        if self.around.is_in_secret() {
            SplitValue::default()
        } else if self.around.is_in_public() {
            value.published()
        } else {
            value
        }
    }

    fn scalar(&self, value: Result<Value, Error>) -> Result<SplitValue, Error> {
        Ok(self.finish(SplitValue::internal(value?)))
    }

    /// Serializes the content of a `Some(…)` or newtype.
    fn unwrapped(self) -> Result<Self, Error> {
        if self.transparent_depth == MAX_TRANSPARENT_DEPTH {
            return Err(too_deep());
        }
        Ok(Self { transparent_depth: self.transparent_depth + 1, ..self })
    }

    fn open<T: Default>(self, variant: Option<&'static str>) -> Result<ContainerSerializer<T>, Error> {
        let depth = self.depth + 1 + usize::from(variant.is_some());
        if depth > MAX_DEPTH {
            return Err(too_deep());
        }
        Ok(ContainerSerializer {
            inside: Nesting::now(),
            content: T::default(),
            key: None,
            variant,
            depth,
            outer: self,
        })
    }
}

fn too_deep() -> Error {
    Error::custom(format!("it is nested more than {MAX_DEPTH} levels deep; flatten it, or show less of it"))
}

/// Serializes an array or object.
struct ContainerSerializer<T> {
    outer: ValueSerializer,
    /// Markers around its content; an entry inside further ones is flattened.
    inside: Nesting,
    content: T,
    /// Key of the entry whose value comes next.
    key: Option<String>,
    /// Variant of the enum to which all of it belongs.
    variant: Option<&'static str>,
    depth: usize,
}

impl<T> ContainerSerializer<T> {
    fn child(&self, value: &(impl Serialize + ?Sized)) -> Result<SplitValue, Error> {
        let value = value.serialize(ValueSerializer::new(self.depth, self.outer.transparent_depth))?;
        Ok(if self.inside.is_in_public() { value.published() } else { value })
    }
}

impl ContainerSerializer<SplitArray> {
    fn push(&mut self, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let value = self.child(value)?;
        self.content.push(value);
        Ok(())
    }

    fn close(self) -> SplitValue {
        let value = self.content.finish();
        self.outer.finish(of_variant(self.variant, value))
    }
}

impl ContainerSerializer<SplitObject> {
    /// Serializes a key of a map, which is a text in JSON.
    fn key_text(&self, key: &(impl Serialize + ?Sized)) -> Result<String, Error> {
        match key.serialize(ValueSerializer::new(self.depth, self.outer.transparent_depth))?.internal {
            Some(Value::String(text)) => Ok(text),
            Some(Value::Number(number)) => Ok(number.to_string()),
            Some(Value::Bool(boolean)) => Ok(boolean.to_string()),
            _ => Err(Error::custom("the key of a map must be a string")),
        }
    }

    fn insert(&mut self, key: &str, value: &(impl Serialize + ?Sized)) -> Result<(), Error> {
        let value = self.child(value)?;
        self.content.insert(key, value);
        Ok(())
    }

    fn close(self) -> SplitValue {
        let value = self.content.finish();
        self.outer.finish(of_variant(self.variant, value))
    }
}

fn of_variant(variant: Option<&str>, value: SplitValue) -> SplitValue {
    let Some(variant) = variant else { return value };
    let mut fields = SplitObject::default();
    fields.insert(variant, value);
    fields.finish()
}

macro_rules! scalars {
    ($($method:ident: $type:ty),*) => {
        $(fn $method(self, value: $type) -> Result<SplitValue, Error> {
            self.scalar(JsonSerializer.$method(value))
        })*
    };
}

impl Serializer for ValueSerializer {
    type Ok = SplitValue;
    type Error = Error;
    type SerializeSeq = ContainerSerializer<SplitArray>;
    type SerializeTuple = ContainerSerializer<SplitArray>;
    type SerializeTupleStruct = ContainerSerializer<SplitArray>;
    type SerializeTupleVariant = ContainerSerializer<SplitArray>;
    type SerializeMap = ContainerSerializer<SplitObject>;
    type SerializeStruct = StructSerializer;
    type SerializeStructVariant = ContainerSerializer<SplitObject>;

    scalars!(
        serialize_bool: bool, serialize_i8: i8, serialize_i16: i16, serialize_i32: i32, serialize_i64: i64,
        serialize_i128: i128, serialize_u8: u8, serialize_u16: u16, serialize_u32: u32, serialize_u64: u64,
        serialize_u128: u128, serialize_f32: f32, serialize_f64: f64, serialize_char: char, serialize_str: &str,
        serialize_bytes: &[u8], serialize_unit_struct: &'static str
    );

    fn serialize_none(self) -> Result<SplitValue, Error> {
        self.scalar(Ok(Value::Null))
    }

    fn serialize_unit(self) -> Result<SplitValue, Error> {
        self.scalar(Ok(Value::Null))
    }

    fn serialize_unit_variant(self, _: &'static str, _: u32, variant: &'static str) -> Result<SplitValue, Error> {
        self.serialize_str(variant)
    }

    fn serialize_some<T: Serialize + ?Sized>(self, value: &T) -> Result<SplitValue, Error> {
        value.serialize(self.unwrapped()?)
    }

    fn serialize_newtype_struct<T: Serialize + ?Sized>(self, _: &'static str, value: &T) -> Result<SplitValue, Error> {
        value.serialize(self.unwrapped()?)
    }

    fn serialize_newtype_variant<T: Serialize + ?Sized>(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        value: &T,
    ) -> Result<SplitValue, Error> {
        let mut open: ContainerSerializer<SplitObject> = self.open(None)?;
        open.insert(variant, value)?;
        Ok(open.close())
    }

    fn serialize_seq(self, _: Option<usize>) -> Result<ContainerSerializer<SplitArray>, Error> {
        self.open(None)
    }

    fn serialize_tuple(self, _: usize) -> Result<ContainerSerializer<SplitArray>, Error> {
        self.open(None)
    }

    fn serialize_tuple_struct(self, _: &'static str, _: usize) -> Result<ContainerSerializer<SplitArray>, Error> {
        self.open(None)
    }

    fn serialize_tuple_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<ContainerSerializer<SplitArray>, Error> {
        self.open(Some(variant))
    }

    fn serialize_map(self, _: Option<usize>) -> Result<ContainerSerializer<SplitObject>, Error> {
        self.open(None)
    }

    fn serialize_struct(self, name: &'static str, length: usize) -> Result<StructSerializer, Error> {
        if name.starts_with(JSON_ONLY_PREFIX) {
            return Ok(StructSerializer::JsonOnly(JsonSerializer.serialize_struct(name, length)?, self));
        }
        Ok(StructSerializer::Plain(self.open(None)?))
    }

    fn serialize_struct_variant(
        self,
        _: &'static str,
        _: u32,
        variant: &'static str,
        _: usize,
    ) -> Result<ContainerSerializer<SplitObject>, Error> {
        self.open(Some(variant))
    }

    fn collect_str<T: Display + ?Sized>(self, value: &T) -> Result<SplitValue, Error> {
        self.scalar(Ok(Value::String(value.to_string())))
    }
}

macro_rules! elements {
    ($($of:ident: $method:ident),*) => {
        $(impl $of for ContainerSerializer<SplitArray> {
            type Ok = SplitValue;
            type Error = Error;

            fn $method<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
                self.push(value)
            }

            fn end(self) -> Result<SplitValue, Error> {
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

impl SerializeMap for ContainerSerializer<SplitObject> {
    type Ok = SplitValue;
    type Error = Error;

    fn serialize_key<T: Serialize + ?Sized>(&mut self, key: &T) -> Result<(), Error> {
        self.key = Some(self.key_text(key)?);
        Ok(())
    }

    fn serialize_value<T: Serialize + ?Sized>(&mut self, value: &T) -> Result<(), Error> {
        let key = self.key.take().ok_or_else(|| Error::custom("a map has a value without a key"))?;
        self.insert(&key, value)
    }

    fn end(self) -> Result<SplitValue, Error> {
        Ok(self.close())
    }
}

impl SerializeStructVariant for ContainerSerializer<SplitObject> {
    type Ok = SplitValue;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        self.insert(key, value)
    }

    fn end(self) -> Result<SplitValue, Error> {
        Ok(self.close())
    }
}

/// Serializes a struct, in which `serde_json` may carry a value of its own.
enum StructSerializer {
    Plain(ContainerSerializer<SplitObject>),
    JsonOnly(<JsonSerializer as Serializer>::SerializeStruct, ValueSerializer),
}

impl SerializeStruct for StructSerializer {
    type Ok = SplitValue;
    type Error = Error;

    fn serialize_field<T: Serialize + ?Sized>(&mut self, key: &'static str, value: &T) -> Result<(), Error> {
        match self {
            Self::Plain(open) => open.insert(key, value),
            Self::JsonOnly(json, _) => SerializeStruct::serialize_field(json, key, value),
        }
    }

    fn end(self) -> Result<SplitValue, Error> {
        match self {
            Self::Plain(open) => Ok(open.close()),
            Self::JsonOnly(json, outer) => outer.scalar(SerializeStruct::end(json)),
        }
    }
}
