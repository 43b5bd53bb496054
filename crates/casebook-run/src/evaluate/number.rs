//! Numbers that are compared: whole ones to the last digit, as large as they are.

use std::cmp::Ordering;
use std::fmt;

use casebook_ticket::language::{Comparison, Operand, Operator};
use serde_json::Value as Json;

use super::{Judgement, Reason, Resolve, referred};

/// A number.
#[derive(Clone, Copy, Debug)]
pub(super) enum Number {
    Whole(i128),
    Real(f64),
}

impl Number {
    /// The number that a JSON value is, or a text says. Headers are texts, whatever they say.
    pub(super) fn of(value: &Json) -> Option<Self> {
        match value {
            Json::Number(number) => {
                let whole = number.as_i64().map(i128::from).or_else(|| number.as_u64().map(i128::from));
                whole.map(Self::Whole).or_else(|| number.as_f64().map(Self::from))
            }
            Json::String(text) => {
                let text = text.trim();
                let real = || text.parse().ok().filter(|number: &f64| number.is_finite()).map(Self::from);
                text.parse().ok().map(Self::Whole).or_else(real)
            }
            _ => None,
        }
    }

    /// None where one of them is no number.
    fn order(self, other: Self) -> Option<Ordering> {
        match (self, other) {
            (Self::Whole(one), Self::Whole(other)) => Some(one.cmp(&other)),
            // Where a whole number loses digits, there are none with a fraction.
            (Self::Whole(one), Self::Real(other)) => (one as f64).partial_cmp(&other),
            (Self::Real(one), Self::Whole(other)) => one.partial_cmp(&(other as f64)),
            (Self::Real(one), Self::Real(other)) => one.partial_cmp(&other),
        }
    }

    pub(super) fn equals(self, other: Self) -> bool {
        self.order(other) == Some(Ordering::Equal)
    }
}

impl From<f64> for Number {
    fn from(number: f64) -> Self {
        const LARGEST: f64 = (1_u128 << 100) as f64;
        let is_whole = number.fract() == 0.0 && number.abs() < LARGEST;
        if is_whole { Self::Whole(number as i128) } else { Self::Real(number) }
    }
}

impl fmt::Display for Number {
    fn fmt(&self, formatter: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Whole(number) => number.fmt(formatter),
            Self::Real(number) => number.fmt(formatter),
        }
    }
}

/// Holds a comparison against a number that is called so.
pub(super) fn judge(
    name: &str,
    number: Number,
    comparison: &Comparison<Operand>,
    resolve: Resolve<'_>,
) -> Judgement {
    let value = |operand: &Operand| match operand {
        Operand::Number(number) => Ok(Number::from(*number)),
        Operand::Reference(reference) => {
            let value = referred(reference, resolve)?;
            let number = Number::of(&value);
            number.ok_or_else(|| Reason::Unknown(format!("{reference} is no number but {value}")))
        }
    };
    let comparison = match comparison {
        Comparison::With(operator, operand) => Comparison::With(*operator, value(operand)?),
        Comparison::Range(least, most) => Comparison::Range(value(least)?, value(most)?),
    };
    if compares(number, &comparison) { Ok(()) } else { Err(Reason::Not(format!("{name} is {number}"))) }
}

/// Whether a number compares as wanted. What is no number compares with nothing, nor is it anything else than another.
pub(super) fn compares(number: Number, comparison: &Comparison<Number>) -> bool {
    let holds = |operator: Operator, other: Number| {
        number.order(other).is_some_and(|order| match operator {
            Operator::Equal => order.is_eq(),
            Operator::Unequal => order.is_ne(),
            Operator::Less => order.is_lt(),
            Operator::AtMost => order.is_le(),
            Operator::More => order.is_gt(),
            Operator::AtLeast => order.is_ge(),
        })
    };
    match comparison {
        Comparison::Range(least, most) => holds(Operator::AtLeast, *least) && holds(Operator::AtMost, *most),
        Comparison::With(operator, other) => holds(*operator, *other),
    }
}
