// Options that several commands share, and parsers of option values. A parser throws commander's
// InvalidArgumentError, which commander reports as wrong usage.

import { fileURLToPath } from 'node:url';
import { InvalidArgumentError, Option } from 'commander';
import { defaultCache } from '../model/cache.js';
import { LONG_TEXT } from '../predictor/encode.js';
import { DECODING } from '../text/tags.js';

export function cacheOption(): Option {
  return new Option('--cache <dir>', 'the folder that recipes are exported to')
    .env('LSLLAMA_CACHE')
    .default(defaultCache());
}

const PACKAGED_MODELS = fileURLToPath(new URL('../../models', import.meta.url));

export function modelsOption(): Option {
  return new Option('--models <dir>', 'a folder with recipe and model folders')
    .env('LSLLAMA_MODELS')
    .default(PACKAGED_MODELS, 'the models that lsllama ships with');
}

export function longTextOption(): Option {
  return new Option(
    '--long-text <how>',
    'for classifiers: cut texts over the maximum length, or read them in windows and take the mean or the greatest of their logits',
  )
    .choices(LONG_TEXT)
    .default('truncate');
}

export function decodingOption(): Option {
  return new Option(
    '--decoding <how>',
    'for taggers: the most probable valid sequence of tags, or the most probable tag of each word',
  ).choices(DECODING.enum);
}

export function deviceOption(): Option {
  return new Option(
    '--device <device>',
    'cpu, cuda, cuda:N, cuda:N,M for several GPUs, or auto, which is cuda if it works and cpu otherwise',
  )
    .env('LSLLAMA_DEVICE')
    .default('cpu')
    .argParser(device => {
      if (/^(auto|cpu|cuda(:\d+(,\d+)*)?)$/.test(device)) return device;
      throw new InvalidArgumentError('expected auto, cpu, cuda, cuda:N or cuda:N,M.');
    });
}

/** Returns a parser of whole numbers from `min` to `max`. */
export function wholeNumber(min: number, max = Number.MAX_SAFE_INTEGER): (text: string) => number {
  return text => {
    const value = Number(text);
    if (Number.isSafeInteger(value) && value >= min && value <= max && text.trim() !== '') return value;
    const to = max < Number.MAX_SAFE_INTEGER ? ` to ${max}` : '';
    throw new InvalidArgumentError(`expected a whole number from ${min}${to}.`);
  };
}

/** Parses a number from 0 to 1. */
export function share(text: string): number {
  const value = Number(text);
  if (value >= 0 && value <= 1 && text.trim() !== '') return value;
  throw new InvalidArgumentError('expected a number from 0 to 1.');
}

/** Parses a number from 0 up to but not including 1. */
export function properShare(text: string): number {
  const value = Number(text);
  if (value >= 0 && value < 1 && text.trim() !== '') return value;
  throw new InvalidArgumentError('expected a number from 0 up to but not including 1.');
}

/** Parses a number above 0. */
export function positiveNumber(text: string): number {
  const value = Number(text);
  if (Number.isFinite(value) && value > 0) return value;
  throw new InvalidArgumentError('expected a number above 0.');
}

/** Parses the URL of a route. */
export function httpUrl(text: string): string {
  if (URL.canParse(text) && /^https?:$/.test(new URL(text).protocol)) return text;
  throw new InvalidArgumentError('expected a URL such as http://127.0.0.1:8080/classify.');
}

/** Parses origins of web pages, separated by commas, or `*`. An origin is a scheme, a host and an optional port. */
export function originList(text: string): string[] {
  const origins = text.split(',').map(origin => origin.trim());
  const isOrigin = (origin: string) => URL.canParse(origin) && new URL(origin).origin === origin;
  const wrong = origins.find(origin => origin !== '*' && origin !== '' && !isOrigin(origin));
  if (wrong === undefined) return origins.filter(origin => origin !== '');
  throw new InvalidArgumentError(`expected origins such as https://example.com or *, found ${wrong}.`);
}

/** Splits a list at its commas. */
export function addressList(text: string): string[] {
  return text
    .split(',')
    .map(address => address.trim())
    .filter(address => address !== '');
}

/** An option without a value. The environment variable turns it on with any value but 0, false and no. */
export function switchOption(flag: string, variable: string, description: string): Option {
  const isOn = !['', '0', 'false', 'no'].includes(process.env[variable]?.toLowerCase() ?? '');
  return new Option(flag, `${description} (env: ${variable})`).default(isOn, isOn ? 'on' : 'off');
}
