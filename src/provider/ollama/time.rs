//! Times as Ollama writes them: RFC 3339 with a fraction and any offset.

/// Seconds since the epoch; `None` when the text is no such time.
pub(super) fn seconds(text: &str) -> Option<u64> {
    let field = |from: usize, to: usize| text.get(from..to)?.parse::<i64>().ok();
    let is_time = matches!(text.as_bytes().get(10)?, b'T' | b't' | b' ');
    let days = days(field(0, 4)?, field(5, 7)?, field(8, 10)?);
    let clock = of_clock(field(11, 13)?, field(14, 16)?).saturating_add(field(17, 19)?);
    let behind = text.get(19..)?;
    let zone = behind.trim_start_matches(|c: char| c == '.' || c.is_ascii_digit());
    let local = days.saturating_mul(86_400).saturating_add(clock);
    let utc = local.saturating_sub(offset(zone)?);
    u64::try_from(utc).ok().filter(|_| is_time)
}

/// `Z`, `+02:00`, `-05:30`.
fn offset(zone: &str) -> Option<i64> {
    if matches!(zone, "Z" | "z") {
        return Some(0);
    }
    let field = |from: usize, to: usize| zone.get(from..to)?.parse::<i64>().ok();
    let ahead = of_clock(field(1, 3)?, field(4, 6)?);
    match zone.as_bytes().first()? {
        b'+' => Some(ahead),
        b'-' => Some(0_i64.saturating_sub(ahead)),
        _ => None,
    }
}

fn of_clock(hours: i64, minutes: i64) -> i64 {
    let hours = hours.saturating_mul(3_600);
    hours.saturating_add(minutes.saturating_mul(60))
}

/// Days from 1970-01-01 to that day of the Gregorian calendar. Years are counted from March, so that a leap day is the last.
fn days(year: i64, month: i64, day: i64) -> i64 {
    let early = month <= 2;
    let year = year.saturating_sub(i64::from(early));
    let month = if early {
        month.saturating_add(9)
    } else {
        month.saturating_sub(3)
    };
    let leaps = (year / 4)
        .saturating_sub(year / 100)
        .saturating_add(year / 400);
    let before_month = month.saturating_mul(153).saturating_add(2) / 5;
    let days = year.saturating_mul(365).saturating_add(leaps);
    days.saturating_add(before_month)
        .saturating_add(day)
        .saturating_sub(719_469)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn fractions_are_cut_and_offsets_count() {
        for text in [
            "2026-01-15T12:34:56.789Z",
            "2026-01-15T12:34:56Z",
            "2026-01-15T14:34:56.123456789+02:00",
            "2026-01-15T07:04:56.1-05:30",
        ] {
            assert_eq!(seconds(text), Some(1_768_480_496), "{text}");
        }
        assert_eq!(seconds("1970-01-01T00:00:00Z"), Some(0));
        assert_eq!(seconds("2024-02-29T00:00:00Z"), Some(1_709_164_800));
    }

    #[test]
    fn what_is_no_time_is_none() {
        for text in [
            "",
            "now",
            "2026-01-15",
            "2026-01-15T12:34:56",
            "1969-12-31T23:59:59Z",
            "2026-01-15T12:34:5éZ",
        ] {
            assert_eq!(seconds(text), None, "{text}");
        }
    }
}
