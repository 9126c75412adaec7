use std::{fmt, ops::RangeInclusive};

use super::Level;

/// A set of levels.
///
/// Setters take `impl Into<Levels>`: one [`Level`], an array, or a range with both ends. The two ends may stand in
/// either order, because "levels 1 to 3" and "levels 3 to 1" are the same three levels.
///
/// ```
/// use health_runtime::{Level, Levels};
///
/// let deep = Levels::from(Level::L1..=Level::L3);
/// assert_eq!(deep, Levels::from(Level::L3..=Level::L1));
/// assert_eq!(deep, Levels::from([Level::L1, Level::L2, Level::L3]));
/// assert!(deep.contains(Level::L2) && !deep.contains(Level::L5));
/// assert_eq!(deep.iter().map(Level::number).collect::<Vec<_>>(), [1, 2, 3]);
/// ```
#[derive(Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub struct Levels(u8);

impl Levels {
    pub(crate) const NONE: Self = Self(0);

    /// Every level.
    pub const ALL: Self = Self(0b1_1111);

    pub(crate) const fn one(level: Level) -> Self {
        Self(1 << (level.number() - 1))
    }

    /// Returns whether the set holds this level.
    #[must_use]
    pub const fn contains(self, level: Level) -> bool {
        self.0 & Self::one(level).0 != 0
    }

    /// Returns whether the set holds no level.
    #[must_use]
    pub const fn is_empty(self) -> bool {
        self.0 == 0
    }

    pub(crate) const fn and(self, other: Self) -> Self {
        Self(self.0 & other.0)
    }

    pub(crate) const fn or(self, other: Self) -> Self {
        Self(self.0 | other.0)
    }

    /// Returns every level outside of the set.
    pub(crate) const fn others(self) -> Self {
        Self(!self.0 & Self::ALL.0)
    }

    /// Returns the levels of the set, the deepest first.
    pub fn iter(self) -> impl Iterator<Item = Level> {
        Level::ALL.into_iter().filter(move |level| self.contains(*level))
    }
}

impl fmt::Debug for Levels {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_set().entries(self.iter()).finish()
    }
}

impl From<Level> for Levels {
    fn from(level: Level) -> Self {
        Self::one(level)
    }
}

/// Both ends belong to the set, in either order, so that a range is never empty.
impl From<RangeInclusive<Level>> for Levels {
    fn from(range: RangeInclusive<Level>) -> Self {
        let (one_end, other_end) = range.into_inner();
        let (deepest, shallowest) = (one_end.min(other_end), one_end.max(other_end));
        Level::ALL.into_iter().filter(|level| (deepest..=shallowest).contains(level)).collect()
    }
}

impl<const N: usize> From<[Level; N]> for Levels {
    fn from(levels: [Level; N]) -> Self {
        levels.into_iter().collect()
    }
}

impl FromIterator<Level> for Levels {
    fn from_iter<I: IntoIterator<Item = Level>>(levels: I) -> Self {
        levels.into_iter().fold(Self::NONE, |set, level| set.or(Self::one(level)))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn numbers(levels: Levels) -> Vec<u8> {
        levels.iter().map(Level::number).collect()
    }

    #[test]
    fn range_of_levels_holds_both_ends_in_either_order() {
        let range = |one, other| numbers(Levels::from(one..=other));
        assert_eq!(range(Level::L1, Level::L3), [1, 2, 3]);
        assert_eq!(range(Level::L3, Level::L1), [1, 2, 3]);
        assert_eq!(range(Level::L4, Level::L4), [4]);
        assert_eq!(range(Level::L5, Level::L1), [1, 2, 3, 4, 5]);
        assert_eq!(Levels::from([Level::L5, Level::L2, Level::L5]), [Level::L2, Level::L5].into_iter().collect());
        assert_eq!(Levels::from(Level::L3), Levels::one(Level::L3));
        assert!(Levels::from([]).is_empty());
        assert_eq!(format!("{:?}", Levels::from(Level::L4..=Level::L5)), "{L4, L5}");
    }

    #[test]
    fn sets_are_combined() {
        let deep: Levels = [Level::L1, Level::L2].into_iter().collect();
        assert_eq!(numbers(deep.others()), [3, 4, 5]);
        assert_eq!(deep.or(deep.others()), Levels::ALL);
        assert!(deep.and(deep.others()).is_empty());
        assert!(deep.contains(Level::L2) && !deep.contains(Level::L3));
    }
}
