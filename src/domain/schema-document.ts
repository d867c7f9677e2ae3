/** The catalogue's schemas as documents for others, without what is for our own use of them. */

type Drops = (member: string, value: unknown) => boolean;

/**
 * `value` without the choice of a branch by one property, which the validator needs: in a document
 * it may only name schemas by reference. And without each member, at any depth, that `drops` names.
 */
export function documented<T>(value: T, drops: Drops = () => false): T {
  if (Array.isArray(value)) return value.map((one) => documented(one, drops)) as T;
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).filter(
    ([member, one]) => !isBranchChoice(member, one) && !drops(member, one),
  );
  return Object.fromEntries(members.map(([member, one]) => [member, documented(one, drops)])) as T;
}

function isBranchChoice(member: string, value: unknown): boolean {
  return (
    member === 'discriminator' &&
    typeof value === 'object' &&
    value !== null &&
    'propertyName' in value
  );
}
