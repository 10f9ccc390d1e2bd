//! "Did you mean": the nearest of the words that would have been right.

/// The candidate nearest to `word`, if it is near enough to be what was meant.
///
/// Distance is Damerau-Levenshtein's restricted form (a swap of neighbours counts one); near enough is one edit for up to
/// three characters, two for up to seven, three beyond. Ties go to the candidate that comes first.
pub fn nearest<'c>(word: &str, candidates: impl IntoIterator<Item = &'c str>) -> Option<&'c str> {
    // A name this long is no typo of anything, and the distance costs the product of the lengths.
    if word.len() > 64 {
        return None;
    }
    let length = word.chars().count();
    let reach = match length {
        0..=3 => 1,
        4..=7 => 2,
        _ => 3,
    };
    let lower = word.to_lowercase();
    candidates
        .into_iter()
        .filter(|candidate| candidate.len() <= 64 && candidate.len().abs_diff(word.len()) <= 2 * reach)
        .map(|candidate| (strsim::osa_distance(&lower, &candidate.to_lowercase()), candidate))
        .filter(|&(distance, candidate)| distance <= reach && distance < candidate.chars().count())
        .min_by_key(|&(distance, _)| distance)
        .map(|(_, candidate)| candidate)
}

#[cfg(test)]
mod tests {
    use super::nearest;

    #[test]
    fn finds_typos_and_leaves_strangers_alone() {
        let words = ["ttl", "timeout", "max_length", "id"];
        assert_eq!(nearest("tll", words), Some("ttl"));
        assert_eq!(nearest("tiemout", words), Some("timeout"));
        assert_eq!(nearest("Timeout", words), Some("timeout"));
        assert_eq!(nearest("banana", words), None);
        assert_eq!(nearest("x", words), None);
    }
}
