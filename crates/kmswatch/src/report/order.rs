//! Which group does a tired person have to read first?

use std::cmp::Reverse;
use std::collections::{HashMap, HashSet};

use cloudtrail::call::Tier;

use super::group::{Group, Groups, Place};
use super::strings::Sym;

/// The places of all groups, worst first: people and workloads before services' own calls, unexpected before
/// expected, by the error's weight, by the number of keys that the principal failed with, by the number of calls,
/// and then by name, so that the order depends on nothing else.
pub(super) fn worst_first(groups: &Groups) -> Vec<Place> {
    let breadth = breadth(groups);
    let mut order: Vec<(Place, &Group)> = (0..).zip(&groups.list).collect();
    order.sort_by(|(_, one), (_, two)| {
        rank(one, &breadth)
            .cmp(&rank(two, &breadth))
            .then_with(|| names(one, groups).cmp(&names(two, groups)))
    });
    order.into_iter().map(|(place, _)| place).collect()
}

/// What makes one group worse than another, names aside.
type Rank = (bool, bool, Reverse<Tier>, Reverse<u32>, Reverse<u64>);

fn rank(group: &Group, breadth: &HashMap<Sym, u32>) -> Rank {
    let keys = breadth.get(&group.key.principal).copied().unwrap_or_default();
    (
        group.by_service,
        group.key.expected.is_some(),
        Reverse(group.tier),
        Reverse(keys),
        Reverse(group.calls()),
    )
}

/// Principal, key, error, and the entry of the expected list.
pub(super) type Names<'g> = (&'g str, Option<&'g str>, Option<&'g str>, Option<u32>);

/// What tells two groups of one rank apart.
pub(super) fn names<'g>(group: &Group, groups: &'g Groups) -> Names<'g> {
    let text = |sym| groups.strings.get(sym);
    let key = &group.key;
    (text(key.principal), key.key.map(text), key.error.map(text), key.expected.map(|entry| entry.number()))
}

/// With how many keys each principal failed.
fn breadth(groups: &Groups) -> HashMap<Sym, u32> {
    let failed = groups.list.iter().filter(|group| group.key.error.is_some());
    let pairs: HashSet<(Sym, Sym)> =
        failed.filter_map(|group| Some((group.key.principal, group.key.key?))).collect();
    let mut breadth = HashMap::new();
    for (principal, _) in pairs {
        *breadth.entry(principal).or_default() += 1;
    }
    breadth
}
