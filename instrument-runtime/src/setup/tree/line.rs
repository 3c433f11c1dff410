//! Lines that are never wider than they may be.

use super::style::{Paint, TreeStyle};

/// What stands for what was left out.
const ELLIPSIS: char = '…';

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
        self.width += text.chars().count();
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
        self.pieces.iter().map(|(paint, text)| paint.apply(text, self.style.colour)).collect::<String>()
            + "\n"
    }

    /// Cuts the line to its width, with an ellipsis as its last character.
    fn cut(&mut self) {
        let mut room = self.style.width.saturating_sub(1);
        for (_, text) in &mut self.pieces {
            *text = text.chars().take(room).collect();
            room -= text.chars().count();
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

/// No more than `columns` of `text`; what is left out is an ellipsis.
pub(super) fn shorten(text: &str, columns: usize) -> String {
    if text.chars().nth(columns).is_none() {
        return text.to_owned();
    }
    let Some(kept) = columns.checked_sub(1) else {
        return String::new();
    };
    let kept: String = text.chars().take(kept).collect();
    format!("{}{ELLIPSIS}", kept.trim_end())
}

/// `text` on one line: breaks, and what else would disturb a terminal, are single spaces.
pub(super) fn one_line(text: &str) -> String {
    let words = text.split(|c: char| c.is_whitespace() || c.is_control()).filter(|word| !word.is_empty());
    words.collect::<Vec<_>>().join(" ")
}

#[cfg(test)]
mod tests {
    use super::{Line, one_line, shorten};
    use crate::setup::tree::style::Paint;
    use crate::setup::tree::{Colour, TreeStyle};

    #[test]
    fn what_is_cut_is_cut_between_characters() {
        for (text, columns, short) in [
            ("Hello", 5, "Hello"),
            ("Hello", 4, "Hel…"),
            ("Hello there", 7, "Hello…"),
            ("日本語です", 3, "日本…"),
            ("Hello", 1, "…"),
            ("Hello", 0, ""),
            ("", 0, ""),
        ] {
            assert_eq!(shorten(text, columns), short);
        }
    }

    #[test]
    fn text_cannot_disturb_the_terminal() {
        assert_eq!(
            one_line(" Two\n\tlines,\r\n a bell\u{7} and \u{1b}[31mred "),
            "Two lines, a bell and [31mred"
        );
    }

    #[test]
    fn what_is_left_out_at_the_end_is_an_ellipsis() {
        let mut line = Line::new(TreeStyle { width: 8, colour: Colour::Never });
        line.add(Paint::Plain, "ttfb");
        line.gap(4);
        line.add(Paint::Plain, "tokens");
        assert_eq!(line.finish(), "ttfb…\n");
    }

    #[test]
    fn a_line_is_never_wider_than_it_may_be_and_its_quotes_are_closed() {
        let mut line = Line::new(TreeStyle { width: 12, colour: Colour::Never });
        line.add(Paint::Plain, "bot");
        line.gap(2);
        line.quote("Hello there.");
        assert_eq!(line.finish(), "bot  \"Hell…\"\n");
    }

    #[test]
    fn colours_take_no_room() {
        let mut line = Line::new(TreeStyle { width: 5, colour: Colour::Always });
        line.add(Paint::Error, "alarm");
        assert_eq!(line.finish(), "\u{1b}[31malarm\u{1b}[0m\n");
    }
}
