/** Reading the fields of a row: strictly, so that what is shifted or mistyped is told. */
import type { Fields } from './importer.ts';

/** A column's text, without the spaces around it; empty where there is none. */
export function textOf(fields: Fields, column: string): string {
  const value = fields[column];
  return typeof value === 'string' ? value.trim() : '';
}

const months = [
  'January February March April May June',
  'July August September October November December',
].flatMap((half) => half.split(' '));

/** `14 April 2022` as `2022-04-14`; undefined where it is no such day. */
export function dayOf(text: string): string | undefined {
  const [, day, name, year] = /^(\d{1,2})\s+([A-Z][a-z]+)\s+(\d{4})$/.exec(text.trim()) ?? [];
  const month = months.indexOf(name ?? '') + 1;
  if (day === undefined || month === 0) return undefined;
  return realDay(`${year}-${String(month).padStart(2, '0')}-${day.padStart(2, '0')}`);
}

/** `text`, if it is a day of the calendar written as RFC 3339 has it. */
export function realDay(text: string): string | undefined {
  if (!/^\d{4}-\d{2}-\d{2}$/.test(text)) return undefined;
  const ms = Date.parse(text);
  return !Number.isNaN(ms) && new Date(ms).toISOString().startsWith(text) ? text : undefined;
}

/** Longitude and latitude in degrees; undefined where there is no such point. */
export function pointOf(fields: Fields): [number, number] | undefined {
  const number = /^-?\d{1,3}(\.\d{1,15})?$/;
  const texts = [textOf(fields, 'longitude'), textOf(fields, 'latitude')];
  const [longitude = Number.NaN, latitude = Number.NaN] = texts.map((text) =>
    number.test(text) ? Number(text) : Number.NaN,
  );
  return Math.abs(longitude) <= 180 && Math.abs(latitude) <= 90 ? [longitude, latitude] : undefined;
}

/** A count written in digits; undefined where it is none. */
export function countOf(fields: Fields, column: string): number | undefined {
  const text = textOf(fields, column);
  return /^\d{1,9}$/.test(text) ? Number(text) : undefined;
}

/** The columns that are not empty, as codes of the data set. */
export function codesOf(
  fields: Fields,
  { scheme, version, columns }: { scheme: string; version: string; columns: readonly string[] },
) {
  return columns.flatMap((column) => {
    const code = textOf(fields, column);
    return code === '' ? [] : [{ scheme: `${scheme}.${column}`, version, code }];
  });
}

/** What is wrong with the columns that were found to be wrong. */
export function faultsOf(fields: Fields, isFine: Readonly<Record<string, boolean>>): string[] {
  const wrong = Object.keys(isFine).filter((column) => !isFine[column]);
  return wrong.map((column) => `${column} is ${JSON.stringify(fields[column])}, which cannot be`);
}
