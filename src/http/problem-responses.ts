/** Problem responses in the API's documents. */
import { type TSchema, Type } from 'typebox';

const content = { 'application/problem+json': { schema: Type.Ref('Problem#') } };

/** A problem response for each of `statuses`, for a route's schema. */
export function problems(...statuses: number[]): Record<number, TSchema> {
  const schema = { description: 'A problem (RFC 9457).', content } as never;
  return Object.fromEntries(statuses.map((status) => [status, schema]));
}
