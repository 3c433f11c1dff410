//! Which exported span is which expected one.
//!
//! Spans of one kind in one turn are told apart by their order alone. Where there are as many as expected, the first is
//! the first; where one is missing or too many, they are paired, in order, so that most facts come out right. A span
//! that is missing so costs its own facts, and not those of every span after it.

use std::cmp::Reverse;

use super::expected::ExpectedSpan;
use super::span::Span;

/// For each of `wanted`, which of `exported` it is. Both are of one kind, and in order.
pub(crate) fn align(wanted: &[&ExpectedSpan], exported: &[&Span]) -> Vec<Option<usize>> {
    let scores = Scores::new(wanted, exported);
    orders(wanted)
        .into_iter()
        .map(|order| {
            let pairs = align_in_order(&order, &scores);
            let total: usize = pairs.iter().map(|&(wanted, exported)| scores.of(wanted, exported)).sum();
            (total, pairs)
        })
        .min_by_key(|(total, _)| Reverse(*total)) // the first of the best
        .map(|(_, pairs)| by_wanted(wanted.len(), &pairs))
        .unwrap_or_default()
}

/// How many facts are right if one of `wanted` is one of `exported`.
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

    fn of(&self, wanted: usize, exported: usize) -> usize {
        self.by_wanted[wanted][exported]
    }
}

/// What `wanted` claims of `span` with right, and that it exists. Not its parent: that may be yet to be found.
fn score(wanted: &ExpectedSpan, span: &Span) -> usize {
    1 + wanted.claims.iter().filter(|claim| claim.verdict(Some(span)).is_right()).count()
}

/// Pairs the wanted spans, in the order `order`, with the exported ones, in theirs, so that the sum of scores is the
/// highest.
fn align_in_order(order: &[usize], scores: &Scores) -> Vec<(usize, usize)> {
    if order.len() == scores.exported {
        return order.iter().copied().zip(0..).collect();
    }
    let best = best_sums(order, scores);
    let (mut row, mut column) = (0, 0);
    let mut pairs = Vec::new();
    while row < order.len() && column < scores.exported {
        if best[row][column] == best[row + 1][column + 1] + worth(order[row], column, scores) {
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

/// In row i and column j, the highest sum for the wanted spans from the i-th on and the exported ones from the j-th on.
fn best_sums(order: &[usize], scores: &Scores) -> Vec<Vec<usize>> {
    let mut best = vec![vec![0; scores.exported + 1]; order.len() + 1];
    for (row, &wanted) in order.iter().enumerate().rev() {
        for column in (0..scores.exported).rev() {
            let paired = best[row + 1][column + 1] + worth(wanted, column, scores);
            best[row][column] = paired.max(best[row + 1][column]).max(best[row][column + 1]);
        }
    }
    best
}

/// A pair counts for itself, too: of two ways with as many facts right, the one that leaves fewer spans alone is better.
fn worth(wanted: usize, exported: usize, scores: &Scores) -> usize {
    scores.of(wanted, exported) + 1
}

fn by_wanted(count: usize, pairs: &[(usize, usize)]) -> Vec<Option<usize>> {
    let mut exported_of = vec![None; count];
    for &(wanted, exported) in pairs {
        exported_of[wanted] = Some(exported);
    }
    exported_of
}

/// Every order in which `wanted` may come: as they are listed, but for those of one tie, which may change places.
fn orders(wanted: &[&ExpectedSpan]) -> Vec<Vec<usize>> {
    let mut orders = vec![(0..wanted.len()).collect::<Vec<_>>()];
    for places in tied_places(wanted) {
        orders = orders.iter().flat_map(|order| with_permuted(order, &places)).collect();
    }
    orders
}

/// The places of each tie.
fn tied_places(wanted: &[&ExpectedSpan]) -> Vec<Vec<usize>> {
    let mut ties: Vec<(&str, Vec<usize>)> = Vec::new();
    for (place, span) in wanted.iter().enumerate() {
        let Some(tie) = span.tie.as_deref() else {
            continue;
        };
        match ties.iter_mut().find(|(other, _)| *other == tie) {
            Some((_, places)) => places.push(place),
            None => ties.push((tie, vec![place])),
        }
    }
    ties.into_iter().map(|(_, places)| places).collect()
}

/// `order`, with what is at `places` there in every order.
fn with_permuted(order: &[usize], places: &[usize]) -> Vec<Vec<usize>> {
    let permuted = |sources: Vec<usize>| {
        let mut order = order.to_vec();
        for (&place, source) in places.iter().zip(sources) {
            order[place] = source;
        }
        order
    };
    permutations(places).into_iter().map(permuted).collect()
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
