//! Durations for people.

use std::time::Duration;

/// Formats a duration in milliseconds, seconds or minutes, whichever suits it: `0.4 ms`, `64 ms`, `1.94 s`, `2 min 05 s`.
///
/// ```
/// use std::time::Duration;
///
/// use pipecat_instrument_runtime::console::format_duration;
///
/// assert_eq!(format_duration(Duration::from_millis(1_940)), "1.94 s");
/// ```
pub fn format_duration(duration: Duration) -> String {
    let tenths_of_ms = (duration.as_nanos() + 50_000) / 100_000;
    let ms = (duration.as_nanos() + 500_000) / 1_000_000;
    let hundredths = (duration.as_millis() + 5) / 10;
    let seconds = (duration.as_millis() + 500) / 1000;
    if tenths_of_ms < 100 {
        format!("{}.{} ms", tenths_of_ms / 10, tenths_of_ms % 10)
    } else if ms < 1000 {
        format!("{ms} ms")
    } else if hundredths < 6000 {
        format!("{}.{:02} s", hundredths / 100, hundredths % 100)
    } else {
        format!("{} min {:02} s", seconds / 60, seconds % 60)
    }
}

/// Formats seconds, which may be negative. Returns `None` if they are not finite or too large for a [`Duration`].
///
/// ```
/// use pipecat_instrument_runtime::console::format_seconds;
///
/// assert_eq!(format_seconds(-0.12).as_deref(), Some("-120 ms"));
/// ```
pub fn format_seconds(seconds: f64) -> Option<String> {
    let duration = Duration::try_from_secs_f64(seconds.abs()).ok()?;
    let sign = if seconds < 0.0 { "-" } else { "" };
    Some(format!("{sign}{}", format_duration(duration)))
}

#[cfg(test)]
mod tests {
    use super::{format_duration, format_seconds};
    use std::time::Duration;

    #[test]
    fn durations_are_formatted_in_a_suitable_unit() {
        for (micros, written) in [
            (0, "0.0 ms"),
            (420, "0.4 ms"),
            (9_940, "9.9 ms"),
            (9_960, "10 ms"),
            (640_400, "640 ms"),
            (999_400, "999 ms"),
            (999_600, "1.00 s"),
            (1_944_000, "1.94 s"),
            (59_994_000, "59.99 s"),
            (59_996_000, "1 min 00 s"),
            (125_000_000, "2 min 05 s"),
        ] {
            assert_eq!(format_duration(Duration::from_micros(micros)), written);
        }
    }

    #[test]
    fn seconds_may_be_negative_but_not_infinite() {
        assert_eq!(format_seconds(0.64).as_deref(), Some("640 ms"));
        assert_eq!(format_seconds(-0.12).as_deref(), Some("-120 ms"));
        assert_eq!(format_seconds(f64::NAN), None);
        assert_eq!(format_seconds(f64::INFINITY), None);
    }
}
