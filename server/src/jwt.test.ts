import {
  createHmac,
  createPublicKey,
  generateKeyPairSync,
  type KeyObject,
  sign as signBytes,
} from 'node:crypto';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { describe, expect, test } from 'vitest';
import { Refusal } from './admission.ts';
import { type JwtOptions, jwt } from './jwt.ts';

const rsa = generateKeyPairSync('rsa', { modulusLength: 2048 });
const other = generateKeyPairSync('rsa', { modulusLength: 2048 });
const pem = rsa.publicKey.export({ type: 'spki', format: 'pem' }) as string;
const der = rsa.publicKey.export({ type: 'spki', format: 'der' });
const SECRET = 'a secret of thirty-two bytes, or more';

const NOW_S = 1_800_000_000;
const claims = { sub: 'ada', iss: 'https://id.example', aud: 'game', exp: NOW_S + 60 };
const rules = { issuer: 'https://id.example', audience: 'game' };
const currentDate = () => new Date(NOW_S * 1000);
const verify = jwt({ ...rules, key: pem, algorithms: ['RS256'], currentDate });

const part = (value: unknown) =>
  Buffer.from(typeof value === 'string' ? value : JSON.stringify(value)).toString('base64url');

/** A token with any head, signed with RS256 whatever the head says. */
function token(payload: unknown = claims, head: object = {}, key: KeyObject = rsa.privateKey) {
  const said = `${part({ alg: 'RS256', ...head })}.${part(payload)}`;
  return `${said}.${signBytes('sha256', Buffer.from(said), key).toString('base64url')}`;
}

function hmac(secret: string, head: object = {}, payload: object = claims): string {
  const said = `${part({ alg: 'HS256', ...head })}.${part(payload)}`;
  return `${said}.${createHmac('sha256', secret).update(said).digest('base64url')}`;
}

function unsigned(alg: string): string {
  return `${part({ alg })}.${part(claims)}.`;
}

const good = token();
const [head, body, signature] = good.split('.');
const without = (claim: keyof typeof claims) => token({ ...claims, [claim]: undefined });

/** What the metrics count each as; `whole` is good with only one thing changed. */
const FORGED: Record<string, [string, string]> = {
  'nothing at all': ['', 'jwt-malformed'],
  'one part': [head, 'jwt-malformed'],
  'two parts': [`${head}.${body}`, 'jwt-malformed'],
  'five parts, as if encrypted': [`${good}.x.y`, 'jwt-malformed'],
  'bytes that are no JSON': [token('{"sub":'), 'jwt-malformed'],
  'an array for claims': [token([1]), 'jwt-malformed'],
  'a header that is no JSON': [`${part('{')}.${body}.${signature}`, 'jwt-malformed'],
  '100 KB': [token({ ...claims, more: 'x'.repeat(75_000) }), 'jwt-malformed'],
  'alg none': [unsigned('none'), 'jwt-malformed jwt-algorithm'],
  'alg None': [unsigned('None'), 'jwt-malformed jwt-algorithm'],
  'alg none with the signature of another': [
    `${part({ alg: 'none' })}.${body}.${signature}`,
    'jwt-algorithm',
  ],
  'no alg': [token(claims, { alg: undefined }), 'jwt-malformed'],
  'the public key as a secret': [hmac(pem), 'jwt-algorithm'],
  'an empty secret': [hmac(''), 'jwt-algorithm'],
  'another algorithm of the same key': [token(claims, { alg: 'PS256' }), 'jwt-algorithm'],
  'another key': [token(claims, {}, other.privateKey), 'jwt-signature'],
  'a key of its own in the header': [
    token(claims, { jwk: other.publicKey.export({ format: 'jwk' }) }, other.privateKey),
    'jwt-signature',
  ],
  'an address of keys in the header': [
    token(claims, { jku: 'https://evil.example/keys' }, other.privateKey),
    'jwt-signature',
  ],
  'a kid that is a path': [
    token(claims, { kid: '../../../dev/null' }, other.privateKey),
    'jwt-signature',
  ],
  'an extension that must be understood': [
    token(claims, { crit: ['b64', 'x'], x: 1 }),
    'jwt-malformed',
  ],
  'an empty signature': [`${head}.${body}.`, 'jwt-signature'],
  'the claims of another': [
    `${head}.${part({ ...claims, sub: 'eve' })}.${signature}`,
    'jwt-signature',
  ],
  expired: [token({ ...claims, exp: NOW_S - 6 }), 'jwt-expired'],
  'not good yet': [token({ ...claims, nbf: NOW_S + 6 }), 'jwt-claim'],
  'made for later': [token({ ...claims, exp: 'tomorrow' }), 'jwt-claim'],
  'an expiry that is a text of digits': [token({ ...claims, exp: `${NOW_S + 60}` }), 'jwt-claim'],
  'no expiry': [without('exp'), 'jwt-claim'],
  'no issuer': [without('iss'), 'jwt-claim'],
  'another issuer': [token({ ...claims, iss: 'https://id.example.evil' }), 'jwt-claim'],
  'no audience': [without('aud'), 'jwt-claim'],
  'another audience': [token({ ...claims, aud: ['shop', 'Game'] }), 'jwt-claim'],
  'no subject': [without('sub'), 'jwt-claim'],
};

