//! The generator of choices.

use crate::Draw;

/// SplitMix64 (Steele, Lea & Flood, OOPSLA 2014), keyed by a seed and a stream, so that what one
/// part of a check draws does not move what another part draws.
#[derive(Clone, Debug)]
pub(super) struct Random {
    state: u64,
}

const GOLDEN: u64 = 0x9e37_79b9_7f4a_7c15;

impl Random {
    pub(super) fn new(seed: u64, stream: u64) -> Self {
        Self { state: mix(mix(seed.wrapping_add(GOLDEN)) ^ stream.wrapping_mul(GOLDEN)) }
    }

    /// True once in `n` times.
    pub(super) fn once_in(&mut self, n: u64) -> bool {
        self.below(n) == 0
    }

    /// An index below `len`, which must not be 0.
    pub(super) fn index(&mut self, len: usize) -> usize {
        self.below(len as u64) as usize
    }

    pub(super) fn shuffle<T>(&mut self, items: &mut [T]) {
        for last in (1..items.len()).rev() {
            items.swap(last, self.index(last + 1));
        }
    }
}

impl Draw for Random {
    fn below(&mut self, bound: u64) -> u64 {
        assert!(bound > 0, "a choice needs something to choose from");
        self.state = self.state.wrapping_add(GOLDEN);
        // The high half of the product: unbiased enough for choices, and without a division.
        ((u128::from(mix(self.state)) * u128::from(bound)) >> 64) as u64
    }
}

fn mix(mut z: u64) -> u64 {
    z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
    z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
    z ^ (z >> 31)
}

/// The `K`-tuples of indices below `len`: all of them if they are at most `cap`, otherwise `cap`
/// of them, drawn.
pub(super) fn tuples<const K: usize>(
    len: usize,
    cap: usize,
    stream: u64,
) -> impl Iterator<Item = [usize; K]> {
    let all = len.checked_pow(K as u32).filter(|&all| all <= cap);
    let mut random = Random::new(len as u64, stream);
    let number = if len == 0 { 0 } else { all.unwrap_or(cap) };
    (0..number).map(move |number| {
        let mut rest = number;
        std::array::from_fn(|_| match all {
            Some(_) => {
                let digit = rest % len;
                rest /= len;
                digit
            }
            None => random.index(len),
        })
    })
}
