/** What is wrong with a request, fault by fault. */

/** Where a fault is, as a JSON pointer (RFC 6901) into that part of the request, and what it is. */
export type Fault = { pointer: string; detail: string; in?: 'body' | 'query' | 'path' | 'header' };

type AjvFault = {
  instancePath: string;
  keyword: string;
  message?: string;
  params: Record<string, unknown>;
};

/** Faults that Ajv found, in the API's words. */
export function faultsOf(errors: readonly object[]): Fault[] {
  return errors.map((error) => faultOf(error as AjvFault));
}

function faultOf({ instancePath, keyword, message, params }: AjvFault): Fault {
  const member = (name: unknown) => instancePath + pointerTo(name);
  switch (keyword) {
    case 'required':
      return { pointer: member(params.missingProperty), detail: 'is missing' };
    case 'additionalProperties':
      return { pointer: member(params.additionalProperty), detail: 'is not a known member' };
    case 'enum':
      return {
        pointer: instancePath,
        detail: `must be one of ${(params.allowedValues as unknown[]).join(', ')}`,
      };
    case 'discriminator':
      return { pointer: member(params.tag), detail: 'must name a known kind' };
    default:
      return { pointer: instancePath, detail: message ?? keyword };
  }
}

/** The step of a JSON pointer to a member. */
export function pointerTo(member: unknown): string {
  return `/${String(member).replaceAll('~', '~0').replaceAll('/', '~1')}`;
}
