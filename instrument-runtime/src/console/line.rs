//! Lines that are never wider than they may be.

use super::style::{Paint, TreeStyle};
use crate::console::terminal_text::{ELLIPSIS, beginning, columns, one_line, shorten};

/// One line, put together from left to right, and cut where it would be too wide.
#[derive(Debug)]
pub(super) struct Line {
    style: TreeStyle,
    pieces: Vec<(Paint, String)>,
    width: usize,
}

impl Line {
    /// An empty line.
    pub(super) const fn new(style: TreeStyle) -> Self {
        Self { style, pieces: Vec::new(), width: 0 }
    }

    /// How many more columns there are.
    pub(super) const fn room(&self) -> usize {
        self.style.width.saturating_sub(self.width)
    }

    /// Adds `text`.
    pub(super) fn add(&mut self, paint: Paint, text: &str) {
        self.width += columns(text);
        self.pieces.push((paint, text.to_owned()));
    }

    /// Adds `text` in quotes, shortened inside of them as the room demands.
    pub(super) fn quote(&mut self, text: &str) {
        let room = self.room().saturating_sub(2).max(1);
        self.add(Paint::Speech, &format!("\"{}\"", shorten(&one_line(text), room)));
    }

    /// Adds empty columns.
    pub(super) fn gap(&mut self, columns: usize) {
        self.add(Paint::Plain, &" ".repeat(columns));
    }

    /// The line with its line break, without spaces at its end.
    pub(super) fn finish(mut self) -> String {
        self.trim();
        if self.width > self.style.width {
            self.cut();
        }
        self.pieces.iter().map(|(paint, text)| paint.apply(text, self.style.color)).collect::<String>() + "\n"
    }

    /// Cuts the line to its width, with an ellipsis as its last character. Half a wide character is none.
    fn cut(&mut self) {
        let mut room = self.style.width.saturating_sub(1);
        for (_, text) in &mut self.pieces {
            let whole = columns(text);
            *text = beginning(text, room).to_owned();
            // What was cut ends the line, also where half a character would still have room.
            room = if columns(text) < whole { 0 } else { room - whole };
        }
        self.trim();
        let paint = self.pieces.last().map_or(Paint::Plain, |(paint, _)| *paint);
        if self.style.width > 0 {
            self.pieces.push((paint, ELLIPSIS.to_string()));
        }
    }

    /// Takes spaces off the end.
    fn trim(&mut self) {
        while let Some((_, text)) = self.pieces.last_mut() {
            let spaces = text.len() - text.trim_end_matches(' ').len();
            text.truncate(text.len() - spaces);
            self.width = self.width.saturating_sub(spaces);
            if !text.is_empty() {
                return;
            }
            self.pieces.pop();
        }
    }
}

#[cfg(test)]
mod tests {
    use super::Line;
    use crate::console::style::Paint;
    use crate::console::{Color, TreeStyle};

    #[test]
    fn what_is_left_out_at_the_end_is_an_ellipsis() {
        let mut line = Line::new(TreeStyle { width: 8, color: Color::Never });
        line.add(Paint::Plain, "ttfb");
        line.gap(4);
        line.add(Paint::Plain, "tokens");
        assert_eq!(line.finish(), "ttfb…\n");
    }

    #[test]
    fn a_line_is_never_wider_than_it_may_be_and_its_quotes_are_closed() {
        let mut line = Line::new(TreeStyle { width: 12, color: Color::Never });
        line.add(Paint::Plain, "bot");
        line.gap(2);
        line.quote("Hello there.");
        assert_eq!(line.finish(), "bot  \"Hell…\"\n");
    }

    #[test]
    fn a_line_is_measured_in_columns() {
        let mut line = Line::new(TreeStyle { width: 13, color: Color::Never });
        line.add(Paint::Plain, "bot");
        line.gap(2);
        line.quote("お茶をください");
        assert_eq!(line.finish(), "bot  \"お茶…\"\n");
        let mut line = Line::new(TreeStyle { width: 6, color: Color::Never });
        line.add(Paint::Plain, "お茶をください");
        assert_eq!(line.finish(), "お茶…\n");
    }

    #[test]
    fn colours_take_no_room() {
        let mut line = Line::new(TreeStyle { width: 5, color: Color::Always });
        line.add(Paint::Error, "alarm");
        assert_eq!(line.finish(), "\u{1b}[31malarm\u{1b}[0m\n");
    }
}
