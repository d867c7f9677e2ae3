/** An OpenID Connect issuer on loopback: its documents by HTTP, and tokens with its signature. */
import { generateKeyPairSync } from 'node:crypto';
import { once } from 'node:events';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { SignJWT } from 'jose';
import type { Test } from '../db.ts';

export const audience = 'frontlog-test';

export type Issuer = {
  readonly url: string;
  /** Settings for a service that takes its tokens. */
  readonly environment: Record<string, string>;
  /** The public key that tokens are verified with, as PEM. */
  readonly publicKey: string;
  /** What was asked of it, in order. */
  readonly asked: string[];
  /** While true it answers 500. */
  isBroken: boolean;
  /** A token with the claims of a good one, but for `claims`; undefined leaves one out. */
  sign(claims?: Record<string, unknown>, header?: { alg?: string; kid?: string }): Promise<string>;
};

/** Starts an issuer that is gone after the test. */
export async function startIssuer(t: Test): Promise<Issuer> {
  const { publicKey, privateKey } = generateKeyPairSync('rsa', { modulusLength: 2_048 });
  // No `alg`, as issuers may leave it out: what is allowed is for the service to say.
  const jwk = { ...publicKey.export({ format: 'jwk' }), kid: 'one', use: 'sig' };
  const documents: Record<string, () => object> = {
    '/.well-known/openid-configuration': () => ({ issuer: url, jwks_uri: `${url}/keys` }),
    '/keys': () => ({ keys: [jwk] }),
  };
  const server = createServer((request, response) => {
    issuer.asked.push(request.url as string);
    const document = documents[request.url as string];
    const status = issuer.isBroken ? 500 : document === undefined ? 404 : 200;
    response.writeHead(status, { 'content-type': 'application/json', connection: 'close' });
    response.end(JSON.stringify(status === 200 ? document?.() : {}));
  }).listen(0, '127.0.0.1');
  await once(server, 'listening');
  t.teardown(() => new Promise((resolve) => server.close(resolve)));
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}`;
  const issuer: Issuer = {
    url,
    environment: { AUTH: 'jwt', OIDC_ISSUER: url, OIDC_AUDIENCE: audience },
    publicKey: publicKey.export({ type: 'spki', format: 'pem' }) as string,
    asked: [],
    isBroken: false,
    sign(claims = {}, header = {}) {
      const now = Math.floor(Date.now() / 1_000);
      const good = { iss: url, aud: audience, sub: 'desk', scope: 'read write', exp: now + 300 };
      return new SignJWT({ ...good, ...claims })
        .setProtectedHeader({ alg: 'RS256', kid: 'one', ...header })
        .sign(privateKey);
    },
  };
  return issuer;
}