describe('{T44, S37} of all tokens', () => {
  test('the good one is accepted, with its claims, user and expiry', async () => {
    const auth = await verify(good, { room: 'field' });
    expect(auth).toEqual(claims);
    expect(verify.user?.(auth)).toBe('ada');
    // Five seconds by which clocks may differ.
    expect(verify.expiresAtMs?.(auth)).toBe((NOW_S + 65) * 1000);
  });

  test('so is one that is for others as well, or late by less than clocks differ', async () => {
    const late = token({ ...claims, aud: ['shop', 'game'], exp: NOW_S - 4, nbf: NOW_S + 4 });
    expect(await verify(late, { room: 'field' })).toMatchObject({ sub: 'ada' });
  });

  test.each(Object.entries(FORGED))('%s is refused, and counted', async (_, [forged, counters]) => {
    const refused = await Promise.resolve(verify(forged, { room: 'field' })).catch(
      (error: unknown) => error,
    );
    expect(refused).toBeInstanceOf(Refusal);
    const { counter, message } = refused as Refusal;
    expect(counters.split(' ')).toContain(counter);
    // Who tries tokens is not told what was wrong with one.
    expect(message).toMatch(counter === 'jwt-expired' ? /has expired$/ : /was refused$/);
  });

  test('the table is long enough', () => {
    expect(Object.keys(FORGED).length).toBeGreaterThanOrEqual(21);
  });
});

describe('{T44, T60} the user', () => {
  const issuers = ['https://id.example', 'https://id.example/2'];
  const userOf = async (issuer: JwtOptions['issuer'], claimed: object) => {
    const verified = jwt({ ...rules, issuer, key: pem, algorithms: ['RS256'], currentDate });
    const auth = await verified(token({ ...claims, ...claimed }), { room: 'field' });
    return verified.user!(auth);
  };

  test('is sub of one issuer, and never that of another', async () => {
    expect(await userOf(issuers[0], {})).toBe('ada');
    expect(await userOf([issuers[0]], {})).toBe('ada');
    const [one, two] = await Promise.all(issuers.map((iss) => userOf(issuers, { iss })));
    expect(one).not.toBe(two);
    expect(one).toBe('ada@https://id.example');
    // The authenticator refuses what is no text.
    for (const sub of ['', 7]) expect(await userOf(issuers, { sub })).toBe(sub);
  });
});

