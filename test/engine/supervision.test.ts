// When an engine process is taken to be hung: by its missing beats, and by the time of its passes.

import { expect, it } from 'vitest';
import { Heartbeat } from '../../dist/engine/heartbeat.js';
import { PassBound } from '../../dist/engine/passBound.js';

function ticks(heart: Heartbeat, count: number) {
  const found = Array.from({ length: count }, () => heart.tick());
  return found.find(reason => reason !== undefined);
}

it('a process is hung after 20 ticks without a beat, and each beat starts the count again', () => {
  const heart = new Heartbeat();
  heart.beat();
  expect(ticks(heart, 19)).toBeUndefined();
  expect(heart.isSteady).toBe(false);
  heart.beat();
  expect(heart.isSteady).toBe(true);
  expect(ticks(heart, 19)).toBeUndefined();
  expect(heart.tick()).toBe('hung: no heartbeat for 5 s');
});

it('a process has a minute for its first beat', () => {
  const heart = new Heartbeat();
  expect(ticks(heart, 239)).toBeUndefined();
  expect(heart.tick()).toBe('hung: no heartbeat for 60 s');
});

it('a pass has two minutes before any other was seen, then 20 times what the slowest recent one predicts', () => {
  const bound = new PassBound();
  expect(bound.of(1000)).toBe(120_000);
  bound.observe(84, 200);
  bound.observe(84, 100);
  // 2 ms for each of 16 + 984 tokens.
  expect(bound.of(984)).toBe(10_000 + 20 * 2000);
  for (let pass = 0; pass < 32; pass++) bound.observe(84, 100);
  expect(bound.of(984)).toBe(10_000 + 20 * 1000);
});
