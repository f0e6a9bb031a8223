//! What a benchmark makes of its measurements: medians, and how ratios stand to their goals.

/// The middle value.
pub fn median(values: &mut [f64]) -> f64 {
    values.sort_by(f64::total_cmp);
    values[values.len() / 2]
}

/// How a ratio stands to its goal and to the least that will do, and whether that is good enough.
pub fn verdict(ratio: Option<f64>, goal: Option<(f64, f64)>) -> (String, bool) {
    match (ratio, goal) {
        (Some(ratio), Some((goal, least))) if ratio < least => {
            (format!("MISSED: {least} is the least, {goal} the goal"), false)
        }
        (Some(ratio), Some((goal, _))) if ratio < goal => (format!("short of the goal, {goal}"), true),
        (Some(_), Some((goal, _))) => (format!("goal {goal} reached"), true),
        _ => (String::new(), true),
    }
}
