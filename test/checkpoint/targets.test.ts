// A layers_pattern that is no regular expression, and one that is.

import { expect, it } from 'vitest';
import { checkTargets } from '../../dist/checkpoint/targets.js';

const modules = ['model.layers.0.q_proj', 'model.layers.1.q_proj'];

function check(layersPattern: string[], changed: string[]): void {
  const targets = { modules: ['q_proj'], exclude: undefined, layers: [1], layersPattern, modulesToSave: [] };
  checkTargets('adapter', targets, new Set(changed), modules, new Set());
}

it('a layers_pattern that is no regular expression is refused by its name', () => {
  expect(() => check(['('], ['model.layers.1.q_proj'])).toThrow(
    /layers_pattern: expected a regular expression/,
  );
});

it.each([[[]], [['layers']], [['blocks', 'l.yers']]])('layers are found by %j', layersPattern => {
  expect(() => check(layersPattern, ['model.layers.1.q_proj'])).not.toThrow();
  expect(() => check(layersPattern, modules)).toThrow(/changes model.layers.0.q_proj/);
});

it('a name that is only a part of a step is none', () => {
  expect(() => check(['ayers'], [])).not.toThrow();
});
