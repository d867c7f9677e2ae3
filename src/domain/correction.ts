/** Corrections of a claim: one value replaced by another, each named, with the cause. */
import { type TSchema, Type } from 'typebox';
import { Check, Equal } from 'typebox/value';
import { Rejection } from './decider.ts';
import { withoutDerived } from './derived.ts';
import { valueAt, withValueAt } from './json-pointer.ts';
import { code, Text } from './vocabulary.ts';

/** What a correction says beside its attribution. */
export const Correction = {
  cause: code('claimant_revised', 'report_corrected', 'extraction_error', 'translation_error'),
  // A JSON pointer (RFC 6901) into the claim as it was said; whose claim it is stays.
  field: Type.String({
    maxLength: 300,
    pattern:
      '^/(attribution/(chain|quote)|occurred|asserted_at|places|place_precision|external_codes|' +
      'proposition)(/[^/]+)*$',
  }),
  // Absent where the field is not there before, or not after.
  from: Type.Optional(Type.Unknown()),
  to: Type.Optional(Type.Unknown()),
  reason: Text,
};

/** What a refusal shows of a value, as JSON: who corrects may not be allowed to read the claim. */
const shownLengthMax = 100;

/** One value in the place of another; absent where there is none. */
type Corrected = { readonly field: string; readonly from?: unknown; readonly to?: unknown };

/**
 * The correction as the log has it. Who corrects takes the values from where they are shown: with
 * the bounds of quantities, and null for what is not there.
 */
export function asSaid<C extends Pick<Corrected, 'from' | 'to'>>({ from, to, ...correction }: C) {
  const isThere = (value: unknown) => value !== undefined && value !== null;
  return {
    ...correction,
    ...(isThere(from) && { from: withoutDerived(from) }),
    ...(isThere(to) && { to: withoutDerived(to) }),
  };
}

/** `content` with the correction made, as it stands in the log. */
export function corrected(content: object, { field, to }: Corrected): object {
  return withValueAt(content, field, to) as object;
}

/**
 * `content` with the correction made, or why that cannot be: it must name the current value, and
 * the outcome must satisfy `schema`. The value it has already leaves it as it is.
 */
export function correct<Content extends object>(
  content: Content,
  correction: Corrected,
  schema: TSchema,
): Content | Rejection<'not-the-current-value' | 'correction-impossible'> {
  const { field, from, to } = correction;
  const current = valueAt(content, field);
  if (Equal(current, to)) return content;
  // A list that is not there is shown as one of nothing.
  if (!Equal(current, from) && !(current === undefined && Equal(from, []))) {
    return new Rejection('not-the-current-value', `${field} ${toldOf(current)}`, [
      { pointer: '/from', detail: 'is not the current value' },
    ]);
  }
  const outcome = withValueAt(content, field, to);
  if (Check(schema, outcome)) return outcome as Content;
  return new Rejection('correction-impossible', 'no claim could be made so', [
    { pointer: '/to', detail: `does not fit ${field}` },
  ]);
}

function toldOf(value: unknown): string {
  if (value === undefined) return 'is not there';
  const text = JSON.stringify(value);
  return text.length > shownLengthMax ? 'has another value' : `is ${text}`;
}
