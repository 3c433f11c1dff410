//! Pairs exported spans with expected ones.
//!
//! Spans of one kind in one turn differ by their order alone. If there are as many as expected, the first is paired with the
//! first, and so on. Otherwise they are paired in the order that makes most facts right, so that a missing span costs its own
//! facts but not those of the spans after it.

use std::cmp::Reverse;

use super::expected::ExpectedSpan;
use super::span::Span;

/// Returns for each of `wanted` the index of its span in `exported`. Both lists are of one kind, and in order.
pub(crate) fn align(wanted: &[&ExpectedSpan], exported: &[&Span]) -> Vec<Option<usize>> {
    let scores = Scores::new(wanted, exported);
    orders(wanted)
        .into_iter()
        .map(|order| {
            let pairs = align_in_order(&order, &scores);
            let total: usize = pairs.iter().map(|&(wanted, exported)| scores.get(wanted, exported)).sum();
            (total, pairs)
        })
        .min_by_key(|(total, _)| Reverse(*total)) // the first of the best
        .map(|(_, pairs)| by_wanted(wanted.len(), &pairs))
        .unwrap_or_default()
}

/// The number of right facts for each pair of a wanted and an exported span.
struct Scores {
    by_wanted: Vec<Vec<usize>>,
    exported: usize,
}

impl Scores {
    fn new(wanted: &[&ExpectedSpan], exported: &[&Span]) -> Self {
        let by_wanted =
            wanted.iter().map(|wanted| exported.iter().map(|span| score(wanted, span)).collect()).collect();
        Self { by_wanted, exported: exported.len() }
    }

    fn get(&self, wanted: usize, exported: usize) -> usize {
        self.by_wanted[wanted][exported]
    }
}

/// Returns the number of right claims plus one for existence. The parent does not count, as it may not be paired yet.
fn score(wanted: &ExpectedSpan, span: &Span) -> usize {
    1 + wanted.claims.iter().filter(|claim| claim.verdict(Some(span)).is_right()).count()
}

/// Pairs the wanted spans in the order `order` with the exported spans in their own order, such that the sum of scores
/// is highest.
fn align_in_order(order: &[usize], scores: &Scores) -> Vec<(usize, usize)> {
    if order.len() == scores.exported {
        return order.iter().copied().zip(0..).collect();
    }
    let best = best_sums(order, scores);
    let (mut row, mut column) = (0, 0);
    let mut pairs = Vec::new();
    while row < order.len() && column < scores.exported {
        if best[row][column] == best[row + 1][column + 1] + value(order[row], column, scores) {
            pairs.push((order[row], column));
            row += 1;
            column += 1;
        } else if best[row][column] == best[row + 1][column] {
            row += 1;
        } else {
            column += 1;
        }
    }
    pairs
}

/// Returns in row i and column j the highest sum for wanted spans from the i-th and exported spans from the j-th on.
fn best_sums(order: &[usize], scores: &Scores) -> Vec<Vec<usize>> {
    let mut best = vec![vec![0; scores.exported + 1]; order.len() + 1];
    for (row, &wanted) in order.iter().enumerate().rev() {
        for column in (0..scores.exported).rev() {
            let paired = best[row + 1][column + 1] + value(wanted, column, scores);
            best[row][column] = paired.max(best[row + 1][column]).max(best[row][column + 1]);
        }
    }
    best
}

/// Returns the score plus one for the pair itself, so that of two equal alignments the one with more pairs wins.
fn value(wanted: usize, exported: usize, scores: &Scores) -> usize {
    scores.get(wanted, exported) + 1
}

fn by_wanted(count: usize, pairs: &[(usize, usize)]) -> Vec<Option<usize>> {
    let mut exported_of = vec![None; count];
    for &(wanted, exported) in pairs {
        exported_of[wanted] = Some(exported);
    }
    exported_of
}

/// Returns every permitted order of `wanted`: as listed, except that spans of one tie may change positions.
fn orders(wanted: &[&ExpectedSpan]) -> Vec<Vec<usize>> {
    let mut orders = vec![(0..wanted.len()).collect::<Vec<_>>()];
    for tied in tied_indices(wanted) {
        orders = orders.iter().flat_map(|order| permute(order, &tied)).collect();
    }
    orders
}

/// Returns the indices of each tie.
fn tied_indices(wanted: &[&ExpectedSpan]) -> Vec<Vec<usize>> {
    let mut ties: Vec<(&str, Vec<usize>)> = Vec::new();
    for (index, span) in wanted.iter().enumerate() {
        let Some(tie) = span.tie.as_deref() else {
            continue;
        };
        match ties.iter_mut().find(|(other, _)| *other == tie) {
            Some((_, indices)) => indices.push(index),
            None => ties.push((tie, vec![index])),
        }
    }
    ties.into_iter().map(|(_, indices)| indices).collect()
}

/// Returns `order` with the items at `indices` in every order.
fn permute(order: &[usize], indices: &[usize]) -> Vec<Vec<usize>> {
    let permuted = |sources: Vec<usize>| {
        let mut order = order.to_vec();
        for (&index, source) in indices.iter().zip(sources) {
            order[index] = source;
        }
        order
    };
    permutations(indices).into_iter().map(permuted).collect()
}

fn permutations(items: &[usize]) -> Vec<Vec<usize>> {
    if items.is_empty() {
        return vec![Vec::new()];
    }
    let mut all = Vec::new();
    for (index, &first) in items.iter().enumerate() {
        let others = [&items[..index], &items[index + 1..]].concat();
        all.extend(permutations(&others).into_iter().map(|rest| [&[first], rest.as_slice()].concat()));
    }
    all
}
