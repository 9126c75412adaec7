use unicode_width::{UnicodeWidthChar, UnicodeWidthStr};

/// Narrowest last column: a narrower one would say nothing.
const MIN_LAST_COLUMNS: usize = 20;

/// Rows of cells in columns. The last column is as long as its text, or cut at the edge of a terminal.
#[derive(Default)]
pub(crate) struct Table(Vec<Vec<Cell>>);

struct Cell {
    /// Text that is measured.
    plain: String,
    /// Text that is shown, with styles, as wide as the plain one.
    shown: String,
}

impl Table {
    /// Adds a row of pairs: a plain text, and the same text with styles.
    pub(crate) fn row<const N: usize>(&mut self, cells: [(String, String); N]) {
        self.0.push(cells.into_iter().map(|(plain, shown)| Cell { plain, shown }).collect());
    }

    /// Returns the lines, each at most as wide as the terminal, if there is one.
    pub(crate) fn lines(&self, width: Option<usize>) -> Vec<String> {
        let columns = self.0.iter().map(Vec::len).max().unwrap_or_default();
        let widths: Vec<_> = (0..columns)
            .map(|column| {
                self.0.iter().filter_map(|row| row.get(column)).map(|cell| cell.plain.width()).max().unwrap_or_default()
            })
            .collect();
        let line = |row: &Vec<Cell>| {
            let mut line = String::new();
            let mut used = 0;
            for (column, cell) in row.iter().enumerate() {
                if column + 1 == row.len() {
                    let left = width.map(|width| width.saturating_sub(used).max(MIN_LAST_COLUMNS));
                    line.push_str(&left.map_or_else(|| cell.shown.clone(), |left| cut(cell, left)));
                } else {
                    line.push_str(&cell.shown);
                    let gap = widths[column] - cell.plain.width() + 2;
                    line.extend(std::iter::repeat_n(' ', gap));
                    used += widths[column] + 2;
                }
            }
            line.trim_end().to_owned()
        };
        self.0.iter().map(line).collect()
    }
}

/// Cuts a cell; a cut one loses its style.
fn cut(cell: &Cell, width: usize) -> String {
    if cell.plain.width() <= width { cell.shown.clone() } else { cut_text(&cell.plain, width) }
}

/// Cuts a text to this many columns.
pub(crate) fn cut_text(text: &str, width: usize) -> String {
    if text.width() <= width {
        return text.to_owned();
    }
    let mut kept = String::new();
    let mut used = 1;
    for letter in text.chars() {
        used += letter.width().unwrap_or_default();
        if used > width {
            break;
        }
        kept.push(letter);
    }
    kept.push('…');
    kept
}

/// Cuts a line with styles to this many columns, and ends its styles.
pub(crate) fn cut_line(line: &str, width: usize) -> String {
    if anstream::adapter::strip_str(line).to_string().width() <= width {
        return line.to_owned();
    }
    let mut kept = String::new();
    let (mut used, mut is_sequence) = (1, false);
    for letter in line.chars() {
        is_sequence |= letter == '\u{1b}';
        if !is_sequence {
            used += letter.width().unwrap_or_default();
            if used > width {
                break;
            }
        }
        kept.push(letter);
        // A style ends with this letter.
        is_sequence &= letter != 'm';
    }
    format!("{kept}\u{1b}[0m…")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn columns_are_aligned_and_the_last_is_cut() {
        let mut table = Table::default();
        for [name, message] in [["db", "slow"], ["支払い", "a message that is longer than the terminal is wide"]] {
            table.row([
                (name.to_owned(), format!("\u{1b}[1m{name}\u{1b}[0m")),
                (message.to_owned(), message.to_owned()),
            ]);
        }
        let lines = table.lines(Some(30));
        assert_eq!(lines[0], "\u{1b}[1mdb\u{1b}[0m      slow");
        assert_eq!(lines[1], "\u{1b}[1m支払い\u{1b}[0m  a message that is lon…");
        assert!(table.lines(None)[1].ends_with("is wide"));
    }

    #[test]
    fn cut_line_ends_its_styles() {
        let line = "\u{1b}[1m日本語\u{1b}[0m text";
        assert_eq!(cut_line(line, 11), line);
        assert_eq!(cut_line(line, 6), "\u{1b}[1m日本\u{1b}[0m…");
    }
}
