//! Ids for what a vendor leaves without one: the same bytes give the same, so that it does not matter who asks.

/// A number that tells parts apart: FNV-1a over all of them.
pub(super) fn digest(parts: &[&[u8]]) -> u64 {
    let bytes = parts.iter().copied().flatten();
    bytes.fold(0xcbf2_9ce4_8422_2325, |hash: u64, byte| {
        (hash ^ u64::from(*byte)).wrapping_mul(0x0000_0100_0000_01b3)
    })
}
