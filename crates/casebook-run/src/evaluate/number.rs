//! Numbers that are compared.

use casebook_ticket::language::{Comparison, Operand, Operator};

use super::{Judgement, Reason, Resolve, referred};

/// Holds a comparison against a number that is called so.
pub(super) fn judge(
    name: &str,
    number: f64,
    comparison: &Comparison<Operand>,
    resolve: Resolve<'_>,
) -> Judgement {
    let value = |operand: &Operand| match operand {
        Operand::Number(number) => Ok(*number),
        Operand::Reference(reference) => {
            let value = referred(reference, resolve)?;
            let number = value.as_f64().or_else(|| value.as_str().and_then(|text| text.trim().parse().ok()));
            number.ok_or_else(|| Reason::Unknown(format!("{reference} is no number but {value}")))
        }
    };
    let comparison = match comparison {
        Comparison::With(operator, operand) => Comparison::With(*operator, value(operand)?),
        Comparison::Range(least, most) => Comparison::Range(value(least)?, value(most)?),
    };
    if compares(number, &comparison) { Ok(()) } else { Err(Reason::Not(format!("{name} is {number}"))) }
}

/// Whether a number compares as wanted.
pub(super) fn compares(number: f64, comparison: &Comparison<f64>) -> bool {
    match comparison {
        Comparison::Range(least, most) => (*least..=*most).contains(&number),
        Comparison::With(operator, other) => {
            let order = number.total_cmp(other);
            match operator {
                Operator::Equal => order.is_eq(),
                Operator::Unequal => order.is_ne(),
                Operator::Less => order.is_lt(),
                Operator::AtMost => order.is_le(),
                Operator::More => order.is_gt(),
                Operator::AtLeast => order.is_ge(),
            }
        }
    }
}
