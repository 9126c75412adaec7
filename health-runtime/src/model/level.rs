use std::{fmt, str::FromStr, time::Duration};

/// The depth of a check: from 5, cheap and always safe to call, down to 1, the whole ship.
///
/// The levels follow the diagnostic levels of Star Trek. The report of level 1 holds all the others. Levels are ordered
/// by their numbers, so that `Level::L1` is the least.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Level {
    /// The whole ship. Its report holds every other level.
    L1 = 1,
    /// Deep checks of this service's own resources.
    L2,
    /// The services that this one depends on.
    L3,
    /// Conditions that cost little to measure.
    L4,
    /// Cheap checks inside the process, always safe to call.
    L5,
}

impl Level {
    /// Every level, the deepest first.
    pub const ALL: [Self; 5] = [Self::L1, Self::L2, Self::L3, Self::L4, Self::L5];

    /// Returns its number, from 1 to 5.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// Returns its index in [`ALL`](Self::ALL).
    pub(crate) const fn index(self) -> usize {
        self as usize - 1
    }

    /// Returns the default timeout of checks at this level: 1 s at level 5, 2 s at level 4, 5 s at levels 3 and 2, 10 s
    /// at level 1.
    #[must_use]
    pub const fn default_timeout(self) -> Duration {
        Duration::from_secs(match self {
            Self::L5 => 1,
            Self::L4 => 2,
            Self::L3 | Self::L2 => 5,
            Self::L1 => 10,
        })
    }
}

impl fmt::Display for Level {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        self.number().fmt(f)
    }
}

/// The error for a level that is not a number from 1 to 5.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct ParseLevelError(());

impl fmt::Display for ParseLevelError {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a level is a whole number from 1 (the whole ship) to 5 (cheap and always safe)")
    }
}

impl std::error::Error for ParseLevelError {}

impl TryFrom<u8> for Level {
    type Error = ParseLevelError;

    fn try_from(number: u8) -> Result<Self, ParseLevelError> {
        Self::ALL.into_iter().find(|level| level.number() == number).ok_or(ParseLevelError(()))
    }
}

/// Parses one digit and nothing else: ` 1`, `01` and `1.0` are errors.
impl FromStr for Level {
    type Err = ParseLevelError;

    fn from_str(text: &str) -> Result<Self, ParseLevelError> {
        match text.as_bytes() {
            [digit @ b'1'..=b'5'] => Self::try_from(digit - b'0'),
            _ => Err(ParseLevelError(())),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn level_is_parsed_from_its_digit_alone() {
        for level in Level::ALL {
            assert_eq!(level.to_string().parse(), Ok(level));
            assert_eq!(Level::try_from(level.number()), Ok(level));
        }
        for text in ["", "0", "6", "9", "/", ":", " 1", "1 ", "01", "1.0", "+1", "-1", "one", "١"] {
            let error = text.parse::<Level>().expect_err(text);
            assert_eq!(
                error.to_string(),
                "a level is a whole number from 1 (the whole ship) to 5 (cheap and always safe)"
            );
        }
        assert_eq!((Level::try_from(0), Level::try_from(6)), (Err(ParseLevelError(())), Err(ParseLevelError(()))));
    }

    #[test]
    fn deeper_levels_take_longer_by_default() {
        assert_eq!(Level::ALL.map(|level| level.default_timeout().as_secs()), [10, 5, 5, 2, 1]);
    }
}