describe('{S37} keys', () => {
  const ec = generateKeyPairSync('ec', { namedCurve: 'prime256v1' });
  const ed = generateKeyPairSync('ed25519');
  const room = { room: 'field' };

  test('are a shared secret', async () => {
    const shared = jwt({ ...rules, key: SECRET, algorithms: ['HS256'], currentDate });
    expect(await shared(hmac(SECRET), room)).toEqual(claims);
    await expect(shared(hmac(`${SECRET}.`), room)).rejects.toThrow('the token was refused');
    await expect(shared(good, room)).rejects.toMatchObject({ counter: 'jwt-algorithm' });
  });

  test.each<[string, JwtOptions['key']]>([
    ['PEM', pem],
    ['a JWK', rsa.publicKey.export({ format: 'jwk' })],
    ['a KeyObject', rsa.publicKey],
    ['the KeyObject of a private key', rsa.privateKey],
  ])('are public, as %s', async (_, key) => {
    const verified = jwt({ ...rules, key, algorithms: ['RS256', 'PS256'], currentDate });
    expect(await verified(good, room)).toEqual(claims);
  });

  test('are a set, of which kid names one', async () => {
    const key = { ...rsa.publicKey.export({ format: 'jwk' }), kid: 'one', kty: 'RSA' };
    const more = { ...other.publicKey.export({ format: 'jwk' }), kid: 'two', kty: 'RSA' };
    const jwks = { keys: [key, more] };
    const verified = jwt({ ...rules, jwks, algorithms: ['RS256'], currentDate });
    expect(await verified(token(claims, { kid: 'one' }), room)).toEqual(claims);
    for (const kid of ['two', 'three', '../one', '__proto__'])
      await expect(verified(token(claims, { kid }), room)).rejects.toThrow('the token was refused');
  });

  test('are fetched from their issuer, whose failure is no fault of the token', async () => {
    const keys = [{ ...rsa.publicKey.export({ format: 'jwk' }), kid: 'one' }];
    let asked = 0;
    const server = createServer((_, response) => {
      asked++;
      if (asked === 1) response.writeHead(503).end();
      else response.end(JSON.stringify({ keys }));
    });
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const jwks = `http://127.0.0.1:${(server.address() as AddressInfo).port}/keys`;
    const verified = jwt({ ...rules, jwks, algorithms: ['RS256'], currentDate });
    const given = token(claims, { kid: 'one' });
    const down = await Promise.resolve(verified(given, room)).catch((error: unknown) => error);
    expect(down).toBeInstanceOf(Error);
    expect(down).not.toBeInstanceOf(Refusal);
    expect(await verified(given, room)).toEqual(claims);
    expect(await verified(given, room)).toEqual(claims);
    expect(asked).toBe(2);
    server.close();
  });

  test.each<[string, Partial<JwtOptions>, string]>([
    ['no key', { key: undefined }, 'either key or jwks'],
    ['two sources', { jwks: { keys: [] } }, 'either key or jwks'],
    ['no algorithm', { algorithms: [] }, 'algorithms'],
    ['none', { algorithms: ['none' as never] }, 'algorithm none'],
    ['None', { algorithms: ['RS256', 'None' as never] }, 'algorithm None'],
    ['a public key as a secret', { algorithms: ['HS256'] }, 'no secret'],
    ['the same as bytes', { key: Buffer.from(pem), algorithms: ['HS256'] }, 'no secret'],
    ['the same as DER', { key: der, algorithms: ['HS256'] }, 'no secret'],
    ['the same as a KeyObject', { key: rsa.publicKey, algorithms: ['HS256'] }, '32 bytes'],
    ['both families', { algorithms: ['RS256', 'HS256'] }, 'HS256 wants'],
    ['an empty secret', { key: '', algorithms: ['HS256'] }, '32 bytes'],
    ['a short secret', { key: SECRET, algorithms: ['HS256', 'HS512'] }, '64 bytes'],
    ['no PEM', { key: 'a secret' }, 'PEM or JWK'],
    ['another curve', { key: ec.publicKey, algorithms: ['ES256', 'ES384'] }, 'secp384r1'],
    ['another kind', { key: ed.publicKey, algorithms: ['RS256'] }, 'RSA'],
    ['a set and secrets', { key: undefined, jwks: { keys: [] }, algorithms: ['HS256'] }, 'jwks'],
    ['a set by no URL', { key: undefined, jwks: 'id.example/keys' }, 'wants the URL of a set'],
    ['a set by http', { key: undefined, jwks: 'http://id.example/keys' }, 'https'],
    ['no issuer', { issuer: '' }, 'issuer'],
    ['no audience', { audience: [] }, 'audience'],
    ['patient clocks', { clockToleranceS: 301 }, '0..300'],
    ['an option that nobody reads', { aud: 'game' } as never, 'no aud'],
  ])('%s is no way to check a token', (_, changes, message) => {
    const options = { ...rules, key: pem, algorithms: ['RS256'] as const, ...changes };
    expect(() => jwt(options)).toThrow(message);
  });

  test('of 1024 bits are none', () => {
    const short = generateKeyPairSync('rsa', { modulusLength: 1024 }).publicKey;
    expect(() => jwt({ ...rules, key: short, algorithms: ['RS256'] })).toThrow('2048 bits');
    expect(createPublicKey(pem).asymmetricKeyDetails?.modulusLength).toBe(2048);
  });
});
