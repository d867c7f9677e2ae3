/** Tokens of a real issuer, by HTTP, at the real service. */
import { createHmac, generateKeyPairSync } from 'node:crypto';
import { SignJWT } from 'jose';
import t from 'tap';
import { post, testService } from '../service.ts';
import { audience, startIssuer } from './issuer.ts';

const actor = { id: 'a', kind: 'agency', name: 'A' };
const bearer = (token: string) => ({ authorization: `Bearer ${token}` });
const encode = (value: object) => Buffer.from(JSON.stringify(value)).toString('base64url');
const secondsFromNow = (seconds: number) => Math.floor(Date.now() / 1_000) + seconds;

// Seen to fail: without `algorithms` (RS384 passes; none and HS256 fit no key that is published),
// without `issuer`, `audience` or `exp` among what is required, with a tolerance of an hour, with
// any subject.
t.test('a good token passes; one that is not good in any way is 401', async (t) => {
  const issuer = await startIssuer(t);
  const { url } = await testService(t, { environment: issuer.environment });
  const send = (token: string) => post(`${url}/v1/actors`, actor, bearer(token));
  t.equal((await send(await issuer.sign())).status, 201);

  const good = await issuer.sign();
  const [header, payload, signature] = good.split('.') as [string, string, string];
  const claims = { iss: issuer.url, aud: audience, sub: 'desk', scope: 'write' };
  const withExp = { ...claims, exp: secondsFromNow(300) };
  const hmacInput = `${encode({ alg: 'HS256', kid: 'one' })}.${encode(withExp)}`;
  const confused = createHmac('sha256', issuer.publicKey).update(hmacInput).digest('base64url');
  const stranger = generateKeyPairSync('rsa', { modulusLength: 2_048 }).privateKey;
  const bad: Record<string, string> = {
    'alg none': `${encode({ alg: 'none' })}.${encode(withExp)}.`,
    'alg none with a signature': `${encode({ alg: 'none', kid: 'one' })}.${payload}.${signature}`,
    'HS256 with the public key': `${hmacInput}.${confused}`,
    'an algorithm that is not allowed': await issuer.sign({}, { alg: 'RS384' }),
    'an unknown key': await issuer.sign({}, { kid: 'two' }),
    expired: await issuer.sign({ exp: secondsFromNow(-60) }),
    'not yet valid': await issuer.sign({ nbf: secondsFromNow(3_600) }),
    'no expiry': await issuer.sign({ exp: undefined }),
    'another audience': await issuer.sign({ aud: 'other' }),
    'no audience': await issuer.sign({ aud: undefined }),
    'another issuer': await issuer.sign({ iss: 'https://example.org' }),
    'no subject': await issuer.sign({ sub: undefined }),
    'a subject with a line break': await issuer.sign({ sub: 'desk\nroot' }),
    "a stranger's signature": await new SignJWT(withExp)
      .setProtectedHeader({ alg: 'RS256', kid: 'one' })
      .sign(stranger),
    truncated: good.slice(0, -20),
    'without its last part': `${header}.${payload}`,
    'other claims, same signature': `${header}.${encode(withExp)}.${signature}`,
    'no JWT': 'nonsense',
    'an API key, which is not taken here': `fl_${'A'.repeat(43)}`,
  };
  for (const [name, token] of Object.entries(bad)) {
    const { status, body, headers } = await send(token);
    t.match({ status, body }, { status: 401, body: { code: 'unauthenticated' } }, name);
    t.match(headers.get('www-authenticate'), /^Bearer .*error="invalid_token"/, name);
    t.notOk(JSON.stringify(body).includes(token), name);
  }
});

// Seen to fail: with every token given `read` and `write`.
t.test('the scopes of a token are ours of its claim; it is recorded by its subject', async (t) => {
  const issuer = await startIssuer(t);
  const { url } = await testService(t, { environment: issuer.environment });
  const send = async (claims: Record<string, unknown>) => {
    const headers = bearer(await issuer.sign(claims));
    return post(`${url}/v1/actors`, actor, headers);
  };
  t.match(await send({ scope: 'read' }), { status: 403, body: { code: 'scope-missing' } });
  t.equal((await send({ scope: 'openid rewrite' })).status, 403);
  t.equal((await send({ scope: ['write'] })).status, 403);
  t.equal((await send({ scope: undefined })).status, 403);
  const { body } = await send({ scope: 'openid write', sub: 'desk-7' });
  const read = await fetch(`${url}/v1/streams/${body.stream}`, {
    headers: bearer(await issuer.sign({ scope: 'read' })),
  });
  t.match(await read.json(), { items: [{ metadata: { recorded_by: 'jwt:desk-7' } }] });
});

// Seen to fail: with the error thrown on, which is 500; with a failed look-up kept; with a look-up
// for each token.
t.test('an issuer that cannot be asked is 503; it is asked again, and not for each', async (t) => {
  const issuer = await startIssuer(t);
  const { url } = await testService(t, { environment: issuer.environment });
  const status = async () => {
    const response = await fetch(`${url}/v1/timeline`, { headers: bearer(await issuer.sign()) });
    return [response.status, ((await response.json()) as { code?: string }).code];
  };
  issuer.isBroken = true;
  t.same(await status(), [503, 'issuer-unavailable']);
  issuer.isBroken = false;
  t.same(await status(), [200, undefined]);
  issuer.isBroken = true;
  t.same(await status(), [200, undefined], 'its keys are known now');
  const discovery = '/.well-known/openid-configuration';
  t.same(issuer.asked, [discovery, discovery, '/keys']);
});

// Seen to fail: without the comparison of the document's `issuer`.
t.test("the keys' address can be set; another issuer's document is not believed", async (t) => {
  const issuer = await startIssuer(t);
  const given = { ...issuer.environment, OIDC_JWKS_URL: `${issuer.url}/keys` };
  const { url } = await testService(t, { environment: given });
  const headers = bearer(await issuer.sign());
  t.equal((await fetch(`${url}/v1/timeline`, { headers })).status, 200);
  t.same(issuer.asked, ['/keys']);
  const other = { ...issuer.environment, OIDC_ISSUER: `${issuer.url}/` };
  const mistaken = await testService(t, { environment: other });
  t.equal((await fetch(`${mistaken.url}/v1/timeline`, { headers })).status, 503);
});
