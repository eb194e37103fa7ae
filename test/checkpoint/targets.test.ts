// Layers that an adapter targets, found by their number in a module's name.

import { expect, it } from 'vitest';
import { checkTargets } from '../../dist/checkpoint/targets.js';

const modules = ['model.layers.0.q_proj', 'model.layers.1.q_proj'];

/** Checks an adapter that targets q_proj in layer 1 and changes the given modules. */
function check(layersPattern: string[], changed: string[]): void {
  const targets = { modules: ['q_proj'], exclude: undefined, layers: [1], layersPattern, modulesToSave: [] };
  checkTargets('adapter', targets, new Map(changed.map(name => [name, name])), modules, new Set());
}

it('refuses a layers_pattern that is no regular expression, and names the field', () => {
  expect(() => check(['('], ['model.layers.1.q_proj'])).toThrow(
    /layers_pattern: expected a regular expression/,
  );
});

it.each([[[]], [['layers']], [['blocks', 'l.yers']]])(
  'finds the layers with layers_pattern %j',
  layersPattern => {
    expect(() => check(layersPattern, ['model.layers.1.q_proj'])).not.toThrow();
    expect(() => check(layersPattern, modules)).toThrow(/changes model.layers.0.q_proj/);
  },
);

it('finds no layer where the pattern matches only a part of a name', () => {
  expect(() => check(['ayers'], [])).not.toThrow();
});
