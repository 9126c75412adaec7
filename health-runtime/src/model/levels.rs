use std::{
    fmt,
    ops::{Bound, RangeBounds, RangeInclusive},
};

use super::Level;

/// A set of levels.
///
/// Setters take `impl Into<Levels>`: one [`Level`], an array, or a range with both ends. The two ends may stand in either
/// order, because "levels 1 to 3" and "levels 3 to 1" are the same three levels.
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

    /// The levels of a range of numbers, from 1 to 5 where it is open. `None` for one that is empty, or that names a
    /// number which is no level.
    pub(crate) fn from_range(range: &impl RangeBounds<u8>) -> Option<Self> {
        let first = match range.start_bound() {
            Bound::Included(first) => *first,
            Bound::Excluded(before) => before.checked_add(1)?,
            Bound::Unbounded => 1,
        };
        let last = match range.end_bound() {
            Bound::Included(last) => *last,
            Bound::Excluded(behind) => behind.checked_sub(1)?,
            Bound::Unbounded => 5,
        };
        let (first, last) = (Level::try_from(first).ok()?, Level::try_from(last).ok()?);
        (first <= last).then(|| Level::ALL.into_iter().filter(|level| (first..=last).contains(level)).collect())
    }

    /// The range as it may have been written.
    pub(crate) fn range_text(range: &impl RangeBounds<u8>) -> String {
        let first = match range.start_bound() {
            Bound::Included(first) => first.to_string(),
            // Nothing that is written with dots begins like this.
            Bound::Excluded(before) => format!("{before}<"),
            Bound::Unbounded => String::new(),
        };
        match range.end_bound() {
            Bound::Included(last) => format!("{first}..={last}"),
            Bound::Excluded(behind) => format!("{first}..{behind}"),
            Bound::Unbounded => format!("{first}.."),
        }
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

    /// Every level that is not in it.
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

    fn numbers(levels: Option<Levels>) -> Option<Vec<u8>> {
        Some(levels?.iter().map(Level::number).collect())
    }

    #[test]
    fn range_of_levels_holds_both_ends_in_either_order() {
        let range = |one, other| numbers(Some(Levels::from(one..=other)));
        assert_eq!(range(Level::L1, Level::L3), Some(vec![1, 2, 3]));
        assert_eq!(range(Level::L3, Level::L1), Some(vec![1, 2, 3]));
        assert_eq!(range(Level::L4, Level::L4), Some(vec![4]));
        assert_eq!(range(Level::L5, Level::L1), Some(vec![1, 2, 3, 4, 5]));
        assert_eq!(Levels::from([Level::L5, Level::L2, Level::L5]), [Level::L2, Level::L5].into_iter().collect());
        assert_eq!(Levels::from(Level::L3), Levels::one(Level::L3));
        assert!(Levels::from([]).is_empty());
        assert_eq!(format!("{:?}", Levels::from(Level::L4..=Level::L5)), "{L4, L5}");
    }

    #[test]
    fn range_of_numbers_is_levels_or_nothing() {
        assert_eq!(numbers(Levels::from_range(&(4..=5))), Some(vec![4, 5]));
        assert_eq!(numbers(Levels::from_range(&(1..4))), Some(vec![1, 2, 3]));
        assert_eq!(numbers(Levels::from_range(&(..=2))), Some(vec![1, 2]));
        assert_eq!(numbers(Levels::from_range(&(3..))), Some(vec![3, 4, 5]));
        assert_eq!(Levels::from_range(&(..)), Some(Levels::ALL));
        for wrong in [0..=5, 1..=6, 0..=0, 255..=255] {
            assert_eq!(Levels::from_range(&wrong), None, "{wrong:?}");
        }
        #[allow(clippy::reversed_empty_ranges, reason = "that is the mistake")]
        let empty = [Levels::from_range(&(4..=3)), Levels::from_range(&(3..3)), Levels::from_range(&(..0))];
        assert_eq!(empty, [None; 3]);
    }

    #[test]
    fn sets_are_combined() {
        let deep: Levels = [Level::L1, Level::L2].into_iter().collect();
        assert_eq!(numbers(Some(deep.others())), Some(vec![3, 4, 5]));
        assert_eq!(deep.or(deep.others()), Levels::ALL);
        assert!(deep.and(deep.others()).is_empty());
        assert!(deep.contains(Level::L2) && !deep.contains(Level::L3));
    }
}
