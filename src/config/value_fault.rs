//! Values with which a program of Postfix ends when it starts, in its words.

use super::catalogue::{Limits, ValueType};

/// What a program says of the expanded value of a parameter before it ends; nothing if it runs.
#[must_use]
pub fn value_fault(name: &str, value_type: ValueType, value: &[u8]) -> Option<Vec<u8>> {
    let bad = |kind: &str| Some([format!("bad {kind} configuration: {name} = ").as_bytes(), value].concat());
    let text = std::str::from_utf8(value).ok();
    match value_type {
        ValueType::Bool | ValueType::NBool => {
            let is_known = value.eq_ignore_ascii_case(b"yes") || value.eq_ignore_ascii_case(b"no");
            if is_known { None } else { bad("boolean") }
        }
        ValueType::Int(limits) | ValueType::NInt(limits) => match text.and_then(|text| text.parse::<i32>().ok()) {
            Some(number) => number_fault(name, i64::from(number), limits),
            None => bad("numerical"),
        },
        ValueType::Long(limits) => match text.and_then(|text| text.parse().ok()) {
            Some(number) => number_fault(name, number, limits),
            None => bad("numerical"),
        },
        ValueType::Time { unit, limits } => match (unit.parse_time(value), limits.min) {
            (None, _) => {
                let head = format!("parameter {name}: bad time value or unit: ");
                Some([head.as_bytes(), value].concat())
            }
            (Some(seconds), Some(min)) if seconds < i64::from(min) => {
                Some(format!("invalid {name}: {seconds} (min {min})").into_bytes())
            }
            _ => None,
        },
        ValueType::Str(limits) | ValueType::Raw(limits) => {
            let min = limits.min.unwrap_or_default();
            (value.len() < min as usize).then(|| {
                let head = format!("bad string length {} < {min}: {name} = ", value.len());
                [head.as_bytes(), value].concat()
            })
        }
    }
}

fn number_fault(name: &str, number: i64, limits: Limits) -> Option<Vec<u8>> {
    let (sign, limit) = match limits {
        Limits { min: Some(min), .. } if number < i64::from(min) => ('<', min),
        Limits { max: Some(max), .. } if number > i64::from(max) => ('>', max),
        _ => return None,
    };
    Some(format!("invalid {name} parameter value {number} {sign} {limit}").into_bytes())
}
