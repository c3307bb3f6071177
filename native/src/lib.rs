//! Ed25519 for the verify workers: many signatures in one call. An accelerator and nothing else: the rule stands in `src/base/signature.ts`, which has
//! done the pre-check (canonical S, A and R, none of small order) on every item before it asks here, and which decides alone where this addon is absent.
//!
//! Items are positions in one buffer: for each signature four u32, from and to of what was signed (behind the frame's `head`), the key, the signature.

use curve25519_dalek::{EdwardsPoint, Scalar, edwards::CompressedEdwardsY};
use ed25519_zebra::{Signature, VerificationKeyBytes, batch};
use napi::bindgen_prelude::{Error, Result, Uint8Array};
use napi_derive::napi;
use sha2::{Digest, Sha512};
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
