/** Who asks, and what they may do. */

export const scopes = ['read', 'write', 'import', 'ops'] as const;
export type Scope = (typeof scopes)[number];

export type Principal = {
  /** `key:<id>`, `jwt:<sub>` or `anonymous`: the `recorded_by` of what it records. */
  readonly id: string;
  readonly scopes: readonly Scope[];
};

/** Whose a token is; or why it is no good; or why that cannot be found out now. */
export type Verdict = Principal | { readonly refused: string } | { readonly unavailable: Error };

/** Looks into a token; throws when PostgreSQL cannot be asked. */
export type Verify = (token: string) => Promise<Verdict>;

/** The scopes among `words`; others' are none of ours. */
export function scopesAmong(words: readonly string[]): Scope[] {
  return scopes.filter((scope) => words.includes(scope));
}
