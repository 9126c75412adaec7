//! The claims of a token, and the levels they grant.

use serde_json::{Map, Value};

use crate::model::{Level, Levels};

pub(crate) const LEVELS: &str = "health_levels";
pub(crate) const DETAILS: &str = "health_details";

/// The claims of a token with a valid signature and valid times.
#[derive(Debug)]
pub(super) struct Claims(pub(super) Map<String, Value>);

/// A claim of the wrong type.
#[derive(Debug, PartialEq, Eq)]
pub(super) struct Malformed;

impl Claims {
    /// Returns whether the registered claims that `jsonwebtoken` does not check have the right types (RFC 7519, section
    /// 4.1): texts, and a number.
    pub(super) fn are_well_formed(&self) -> bool {
        let is_text = |claim| self.0.get(claim).is_none_or(Value::is_string);
        ["iss", "sub", "jti"].into_iter().all(is_text) && self.0.get("iat").is_none_or(Value::is_number)
    }

    /// Returns the time at which the token was issued, in seconds since 1970.
    pub(super) fn made_at(&self) -> Option<f64> {
        self.0.get("iat")?.as_f64()
    }

    pub(super) fn has_audience(&self) -> bool {
        self.0.get("aud").is_some_and(|audience| !audience.is_null())
    }

    /// Returns the subject of the token.
    pub(super) fn subject(&self) -> Option<&str> {
        self.0.get("sub")?.as_str()
    }

    /// Returns the levels of a claim such as `[3, 4, 5]`.
    pub(super) fn levels(&self, claim: &str) -> Result<Option<Levels>, Malformed> {
        let Some(value) = self.0.get(claim) else { return Ok(None) };
        let level = |number: &Value| {
            let number = number.as_u64().and_then(|number| u8::try_from(number).ok()).ok_or(Malformed)?;
            Level::try_from(number).map_err(|_| Malformed)
        };
        value.as_array().ok_or(Malformed)?.iter().map(level).collect::<Result<_, _>>().map(Some)
    }

    /// Returns whether a scope was granted: one of the words of `scope` (RFC 8693, section 4.2), or of `scp`, a common
    /// variant, as words or as a list.
    pub(super) fn has_scope(&self, scope: &str) -> bool {
        ["scope", "scp"].into_iter().filter_map(|claim| self.0.get(claim)).any(|value| match value {
            Value::String(words) => words.split(' ').any(|word| word == scope),
            Value::Array(words) => words.iter().any(|word| word.as_str() == Some(scope)),
            _ => false,
        })
    }
}

#[cfg(test)]
mod tests {
    use serde_json::json;

    use super::*;

    fn claims(value: Value) -> Claims {
        match value {
            Value::Object(claims) => Claims(claims),
            _ => panic!("claims are an object"),
        }
    }

    #[test]
    fn registered_claims_have_their_types() {
        for (value, expected) in [
            (json!({}), true),
            (json!({ "iss": "a", "sub": "b", "jti": "c", "iat": 1.5 }), true),
            (json!({ "iss": ["a"] }), false),
            (json!({ "sub": null }), false),
            (json!({ "jti": 7 }), false),
            (json!({ "iat": "7" }), false),
        ] {
            assert_eq!(claims(value.clone()).are_well_formed(), expected, "{value}");
        }
    }

    #[test]
    fn levels_are_numbers_from_1_to_5() {
        let levels = |value: Value| claims(json!({ "levels": value })).levels("levels");
        assert_eq!(levels(json!([4, 5, 5])), Ok(Some([Level::L4, Level::L5].into_iter().collect())));
        assert_eq!(levels(json!([])), Ok(Some(Levels::NONE)));
        assert_eq!(claims(json!({})).levels("levels"), Ok(None));
        for wrong in
            [json!([0]), json!([6]), json!([1.5]), json!([-1]), json!([261]), json!(["3"]), json!(3), json!(null)]
        {
            assert_eq!(levels(wrong.clone()), Err(Malformed), "{wrong}");
        }
    }

    #[test]
    fn scopes_are_whole_words() {
        for (value, expected) in [
            (json!({ "scope": "health:deep other" }), true),
            (json!({ "scope": ["other", "health:deep"] }), true),
            (json!({ "scp": "health:deep" }), true),
            (json!({ "scp": ["health:deep"] }), true),
            (json!({ "scope": "health:deeper" }), false),
            (json!({ "scope": "xhealth:deep" }), false),
            (json!({ "scope": 7, "scp": null }), false),
            (json!({}), false),
        ] {
            assert_eq!(claims(value.clone()).has_scope("health:deep"), expected, "{value}");
        }
    }
}
