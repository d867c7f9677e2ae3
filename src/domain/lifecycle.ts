/** The lifecycle of a claim: whether it still stands. Not whether it is true; see verification. */

export type Lifecycle = 'active' | 'corrected' | 'superseded' | 'retracted';

/** Whether a claim still stands: a corrected one does, in its corrected form. */
export function stands({ lifecycle }: { readonly lifecycle: Lifecycle }): boolean {
  return lifecycle === 'active' || lifecycle === 'corrected';
}

/** The lifecycle that takes precedence of two that apply. */
export function stronger(a: Lifecycle, b: Lifecycle): Lifecycle {
  return precedence.indexOf(a) > precedence.indexOf(b) ? a : b;
}

// A retraction is final. A superseded claim has a successor, also when it is corrected later. A
// corrected claim still stands.
const precedence: readonly Lifecycle[] = ['active', 'corrected', 'superseded', 'retracted'];
