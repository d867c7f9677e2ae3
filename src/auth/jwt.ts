/** Tokens of an OpenID Connect issuer: JWTs, verified with the public keys that it publishes. */
import { createRemoteJWKSet, errors, type JWTVerifyGetKey, jwtVerify } from 'jose';
import { scopesAmong, type Verify } from './principal.ts';

// Asymmetric ones only: were HMAC among them, whoever knows a public key could sign with it.
const algorithms = ['RS256', 'PS256', 'ES256', 'EdDSA'];
const clockToleranceSeconds = 30;
const issuerTimeoutMs = 3_000;

// As OpenID Connect Core 1.0, section 2, has it; it ends up in the log.
const subject = /^[\x20-\x7e]{1,255}$/;

export type JwtSettings = {
  readonly issuer: string;
  readonly audience: string;
  /** Absent: the `jwks_uri` that the issuer's own discovery document names. */
  readonly jwksUrl: string | undefined;
};

/** Verifies tokens: signature, issuer, audience, expiry, subject. Asks the issuer at the first. */
export function jwtVerifier({ issuer, audience, jwksUrl }: JwtSettings): Verify {
  const findKey = issuerKeys(issuer, jwksUrl);
  const options = {
    algorithms,
    issuer,
    audience,
    requiredClaims: ['exp', 'sub'],
    clockTolerance: clockToleranceSeconds,
  };
  return async (token) => {
    try {
      const { payload } = await jwtVerify(token, findKey, options);
      const { sub, scope } = payload as { sub: unknown; scope?: unknown };
      if (typeof sub !== 'string' || !subject.test(sub)) {
        return { refused: 'its claim "sub" is not 1 to 255 ASCII characters' };
      }
      // RFC 8693, 4.2: one text, separated by spaces.
      const words = typeof scope === 'string' ? scope.split(' ') : [];
      return { id: `jwt:${sub}`, scopes: scopesAmong(words) };
    } catch (error) {
      if (error instanceof IssuerUnavailable) return { unavailable: error };
      if (error instanceof errors.JOSEError) return { refused: reasonOf(error) };
      throw error;
    }
  };
}

class IssuerUnavailable extends Error {}

function issuerKeys(issuer: string, jwksUrl: string | undefined): JWTVerifyGetKey {
  const open = async () => {
    const url = new URL(jwksUrl ?? (await discoverJwksUrl(issuer)));
    return createRemoteJWKSet(url, { timeoutDuration: issuerTimeoutMs });
  };
  // One look-up for all who wait; a failed one is forgotten, so that the next token asks again.
  let opening: ReturnType<typeof open> | undefined;
  return async (header, token) => {
    try {
      opening ??= open();
      const keys = await opening.catch((error) => {
        opening = undefined;
        throw error;
      });
      return await keys(header, token);
    } catch (error) {
      const { JWKSNoMatchingKey, JWKSMultipleMatchingKeys } = errors;
      if (error instanceof JWKSNoMatchingKey || error instanceof JWKSMultipleMatchingKeys) {
        throw error;
      }
      throw new IssuerUnavailable(`the keys of ${issuer} cannot be had`, { cause: error });
    }
  };
}

// OpenID Connect Discovery 1.0, section 4: the place, and that the document is the issuer's own.
async function discoverJwksUrl(issuer: string): Promise<URL> {
  const url = `${issuer.replace(/\/$/, '')}/.well-known/openid-configuration`;
  const signal = AbortSignal.timeout(issuerTimeoutMs);
  const response = await fetch(url, { signal, redirect: 'error' });
  if (!response.ok) throw new Error(`${url} answers ${response.status}`);
  const found = (await response.json()) as { issuer?: unknown; jwks_uri?: unknown };
  if (found.issuer !== issuer) throw new Error(`${url} is of another issuer`);
  const keys = URL.parse(String(found.jwks_uri));
  // The settings ask for https, or for loopback: no less will do for what the issuer names.
  if (keys?.protocol !== new URL(url).protocol) throw new Error(`${url} names no safe jwks_uri`);
  return keys;
}

// Says nothing that the token says: the answer may be logged.
function reasonOf(error: errors.JOSEError): string {
  if (error instanceof errors.JWTExpired) return 'it has expired';
  if (error instanceof errors.JWTClaimValidationFailed) {
    return `its claim "${error.claim}" is missing or does not fit`;
  }
  if (error instanceof errors.JOSEAlgNotAllowed) return 'its algorithm is not allowed';
  return 'it is not a JWT signed by the issuer';
}
