// Options that several commands share.

import { InvalidArgumentError, Option } from 'commander';
import { defaultCache } from '../model/cache.js';

export function cacheOption(): Option {
  return new Option('--cache <dir>', 'where recipes are exported to')
    .env('LSLLAMA_CACHE')
    .default(defaultCache());
}

export function deviceOption(): Option {
  return new Option('--device <device>', 'cpu, cuda, cuda:N, or auto: cuda where it works, else cpu')
    .env('LSLLAMA_DEVICE')
    .default('cpu')
    .argParser(device => {
      if (/^(auto|cpu|cuda(:\d+)?)$/.test(device)) return device;
      throw new InvalidArgumentError('expected auto, cpu, cuda or cuda:N.');
    });
}

/** A whole number from `min` on. */
export function wholeNumber(min: number): (text: string) => number {
  return text => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= min && text.trim() !== '') return value;
    throw new InvalidArgumentError(`expected a whole number from ${min}.`);
  };
}
