// The normalizer of a tokenizer.json with the alignments that the tokenizers library keeps: for each character of the
// normalized text, the character of the text that it comes from.
// Follows tokenizers/src/tokenizer/normalizer.rs of the tokenizers library 0.23.

import { unicodeSources } from './alignedUnicode.js';
import type { Component } from './json.js';
import { compileNormalizer, expectGrowth, type Normalize } from './normalizer.js';
import { compilePattern } from './regex.js';
import { lastCharacter, type UnicodeForm } from './unicode.js';

/**
 * For each UTF-16 unit of a normalized text, the position of the unit, or of the first unit of the character, that it
 * comes from; null where each comes from the unit at its own position.
 */
export type Sources = Int32Array | null;

export interface AlignedText {
  readonly text: string;
  readonly sources: Sources;
}

export type NormalizeAligned = (text: string) => AlignedText;

/** Finds the sources of one step, from the text before it and the text after it. */
type FindSources = (text: string, normalized: string) => Sources;

interface AlignedStep {
  readonly normalize: Normalize;
  readonly findSources: FindSources;
}

/** Compiles a normalizer that compileNormalizer takes. It gives the same texts. */
export function compileAlignedNormalizer(normalizer: Component | null | undefined): NormalizeAligned {
  const steps = stepsOf(normalizer).map(compileStep);
  return text => {
    let normalized = text;
    let sources: Sources = null;
    for (const { normalize, findSources } of steps) {
      const before = normalized;
      normalized = expectGrowth(text, normalize(before));
      sources = followedBy(sources, findSources(before, normalized));
    }
    return { text: normalized, sources };
  };
}

function stepsOf(normalizer: Component | null | undefined): Component[] {
  if (!normalizer) return [];
  if (normalizer.type !== 'Sequence') return [normalizer];
  return (normalizer.normalizers as Component[]).flatMap(stepsOf);
}

function compileStep(step: Component): AlignedStep {
  return { normalize: compileNormalizer(step), findSources: compileSources(step) };
}

function compileSources(step: Component): FindSources {
  switch (step.type) {
    case 'Prepend':
      return prependSources;
    case 'Replace':
      return compileReplaceSources(step);
    case 'Lowercase':
      return lowercaseSources;
    default:
      return (text, normalized) => unicodeSources(text, normalized, step.type as UnicodeForm);
  }
}

/** The sources of two steps, one after the other. */
function followedBy(first: Sources, second: Sources): Sources {
  if (!first || !second) return second ?? first;
  return second.map(source => first[source]!);
}

/** What is put before a text comes from its first character. */
function prependSources(text: string, normalized: string): Sources {
  const inserted = normalized.length - text.length;
  if (inserted === 0) return null;
  const sources = new Int32Array(normalized.length);
  for (let i = inserted; i < sources.length; i++) sources[i] = i - inserted;
  return sources;
}

/** A replacement comes from the last character of what it replaces. */
function compileReplaceSources({ pattern, content }: Component): FindSources {
  const { regex, view } = compilePattern('normalizer', pattern);
  const { length } = String(content);
  const isOneForOne = length === 1 && (pattern as { String?: string }).String?.length === 1;
  if (isOneForOne) return () => null;
  return (text, normalized) => {
    const sources = new Int32Array(normalized.length);
    let from = 0;
    let to = 0;
    for (const match of view(text).matchAll(regex)) {
      while (from < match.index) sources[to++] = from++;
      from += match[0].length;
      sources.fill(lastCharacter(text, from), to, to + length);
      to += length;
    }
    while (to < sources.length) sources[to++] = from++;
    return sources;
  };
}

/** Only İ, which becomes two characters, has another length in lower case. */
function lowercaseSources(text: string, normalized: string): Sources {
  if (normalized.length === text.length) return null;
  const sources = new Int32Array(normalized.length);
  let to = 0;
  for (let from = 0; from < text.length; from++) {
    sources[to++] = from;
    if (text[from] === 'İ') sources[to++] = from;
  }
  return sources;
}
