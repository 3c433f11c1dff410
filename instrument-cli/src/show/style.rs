//! Colors, durations and times of day. Colors are always written: the output stream removes them where they are not
//! wanted.

use std::fmt::Display;
use std::time::Duration;

use anstyle::{AnsiColor, Style};
use pipecat_instrument_runtime::console::format_seconds;

use crate::conversation_view::Ms;

pub(super) const HEADING: Style = Style::new().bold();
pub(super) const ASIDE: Style = Style::new().dimmed();
pub(super) const USER: Style = AnsiColor::Cyan.on_default();
pub(super) const BOT: Style = AnsiColor::Green.on_default();
pub(super) const TOOL: Style = AnsiColor::Magenta.on_default();
pub(super) const INTERRUPTION: Style = AnsiColor::Yellow.on_default();
pub(super) const ERROR: Style = AnsiColor::Red.on_default();

/// Formats `text` in `style`.
pub(super) fn paint(style: Style, text: impl Display) -> String {
    format!("{style}{text}{style:#}")
}

/// Formats a duration, such as `1.58 s`.
pub(super) fn format_ms(duration: Ms) -> String {
    format_seconds(duration.seconds()).unwrap_or_else(|| "?".to_owned())
}

/// Formats a moment of the conversation, such as `1:02.345`.
pub(super) fn format_clock(at: Ms) -> String {
    let ms = Duration::try_from_secs_f64(at.seconds().max(0.0)).unwrap_or_default().as_millis();
    let (minutes, seconds, rest) = (ms / 60_000, ms / 1000 % 60, ms % 1000);
    match minutes / 60 {
        0 => format!("{minutes}:{seconds:02}.{rest:03}"),
        hours => format!("{hours}:{:02}:{seconds:02}.{rest:03}", minutes % 60),
    }
}

#[cfg(test)]
mod tests {
    use super::{Ms, format_clock};

    #[test]
    fn moments_are_formatted_like_a_clock() {
        for (ms, formatted) in [
            (0.0, "0:00.000"),
            (62_345.4, "1:02.345"),
            (3_723_004.0, "1:02:03.004"),
            (-3.0, "0:00.000"),
            (f64::NAN, "0:00.000"),
        ] {
            assert_eq!(format_clock(Ms(ms)), formatted);
        }
    }
}
