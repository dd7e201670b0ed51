// JSON Web Tokens as an `authenticate`: signature, algorithm, issuer, audience and times, checked
// by jose, every one of them wanted. An export of its own, so that a server that does not ask for
// it does not load jose. Trap: which algorithm a token is checked with is never the token's choice,
// and nothing in its header (jwk, jku, x5c, kid) brings a key.
import { createPublicKey, createSecretKey, type JsonWebKey, KeyObject } from 'node:crypto';
import { checkNames, UsageError } from '@tickwire/protocol';
import {
  createLocalJWKSet,
  createRemoteJWKSet,
  errors,
  type JSONWebKeySet,
  type JWTPayload,
  type JWTVerifyGetKey,
  jwtVerify,
} from 'jose';
import { type Authenticate, Refusal } from './admission.ts';
import { isLoopback } from './proxies.ts';

/** Signatures that are checked: with a shared secret (HS), or with a public key. */
export type JwtAlgorithm =
  | `${'HS' | 'RS' | 'PS' | 'ES'}${'256' | '384' | '512'}`
  | 'EdDSA'
  | 'Ed25519';

export interface JwtOptions {
  /**
   * One key: for HS a secret of as many bytes as the hash (text, or bytes); for the others the
   * public key as PEM, JWK or KeyObject. Either this or `jwks`.
   */
  key?: string | Uint8Array | KeyObject | JsonWebKey;
  /**
   * The issuer's public keys: itself, or its https address, which is asked again for a `kid` that
   * is new, at most once in 30 s.
   */
  jwks?: string | URL | JSONWebKeySet;
  /** Those that your issuer signs with. None else is believed, whatever a token says. */
  algorithms: readonly JwtAlgorithm[];
  /** What `iss` must be. */
  issuer: string | readonly string[];
  /** What `aud` must be, or have. */
  audience: string | readonly string[];
  /** Claims that must be there, besides `exp`, `iss` and `aud`. Default `['sub']`. */
  requiredClaims?: readonly string[];
  /** Seconds that the issuer's clock and ours may differ. Default 5. */
  clockToleranceS?: number;
  /** For tests: the time to judge by. */
  currentDate?: () => Date;
}

const OPTIONS = Object.keys({
  key: 0,
  jwks: 0,
  algorithms: 0,
  issuer: 0,
  audience: 0,
  requiredClaims: 0,
  clockToleranceS: 0,
  currentDate: 0,
} satisfies Record<keyof JwtOptions, 0>);

/** Servers that ask the same time servers are within a second; more only lengthens each token. */
const CLOCK_TOLERANCE_S = 5;
/** Above what a join request may carry; nobody's token is parsed before it is known to be short. */
const MAX_TOKEN_CHARS = 8 * 1024;
/** What jose, as NIST SP 800-131A, takes for the least. */
const MIN_RSA_BITS = 2048;

const COUNTERS: Readonly<Record<string, string>> = {
  ERR_JWT_EXPIRED: 'jwt-expired',
  ERR_JWT_CLAIM_VALIDATION_FAILED: 'jwt-claim',
  ERR_JWS_SIGNATURE_VERIFICATION_FAILED: 'jwt-signature',
  ERR_JOSE_ALG_NOT_ALLOWED: 'jwt-algorithm',
  ERR_JWKS_NO_MATCHING_KEY: 'jwt-key',
  ERR_JWKS_MULTIPLE_MATCHING_KEYS: 'jwt-key',
  ERR_JWS_INVALID: 'jwt-malformed',
  ERR_JWT_INVALID: 'jwt-malformed',
  ERR_JOSE_NOT_SUPPORTED: 'jwt-malformed',
};

/**
 * An `authenticate` that takes JWTs: seat.auth are the claims, the user is `sub` (`sub@iss` where
 * there are several issuers), and the seat's authentication ends with `exp`. Throws UsageError for
 * options that would let a forged token in.
 */
export function jwt<Claims extends object = object>(
  options: JwtOptions,
): Authenticate<JWTPayload & Claims> {
  checkOptions(options);
  const { algorithms, issuer, audience, requiredClaims = ['sub'], currentDate } = options;
  const { clockToleranceS = CLOCK_TOLERANCE_S } = options;
  const key = keyOf(options);
  const authenticate = async (token: string): Promise<JWTPayload & Claims> => {
    if (token.length > MAX_TOKEN_CHARS) throw refusal('jwt-malformed');
    try {
      const { payload } = await jwtVerify<JWTPayload & Claims>(token, key as KeyObject, {
        algorithms: [...algorithms],
        issuer: listOf(issuer),
        audience: listOf(audience),
        requiredClaims: ['exp', ...requiredClaims],
        clockTolerance: clockToleranceS,
        ...(currentDate && { currentDate: currentDate() }),
      });
      return payload;
    } catch (error) {
      const counter = error instanceof errors.JOSEError && COUNTERS[error.code];
      // Anything else, such as an issuer that does not answer, is no fault of the token.
      throw counter ? refusal(counter) : error;
    }
  };
  // A `sub` is unique within its issuer (RFC 7519 4.1.2): with more of them it is told by both.
  const one = listOf(issuer).length === 1;
  return Object.assign(authenticate, {
    user: ({ iss, sub }: JWTPayload) => (one || !isText(sub) ? sub : `${sub}@${iss}`),
    expiresAtMs: ({ exp = Number.NaN }: JWTPayload) => (exp + clockToleranceS) * 1000,
  });
}

/** What is none is nobody's name, and is left for the authenticator to refuse. */
function isText(sub: unknown): boolean {
  return typeof sub === 'string' && sub !== '';
}

