/** Whether who reads by an older schema can read what is written by a newer one. */
export type Schema = {
  type?: string;
  description?: string;
  const?: unknown;
  enum?: unknown[];
  format?: string;
  required?: string[];
  properties?: Record<string, Schema>;
  items?: Schema;
  prefixItems?: Schema[];
  anyOf?: Schema[];
  oneOf?: Schema[];
};

/** Message name to the schema of its value, of an AsyncAPI document. */
export function payloadsOf(document: {
  components: { messages: Record<string, { payload: Schema }> };
}): Map<string, Schema> {
  const messages = Object.entries(document.components.messages);
  return new Map(messages.map(([name, { payload }]) => [name, payload]));
}

/** What breaks, a sentence each; what was added breaks nothing. */
export function breaks(
  old: ReadonlyMap<string, Schema>,
  current: ReadonlyMap<string, Schema>,
): string[] {
  return [...old].flatMap(([name, schema]) => {
    const now = current.get(name);
    // What an earlier release wrote stays as it is on the topic, and is no longer written.
    if (now?.description !== undefined && /^As an earlier/.test(now.description)) return [];
    return now === undefined ? [`${name} is gone`] : breaksOf(schema, now, name);
  });
}

function breaksOf(old: Schema, now: Schema, path: string): string[] {
  return [
    ...changed(old.type, now.type, `${path} has another type`),
    ...changed(old.format, now.format, `${path} has another format`),
    ...values(old, now, path),
    ...members(old, now, path),
    ...(old.items && now.items ? breaksOf(old.items, now.items, `${path}/*`) : []),
    ...branches(old, now, path),
  ];
}

function changed(old: unknown, now: unknown, what: string): string[] {
  return old === undefined || old === now ? [] : [`${what}: ${now}, not ${old}`];
}

function values(old: Schema, now: Schema, path: string): string[] {
  const before = old.enum ?? (old.const === undefined ? [] : [old.const]);
  const after = now.enum ?? (now.const === undefined ? [] : [now.const]);
  return before
    .filter((value) => !after.includes(value))
    .map((value) => `${path} can no longer be ${value}`);
}

function members(old: Schema, now: Schema, path: string): string[] {
  const required = new Set(old.required);
  const requiredNow = new Set(now.required);
  return [
    ...Object.entries(old.properties ?? {}).flatMap(([name, schema]) => {
      const member = now.properties?.[name];
      const where = `${path}/${name}`;
      return member === undefined ? [`${where} is gone`] : breaksOf(schema, member, where);
    }),
    ...[...requiredNow.difference(required)].map((name) => `${path}/${name} is required now`),
    ...[...required.difference(requiredNow)].map((name) => `${path}/${name} is no longer required`),
  ];
}

// A branch is the same one where it breaks nothing; order says nothing.
function branches(old: Schema, now: Schema, path: string): string[] {
  const after = [...(now.anyOf ?? []), ...(now.oneOf ?? [])];
  return [...(old.anyOf ?? []), ...(old.oneOf ?? [])].flatMap((branch, i) => {
    const found = after.some((one) => breaksOf(branch, one, path).length === 0);
    return found ? [] : [`${path}, choice ${i + 1} is gone or changed`];
  });
}
