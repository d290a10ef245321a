//! What did somebody mean who wrote a name wrong?

/// The candidate that is most like `name`, if one is at most a third of it away.
#[must_use]
pub fn closest<'c>(name: &str, candidates: Vec<&'c str>) -> Option<&'c str> {
    let most = name.chars().count().min(64) / 3;
    let near = candidates.into_iter().filter(|candidate| candidate.len().abs_diff(name.len()) <= most);
    let measured = near.map(|candidate| (distance(name, candidate), candidate));
    measured.filter(|(distance, _)| *distance <= most).min().map(|(_, candidate)| candidate)
}

/// How many letters must change, by Levenshtein; upper and lower case are the same.
fn distance(left: &str, right: &str) -> usize {
    let right: Vec<char> = right.to_ascii_lowercase().chars().take(MOST_COMPARED).collect();
    let mut row: Vec<usize> = (0..=right.len()).collect();
    for (index, own) in left.to_ascii_lowercase().chars().take(MOST_COMPARED).enumerate() {
        let mut next = vec![index + 1];
        for (other, pair) in right.iter().zip(row.windows(2)) {
            let (diagonal, above) = (pair.first().copied(), pair.get(1).copied());
            let changed = diagonal.unwrap_or_default() + usize::from(own != *other);
            let beside = next.last().copied().unwrap_or_default();
            next.push(changed.min(above.unwrap_or_default() + 1).min(beside + 1));
        }
        row = next;
    }
    row.last().copied().unwrap_or_default()
}

const MOST_COMPARED: usize = 64;

#[cfg(test)]
mod tests {
    use super::closest;

    #[test]
    fn a_slip_finds_its_name_and_another_word_none() {
        let names = || vec!["Threshold", "Period", "Unit"];
        assert_eq!(closest("Treshold", names()), Some("Threshold"));
        assert_eq!(closest("threshhold", names()), Some("Threshold"));
        assert_eq!(closest("Colour", names()), None);
        assert_eq!(closest("", names()), None);
    }
}