/** Who tries tokens learns no more than an honest page can use. */
function refusal(counter: string): Refusal {
  const expired = counter === 'jwt-expired';
  return new Refusal(expired ? 'the token has expired' : 'the token was refused', counter);
}

function listOf(names: string | readonly string[]): string[] {
  return typeof names === 'string' ? [names] : [...names];
}

function checkOptions(options: JwtOptions): void {
  checkNames('jwt', options, OPTIONS);
  const { key, jwks, algorithms, issuer, audience, clockToleranceS = 0 } = options;
  if ((key === undefined) === (jwks === undefined))
    throw new UsageError('jwt: give either key or jwks');
  if (!Array.isArray(algorithms) || algorithms.length === 0)
    throw new UsageError("jwt: say what your issuer signs with, algorithms: ['RS256']");
  for (const algorithm of algorithms)
    if (!/^((HS|RS|PS|ES)(256|384|512)|EdDSA|Ed25519)$/.test(algorithm))
      throw new UsageError(`jwt: algorithm ${algorithm}: wants HS, RS, PS, ES with bits, or EdDSA`);
  for (const [name, given] of Object.entries({ issuer, audience }))
    if (!given?.length || listOf(given).some((one) => typeof one !== 'string' || one === ''))
      throw new UsageError(`jwt: ${name}: tokens that were made for others fit without it`);
  if (!(clockToleranceS >= 0 && clockToleranceS <= 300))
    throw new UsageError(`jwt: clockToleranceS: ${clockToleranceS}: wants 0..300`);
}

/** Throws UsageError for a key that does not fit all the algorithms. */
function keyOf({ key, jwks, algorithms }: JwtOptions): KeyObject | JWTVerifyGetKey {
  if (jwks !== undefined) return keysOf(jwks, algorithms);
  const shared = algorithms.every((algorithm) => algorithm.startsWith('HS'));
  const made = shared ? secretOf(key) : publicKeyOf(key);
  for (const algorithm of algorithms) {
    const wants = misfit(algorithm, made);
    if (wants) throw new UsageError(`jwt: ${algorithm} wants ${wants}`);
  }
  return made;
}

function keysOf(
  jwks: NonNullable<JwtOptions['jwks']>,
  algorithms: JwtOptions['algorithms'],
): JWTVerifyGetKey {
  // A set of keys is public, and with a public secret anybody signs.
  if (algorithms.some((algorithm) => algorithm.startsWith('HS')))
    throw new UsageError('jwt: HS is for one secret key; with jwks name what the public keys sign');
  if (typeof jwks !== 'string' && !(jwks instanceof URL)) return createLocalJWKSet(jwks);
  if (!URL.canParse(String(jwks)))
    throw new UsageError('jwt: jwks: wants the URL of a set of keys, as https://id.example/jwks');
  const url = new URL(jwks);
  if (url.protocol !== 'https:' && !isLoopback(url.hostname))
    throw new UsageError(
      `jwt: jwks: ${url.protocol}//...: who answers there is known by https alone`,
    );
  return createRemoteJWKSet(url);
}

function secretOf(key: JwtOptions['key']): KeyObject {
  if (key instanceof KeyObject) return key;
  if (typeof key !== 'string' && !(key instanceof Uint8Array))
    return createSecretKey(Buffer.from(String(key?.k ?? ''), 'base64url'));
  const bytes = Buffer.from(key as Uint8Array);
  if (bytes.includes('-----BEGIN') || isPublicDer(bytes))
    throw new UsageError('jwt: a public key is no secret: anybody could sign with it');
  return createSecretKey(bytes);
}

function isPublicDer(key: Buffer): boolean {
  try {
    return createPublicKey({ key, format: 'der', type: 'spki' }).type === 'public';
  } catch {
    return false;
  }
}

function publicKeyOf(key: JwtOptions['key']): KeyObject {
  if (key instanceof KeyObject) return key.type === 'private' ? createPublicKey(key) : key;
  try {
    return typeof key === 'object' && !(key instanceof Uint8Array)
      ? createPublicKey({ key, format: 'jwk' })
      : createPublicKey(Buffer.from(key as Uint8Array));
  } catch (cause) {
    throw new UsageError('jwt: key: wants a public key as PEM or JWK', { cause });
  }
}

/** What an algorithm wants of a key that it does not have; undefined if it fits. */
function misfit(algorithm: JwtAlgorithm, key: KeyObject): string | undefined {
  const bits = Number(algorithm.slice(2));
  const { asymmetricKeyType: type, asymmetricKeyDetails: { modulusLength = 0, namedCurve } = {} } =
    key;
  switch (algorithm.slice(0, 2)) {
    case 'HS': // RFC 7518 3.2
      return (key.symmetricKeySize ?? 0) * 8 >= bits ? undefined : `a secret of ${bits / 8} bytes`;
    case 'RS':
    case 'PS':
      return type === 'rsa' && modulusLength >= MIN_RSA_BITS
        ? undefined
        : `a public RSA key of ${MIN_RSA_BITS} bits or more`;
    case 'ES':
      return namedCurve === CURVES[bits] ? undefined : `a public key on ${CURVES[bits]}`;
    default:
      return type === 'ed25519' ? undefined : 'a public Ed25519 key';
  }
}

/** RFC 7518 3.4, as OpenSSL names them. */
const CURVES: Readonly<Record<number, string>> = {
  256: 'prime256v1',
  384: 'secp384r1',
  512: 'secp521r1',
};
