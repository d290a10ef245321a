//! A JSON pattern as alternatives, each a list of conditions that must all hold.

use super::program::Program;

/// How many alternatives a pattern may have; one with more is always evaluated.
const MAX_CONJUNCTIONS: usize = 128;

/// Numbers of conditions that must all hold.
pub(super) type Conjunction = Vec<u32>;

/// The alternatives of a pattern, in any order; `None` if there are too many. There is no negation in the
/// language, so this is only multiplying out.
pub(super) fn conjunctions(program: &Program) -> Option<Vec<Conjunction>> {
    match program {
        Program::Condition(id) => Some(vec![vec![*id]]),
        Program::Any(parts) => parts.iter().try_fold(Vec::new(), |mut all, part| {
            all.extend(conjunctions(part)?);
            bounded(all)
        }),
        Program::All(parts) => {
            parts.iter().try_fold(vec![Vec::new()], |all, part| product(&all, &conjunctions(part)?))
        }
    }
}

fn product(left: &[Conjunction], right: &[Conjunction]) -> Option<Vec<Conjunction>> {
    if left.len() * right.len() > MAX_CONJUNCTIONS {
        return None;
    }
    Some(left.iter().flat_map(|left| right.iter().map(|right| [&**left, right].concat())).collect())
}

fn bounded(all: Vec<Conjunction>) -> Option<Vec<Conjunction>> {
    (all.len() <= MAX_CONJUNCTIONS).then_some(all)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn any(ids: std::ops::Range<u32>) -> Program {
        Program::Any(ids.map(Program::Condition).collect())
    }

    #[test]
    fn multiplies_out() {
        let program = Program::All(vec![any(0..2), Program::Condition(9), any(2..4)]);
        assert_eq!(conjunctions(&program).unwrap(), [[0, 9, 2], [0, 9, 3], [1, 9, 2], [1, 9, 3]]);
    }

    #[test]
    fn gives_up_before_it_explodes() {
        assert!(conjunctions(&Program::All((0..40).map(|_| any(0..2)).collect())).is_none());
        assert!(conjunctions(&any(0..500)).is_none());
    }
}
