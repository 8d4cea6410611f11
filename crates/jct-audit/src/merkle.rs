//! The Merkle tree of RFC 6962: one hash over many leaves, and short proofs that a leaf is among them.
//!
//! Written here because the crates at hand either panic on bad input or leave out the bytes that keep leaves (`0x00`)
//! and nodes (`0x01`) apart.

use sha2::{Digest, Sha256};

pub(crate) type Node = [u8; 32];

const LEAF: [u8; 1] = [0];
const NODE: [u8; 1] = [1];

/// A hasher for one leaf; the leaf's bytes go in next.
pub(crate) fn leaf_hasher() -> Sha256 {
    Sha256::new_with_prefix(LEAF)
}

fn node(left: &Node, right: &Node) -> Node {
    Sha256::new_with_prefix(NODE).chain_update(left).chain_update(right).finalize().into()
}

/// Both halves of a tree: the left one holds the largest power of two that leaves something for the right one.
fn halves(leaves: &[Node]) -> Option<(&[Node], &[Node])> {
    let last = leaves.len().checked_sub(1)?;
    leaves.split_at_checked(1 << last.checked_ilog2()?)
}

/// The hash over all leaves; of none, the hash of nothing.
pub(crate) fn root(leaves: &[Node]) -> Node {
    match (halves(leaves), leaves) {
        (Some((left, right)), _) => node(&root(left), &root(right)),
        (None, [leaf, ..]) => *leaf,
        (None, []) => Sha256::digest([]).into(),
    }
}

/// The hashes that lead from the leaf at `index` to the root, from the bottom; `None` if there is no such leaf.
pub(crate) fn path(leaves: &[Node], index: usize) -> Option<Vec<Node>> {
    let Some((left, right)) = halves(leaves) else {
        return (index < leaves.len()).then(Vec::new);
    };
    let (mut below, beside) = match index.checked_sub(left.len()) {
        None => (path(left, index)?, root(right)),
        Some(index) => (path(right, index)?, root(left)),
    };
    below.push(beside);
    Some(below)
}

/// The root that follows from a leaf and its path; `None` if the path does not fit a tree of that size.
pub(crate) fn root_by_path(leaf: Node, index: u64, size: u64, path: &[Node]) -> Option<Node> {
    let mut here = index;
    let mut last = size.checked_sub(1).filter(|last| index <= *last)?;
    let mut hash = leaf;
    for beside in path {
        if last == 0 {
            return None;
        }
        if here & 1 == 1 || here == last {
            hash = node(beside, &hash);
            // The last node of a level without a partner moves up unchanged.
            while here & 1 == 0 && here != 0 {
                here >>= 1;
                last >>= 1;
            }
        } else {
            hash = node(&hash, beside);
        }
        here >>= 1;
        last >>= 1;
    }
    (last == 0).then_some(hash)
}

#[cfg(test)]
mod tests {
    use super::*;

    /// The leaves and roots that the reference implementation of Certificate Transparency tests with.
    const LEAVES: [&str; 8] =
        ["", "00", "10", "2021", "3031", "40414243", "5051525354555657", "606162636465666768696a6b6c6d6e6f"];
    const ROOTS: [&str; 9] = [
        "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        "6e340b9cffb37a989ca544e6bb780a2c78901d3fb33738768511a30617afa01d",
        "fac54203e7cc696cf0dfcb42c92a1d9dbaf70ad9e621f4bd8d98662f00e3c125",
        "aeb6bcfe274b70a14fb067a5e5578264db0fa9b51af5e0ba159158f329e06e77",
        "d37ee418976dd95753c1c73862b9398fa2a2cf9b4ff0fdfe8b30cd95209614b7",
        "4e3bbb1f7b478dcfe71fb631631519a3bca12c9aefca1612bfce4c13a86264d4",
        "76e67dadbcdf1e10e1b74ddc608abd2f98dfb16fbce75277b5232a127f2087ef",
        "ddb89be403809e325750d3d263cd78929c2942b7942a34b77e122c9594a74c8c",
        "5dc9da79a70659a9ad559cb701ded9a2ab9d823aad2f4960cfe370eff4604328",
    ];

    fn leaves(count: usize) -> Vec<Node> {
        let leaf = |text: &&str| leaf_hasher().chain_update(hex::decode(text).unwrap()).finalize().into();
        LEAVES.iter().take(count).map(leaf).collect()
    }

    #[test]
    fn the_roots_are_those_of_the_reference_implementation() {
        for (count, expected) in ROOTS.iter().enumerate() {
            assert_eq!(hex::encode(root(&leaves(count))), *expected, "{count} leaves");
        }
    }

    #[test]
    fn a_path_proves_its_leaf_at_its_place_and_nothing_else() {
        let many: Vec<Node> = (0..=40_u8).map(|n| leaf_hasher().chain_update([n]).finalize().into()).collect();
        for size in 1..=many.len() {
            let tree = &many[..size];
            let top = root(tree);
            for (index, leaf) in tree.iter().enumerate() {
                let path = path(tree, index).unwrap();
                let check = |leaf: Node, index: usize, path: &[Node]| {
                    root_by_path(leaf, index as u64, size as u64, path) == Some(top)
                };
                assert!(check(*leaf, index, &path), "leaf {index} of {size}");
                assert!(!check([7; 32], index, &path));
                assert!(!check(*leaf, index + 1, &path));
                assert!(!check(*leaf, index, &[path.as_slice(), &[[0; 32]]].concat()));
                assert!(path.is_empty() || !check(*leaf, index, &path[1..]));
            }
            assert_eq!(path(tree, size), None);
            assert_eq!(root_by_path(many[0], size as u64, size as u64, &[]), None);
        }
    }
}
