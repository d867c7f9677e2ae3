/** Quantities as a reader is told them. */
import type { Quantity } from './quantity.ts';

/** A quantity in words: "more than 300", "about 40 to 60 km2", with its unit only for measures. */
export function wordsOf(quantity: Quantity): string {
  const { unit } = quantity;
  const words = amountOf(quantity);
  return unit.startsWith('{') ? words : `${words} ${unit}`;
}

function amountOf({ qualifier, value, value_to, value_best }: Quantity): string {
  switch (qualifier) {
    case 'exact':
    case 'unspecified':
      return numeral(value);
    case 'approximately':
      return `about ${numeral(value)}`;
    case 'more_than':
      return `more than ${numeral(value)}`;
    case 'at_least':
      return `at least ${numeral(value)}`;
    case 'less_than':
      return `less than ${numeral(value)}`;
    case 'at_most':
      return `at most ${numeral(value)}`;
    case 'up_to':
      return `up to ${numeral(value)}`;
    case 'between': {
      const best = value_best === undefined ? '' : `, at best estimate ${numeral(value_best)}`;
      return `between ${numeral(value)} and ${numeral(value_to)}${best}`;
    }
    case 'vague':
      return 'an unstated number of';
  }
}

const numerals = new Intl.NumberFormat('en-GB');

function numeral(n: number | undefined): string {
  return numerals.format(n ?? 0);
}
