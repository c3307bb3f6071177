//! Many in one call: Ed25519 for the verify workers, SHA-256 for the ledger. An accelerator and nothing else: the rule of signatures stands in
//! `src/base/signature.ts`, which has done the pre-check (canonical S, A and R, none of small order) on every item before it asks here, and which decides
//! alone where this addon is absent; the same hashes come from node:crypto there, one by one (`src/base/cryptoNode.ts`).
//!
//! Items of signatures are positions in one buffer: for each signature four u32, from and to of what was signed (behind the frame's `head`), the key, the signature.

use curve25519_dalek::{EdwardsPoint, Scalar, edwards::CompressedEdwardsY};
use ed25519_zebra::{Signature, VerificationKeyBytes, batch};
use napi::bindgen_prelude::{Error, Result, Uint8Array, Uint8ArraySlice};
use napi_derive::napi;
use sha2::{Digest, Sha256, Sha512};
use std::collections::HashMap;

const FIELDS: usize = 4;

/// One item, its bounds checked.
struct Signed<'a> {
    body: &'a [u8],
    key: [u8; 32],
    signature: [u8; 64],
}

fn item<'a>(bytes: &'a [u8], at: &[u32]) -> Option<Signed<'a>> {
    let (key, signature) = (at[2] as usize, at[3] as usize);
    Some(Signed {
        body: bytes.get(at[0] as usize..at[1] as usize)?,
        key: bytes.get(key..key.checked_add(32)?)?.try_into().ok()?,
        signature: bytes.get(signature..signature.checked_add(64)?)?.try_into().ok()?,
    })
}

fn out_of_bounds() -> Error {
    Error::from_reason("an item lies outside the bytes")
}

/// True if all items hold by the equation with the cofactor, [8]([S]B − R − [k]A) = 0, false if at least one does not (and with a probability of 2^−127
/// true all the same). Random coefficients, fresh in each call.
#[napi]
pub fn verify_together(head: &[u8], bytes: &[u8], items: &[u32]) -> Result<bool> {
    let mut verifier = batch::Verifier::new();
    let mut message = head.to_vec();
    for at in items.chunks_exact(FIELDS) {
        let signed = item(bytes, at).ok_or_else(out_of_bounds)?;
        message.truncate(head.len());
        message.extend_from_slice(signed.body);
        verifier.queue((VerificationKeyBytes::from(signed.key), Signature::from(signed.signature), &message));
    }
    Ok(verifier.verify(rand::rng()).is_ok())
}

/// One byte for each item: 1 if it holds by the equation without the cofactor, [S]B − [k]A = R, else 0. What libsodium says of it.
#[napi]
pub fn verify_each(head: &[u8], bytes: &[u8], items: &[u32]) -> Result<Uint8Array> {
    let mut keys: HashMap<[u8; 32], Option<EdwardsPoint>> = HashMap::new();
    let mut verdicts = Vec::with_capacity(items.len() / FIELDS);
    for at in items.chunks_exact(FIELDS) {
        let signed = item(bytes, at).ok_or_else(out_of_bounds)?;
        let minus_a = *keys
            .entry(signed.key)
            .or_insert_with(|| CompressedEdwardsY(signed.key).decompress().map(|a| -a));
        verdicts.push(minus_a.is_some_and(|minus_a| holds(head, &signed, &minus_a)).into());
    }
    Ok(verdicts.into())
}

fn holds(head: &[u8], signed: &Signed, minus_a: &EdwardsPoint) -> bool {
    let (r, s) = signed.signature.split_at(32);
    let Some(s) = s
        .try_into()
        .ok()
        .and_then(|s| Option::<Scalar>::from(Scalar::from_canonical_bytes(s)))
    else {
        return false;
    };
    let hash = Sha512::new()
        .chain_update(r)
        .chain_update(signed.key)
        .chain_update(head)
        .chain_update(signed.body);
    let k = Scalar::from_hash(hash);
    EdwardsPoint::vartime_double_scalar_mul_basepoint(&k, minus_a, &s)
        .compress()
        .as_bytes()
        == r
}

const HASH: usize = 32;

/// SHA-256(head ‖ bytes[from … to) ‖ middle ‖ tail) for each pair (from, to) of `ranges`, 32 bytes each into `out`. `tails` are 32 bytes each, or nothing at
/// all: then `middle` counts for nothing either.
#[napi]
pub fn sha256_many(head: &[u8], bytes: &[u8], ranges: &[u32], middle: &[u8], tails: &[u8], mut out: Uint8ArraySlice) -> Result<()> {
    // SAFETY: the caller (cryptoNode.ts) gives a buffer of its own, none of the inputs, and waits for the end of the call.
    let out = unsafe { out.as_mut() };
    let count = ranges.len() / 2;
    if out.len() < HASH * count || !(tails.is_empty() || tails.len() >= HASH * count) {
        return Err(out_of_bounds());
    }
    for (i, (range, hash)) in ranges.chunks_exact(2).zip(out.chunks_exact_mut(HASH)).enumerate() {
        let part = bytes.get(range[0] as usize..range[1] as usize).ok_or_else(out_of_bounds)?;
        let mut hasher = Sha256::new_with_prefix(head);
        hasher.update(part);
        if let Some(tail) = tails.get(HASH * i..HASH * (i + 1)) {
            hasher.update(middle);
            hasher.update(tail);
        }
        hash.copy_from_slice(&hasher.finalize());
    }
    Ok(())
}

/// The root over `count` ≥ 1 leaf hashes laid end to end (RFC 9162 §2.1.1), left in the first 32 bytes of `flat`; the rest of it is overwritten.
#[napi]
pub fn merkle_root(mut flat: Uint8ArraySlice, count: u32) -> Result<()> {
    // SAFETY: the only reference to it while the call lasts.
    let flat = unsafe { flat.as_mut() };
    let mut n = count as usize;
    if n == 0 || flat.len() < HASH * n {
        return Err(out_of_bounds());
    }
    while n > 1 {
        let pairs = n / 2;
        for i in 0..pairs {
            let hash = Sha256::new_with_prefix([1])
                .chain_update(&flat[2 * HASH * i..2 * HASH * (i + 1)])
                .finalize();
            flat[HASH * i..HASH * (i + 1)].copy_from_slice(&hash);
        }
        if n % 2 == 1 {
            flat.copy_within(HASH * (n - 1)..HASH * n, HASH * pairs);
        }
        n = pairs + n % 2;
    }
    Ok(())
}
