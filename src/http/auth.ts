/** Who may ask for what: each route declares a scope, and is closed to those who lack it. */
import type { SwaggerTransform } from '@fastify/swagger';
import type { FastifyInstance, FastifyReply, FastifyRequest, RouteOptions } from 'fastify';
import { type JwtSettings, jwtVerifier } from '../auth/jwt.ts';
import { isKey, keyVerifier } from '../auth/keys.ts';
import type { Scope, Verify } from '../auth/principal.ts';
import type { Db } from '../db.ts';
import { sendProblem } from './errors.ts';
import { problems } from './problem-responses.ts';

declare module 'fastify' {
  interface FastifyContextConfig {
    /** What the principal needs to have; `public` needs no principal. */
    scope: Scope | 'public';
    /** Publishes what the log holds, which a read site does not. */
    publishes?: boolean;
  }
  interface FastifyRequest {
    /** Whose request it is: `recorded_by` of what it records. */
    principal: string;
  }
}

export type AuthSettings = {
  readonly keys: boolean;
  readonly jwt: JwtSettings | undefined;
  /** Opens the scope `read` to everybody. */
  readonly readsOpen: boolean;
};

/** Whether everybody may read: there is nothing to show for it, or reads are open. */
export function isReadOpen({ keys, jwt, readsOpen }: AuthSettings): boolean {
  return readsOpen || (!keys && jwt === undefined);
}

/**
 * Makes `app` refuse a route that declares no scope, and a request that lacks its route's. With
 * neither keys nor tokens everybody has every scope.
 */
export function useAuth(app: FastifyInstance, db: Db, settings: AuthSettings): void {
  const verify = verifier(db, settings);
  const open: readonly Scope[] = settings.readsOpen ? ['read'] : [];
  app.decorateRequest('principal');
  app.addHook('onRoute', requireScope);
  if (verify === undefined) {
    app.addHook('onRequest', (request, _reply, done) => {
      request.principal = 'anonymous';
      done();
    });
    return;
  }
  app.addHook('onRequest', async (request, reply) => {
    request.principal = 'anonymous';
    const scope = request.is404 ? undefined : request.routeOptions.config.scope;
    if (scope === 'public') return;
    const sent = authorizations(request);
    if (sent.length > 1) return refuse(request, reply, repeated);
    const [authorization] = sent;
    if (authorization === undefined) {
      // To strangers what is not there looks like what is closed, so that trying paths tells them
      // nothing; where everybody may read, and with a good token, it is a plain 404.
      if (open.includes(scope ?? 'read')) return;
      return refuse(request, reply, unauthenticated(scope));
    }
    // Also where nobody need say who they are: a token that is sent is meant to count.
    const found = await verify(authorization);
    if ('unavailable' in found) return sendUnavailable(request, reply, found.unavailable);
    if ('refused' in found) return refuse(request, reply, invalid(found.refused));
    request.principal = found.id;
    if (scope === undefined || [...found.scopes, ...open].includes(scope)) return;
    return refuse(request, reply, scopeMissing(scope));
  });
}

function requireScope(route: RouteOptions): void {
  // The pages there show a public document; the plugin that makes them knows of no scopes.
  if (/^\/docs(\/|$)/.test(route.url)) route.config = { ...route.config, scope: 'public' };
  if (route.config?.scope === undefined) {
    throw new Error(`the route ${route.method} ${route.url} declares no scope`);
  }
}

// Undefined where there is nothing to verify: everybody is let in.
function verifier(db: Db, { keys, jwt }: AuthSettings): Verify | undefined {
  if (!keys && jwt === undefined) return undefined;
  const refuseAll = (refused: string) => async () => ({ refused });
  const verifyKey = keys ? keyVerifier(db) : refuseAll('API keys are not accepted here');
  const verifyJwt = jwt ? jwtVerifier(jwt) : refuseAll('it is not an API key');
  return async (authorization) => {
    const token = /^Bearer +([A-Za-z0-9._~+/-]+=*)$/i.exec(authorization)?.[1];
    if (token === undefined) return { refused: 'it is not of the form `Bearer TOKEN`' };
    return isKey(token) ? verifyKey(token) : verifyJwt(token);
  };
}

// Node keeps the first and drops the others: only the raw headers tell that there are more.
function authorizations({ raw }: FastifyRequest): string[] {
  const { rawHeaders } = raw;
  return rawHeaders.filter(
    (_, i) => i % 2 === 1 && rawHeaders[i - 1]?.toLowerCase() === 'authorization',
  );
}

/** A problem, and what RFC 6750, section 3, has `WWW-Authenticate` say of it. */
type Refusal = {
  readonly status: 400 | 401 | 403;
  readonly code: string;
  readonly detail: string;
  readonly error?: string;
  readonly scope?: Scope | undefined;
};

const repeated: Refusal = {
  status: 400,
  code: 'malformed',
  detail: 'there is more than one Authorization header',
  error: 'invalid_request',
};

function invalid(reason: string): Refusal {
  return {
    status: 401,
    code: 'unauthenticated',
    detail: `the token is not accepted: ${reason}`,
    error: 'invalid_token',
  };
}

function unauthenticated(scope: Scope | undefined): Refusal {
  const detail = 'send `Authorization: Bearer` with an API key or a token';
  return { status: 401, code: 'unauthenticated', detail, scope };
}

function scopeMissing(scope: Scope): Refusal {
  return {
    status: 403,
    code: 'scope-missing',
    detail: `this needs the scope ${scope}`,
    error: 'insufficient_scope',
    scope,
  };
}

function refuse(request: FastifyRequest, reply: FastifyReply, refusal: Refusal): FastifyReply {
  const { error, scope, ...problem } = refusal;
  const parameters = [
    'realm="frontlog"',
    ...(error === undefined ? [] : [`error="${error}"`]),
    ...(scope === undefined ? [] : [`scope="${scope}"`]),
  ];
  reply.header('www-authenticate', `Bearer ${parameters.join(', ')}`);
  return sendProblem(request, reply, problem);
}

function sendUnavailable(request: FastifyRequest, reply: FastifyReply, err: Error): FastifyReply {
  request.log.error({ err }, 'no token can be verified');
  const detail = 'the keys of the issuer of tokens cannot be had';
  return sendProblem(request, reply, { status: 503, code: 'issuer-unavailable', detail });
}

/** How to authenticate, for the API document. */
export const securitySchemes = {
  apiKey: { type: 'http', scheme: 'bearer', description: 'An API key: `fl_` and 43 characters.' },
  jwt: {
    type: 'http',
    scheme: 'bearer',
    bearerFormat: 'JWT',
    description: 'An access token of the OpenID Connect issuer; its claim `scope` counts.',
  },
} as const;

/** Says in the API document what a route's scope means, so that no route repeats it. */
export const documentScope: SwaggerTransform = ({ schema, url, route }) => {
  const scope = route.config?.scope;
  if (scope === undefined || scope === 'public')
    return { url, schema: { ...schema, security: [] } };
  const response = { ...(schema.response as object), ...problems(401, 403) };
  return {
    url,
    schema: { ...schema, security: [{ apiKey: [scope] }, { jwt: [scope] }], response },
  };
};
