//! Settings as text under names, from any format that serde reads.

use std::fmt;

use serde::de::{Deserialize, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};

/// A value in a document. Unlike `serde_json::Value` it keeps a name that stands twice.
#[derive(Clone, Debug, PartialEq, Eq)]
pub(super) enum Tree {
    /// Nothing, as a missing name: `null`.
    Nothing,
    /// A text, a number or a truth value.
    Text(String),
    Map(Vec<(String, Tree)>),
    List,
}

impl<'de> Deserialize<'de> for Tree {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        deserializer.deserialize_any(TreeVisitor)
    }
}

struct TreeVisitor;

/// Makes the methods for values that have a text.
macro_rules! texts {
    ($($method:ident: $type:ty),+) => {
        $(fn $method<E: Error>(self, value: $type) -> Result<Tree, E> {
            Ok(Tree::Text(value.to_string()))
        })+
    };
}

impl<'de> Visitor<'de> for TreeVisitor {
    type Value = Tree;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("settings of health checks")
    }

    texts!(visit_bool: bool, visit_i64: i64, visit_i128: i128, visit_u64: u64, visit_u128: u128, visit_f64: f64, visit_str: &str);

    fn visit_unit<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_none<E: Error>(self) -> Result<Tree, E> {
        Ok(Tree::Nothing)
    }

    fn visit_some<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_newtype_struct<D: Deserializer<'de>>(self, deserializer: D) -> Result<Tree, D::Error> {
        Tree::deserialize(deserializer)
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut items: A) -> Result<Tree, A::Error> {
        while items.next_element::<IgnoredAny>()?.is_some() {}
        Ok(Tree::List)
    }

    fn visit_map<A: MapAccess<'de>>(self, mut entries: A) -> Result<Tree, A::Error> {
        let mut map = Vec::new();
        while let Some((name, value)) = entries.next_entry::<Tree, Tree>()? {
            // YAML has numbers as names.
            let Tree::Text(name) = name else { return Err(A::Error::custom("a name is not a text")) };
            map.push((name, value));
        }
        Ok(Tree::Map(map))
    }
}
