// What the progress of work looks like, on a terminal and in lines.

import { afterEach, beforeEach, describe, expect, it, vi } from 'vitest';
import { Bars } from '../../dist/commands/bars.js';
import { linesView, Progress } from '../../dist/commands/progress.js';
import { screenOf } from '../support/terminal.js';

beforeEach(() => {
  vi.useFakeTimers({ toFake: ['setInterval', 'clearInterval', 'performance'] });
});
afterEach(() => {
  vi.useRealTimers();
});

function onTerminal(size: { columns?: number; rows?: number } = { columns: 80, rows: 24 }) {
  let output = '';
  const bars = new Bars({ ...size, write: text => (output += text) });
  const progress = new Progress(bars.view);
  return { bars, progress, screen: () => screenOf(output), output: () => output };
}

const bar = (filled: number) => '█'.repeat(filled) + '░'.repeat(24 - filled);

describe('on a terminal', () => {
  it('each piece of work has one bar, which shows its stage', () => {
    const { progress, screen } = onTerminal();
    progress.update('news', { stage: 'calibrating', done: 0, total: 30 });
    progress.update('entities', { stage: 'hashing', done: 50, total: 100 });
    vi.advanceTimersByTime(500);
    expect(screen()).toEqual([
      `news      calibrating  ${bar(0)}   0%`,
      `entities  hashing      ${bar(12)}  50%`,
      '',
    ]);
    progress.update('news', { stage: 'writing', done: 7, total: 7 });
    vi.advanceTimersByTime(100);
    expect(screen()).toEqual([
      `news      writing  ${bar(24)} 100%`,
      `entities  hashing  ${bar(12)}  50%`,
      '',
    ]);
  });

  it('the rest of a stage is estimated from its pace, not from that of the stage before', () => {
    const { progress, screen } = onTerminal();
    progress.update('news', { stage: 'hashing', done: 1, total: 100 });
    vi.advanceTimersByTime(60_000);
    progress.update('news', { stage: 'writing', done: 0, total: 1000 });
    vi.advanceTimersByTime(2000);
    expect(screen()).toEqual([`news  writing  ${bar(0)}   0%`, '']);
    progress.update('news', { stage: 'writing', done: 100, total: 1000 });
    vi.advanceTimersByTime(100);
    expect(screen()[0]).toBe(`news  writing  ${bar(2)}  10%  19 s left`);
    vi.advanceTimersByTime(18_000);
    expect(screen()[0]).toBe(`news  writing  ${bar(2)}  10%  4 min left`);
  });

  it('what is counted has a rate, which does not count what an earlier run has done', () => {
    const { progress, screen } = onTerminal();
    const stage = { stage: 'predicting', total: 10_000, unit: 'texts' };
    progress.update('predict', { ...stage, done: 5000 });
    vi.advanceTimersByTime(1900);
    progress.update('predict', { ...stage, done: 5800 });
    vi.advanceTimersByTime(100);
    expect(screen()[0]).toBe(`predict  predicting  ${bar(13)}  58%  400 texts/s  11 s left`);
  });

  it('work whose end is not known has a count', () => {
    const { progress, screen } = onTerminal();
    const stage = { stage: 'predicting', total: undefined, unit: 'texts' };
    progress.update('predict', { ...stage, done: 0 });
    vi.advanceTimersByTime(3900);
    progress.update('predict', { ...stage, done: 10 });
    vi.advanceTimersByTime(100);
    expect(screen()[0]).toBe('predict  predicting  10 texts  2.5 texts/s');
  });

  it('a bar goes when its work ends', () => {
    const { progress, screen } = onTerminal();
    progress.update('news', { stage: 'writing', done: 1, total: 3 });
    progress.update('entities', { stage: 'writing', done: 1, total: 3 });
    vi.advanceTimersByTime(500);
    progress.end('news');
    expect(screen()).toEqual([`entities  writing  ${bar(7)}  33%`, '']);
    progress.end('entities');
    expect(screen()).toEqual(['']);
    expect(vi.getTimerCount()).toBe(0);
  });

  it('lines stand above the bars, each alone on its line', () => {
    const { bars, progress, screen } = onTerminal();
    bars.print('listening\n');
    progress.update('news', { stage: 'writing', done: 1, total: 2 });
    progress.update('entities', { stage: 'writing', done: 1, total: 2 });
    vi.advanceTimersByTime(500);
    bars.print(`a warning that is longer than the terminal is wide ${'x'.repeat(80)}\nsecond line\n`);
    progress.end('news');
    bars.print('news is ready\n');
    progress.end('entities');
    bars.print('ready\n');
    expect(screen()).toEqual([
      'listening',
      expect.stringMatching(/^a warning.* x{80}$/),
      'second line',
      'news is ready',
      'ready',
      '',
    ]);
  });

  it('work that ends at once shows nothing', () => {
    const { progress, output } = onTerminal();
    progress.update('news', { stage: 'writing', done: 1, total: 2 });
    vi.advanceTimersByTime(200);
    progress.end('news');
    expect(output()).toBe('');
  });

  it('bars fit the terminal, so that all of them can be erased', () => {
    const { progress, screen } = onTerminal({ columns: 30, rows: 3 });
    for (const name of ['a', 'b', 'c']) {
      progress.update(name.repeat(20), { stage: 'writing', done: 1, total: 2 });
    }
    vi.advanceTimersByTime(500);
    expect(screen()).toEqual([`${'a'.repeat(20)}  writing`, `${'b'.repeat(20)}  writing`, '']);
  });

  // A pseudo-terminal whose size nobody has set, such as that of `script` in a job, has 0 rows and 0 columns.
  it.each([{}, { columns: 0, rows: 0 }])('a terminal of the size %j is taken as 80 by 24', size => {
    const { progress, screen } = onTerminal(size);
    progress.update('x'.repeat(100), { stage: 'writing', done: 1, total: 2 });
    vi.advanceTimersByTime(500);
    expect(screen()).toEqual(['x'.repeat(79), '']);
  });
});

describe('in lines', () => {
  function inLines() {
    const lines: string[] = [];
    const seconds = () => Math.round(performance.now() / 1000);
    const started = seconds();
    const view = linesView(({ name, stage, done }) =>
      lines.push(`${seconds() - started} s: ${name} ${stage} ${done}`),
    );
    return { lines, progress: new Progress(view) };
  }

  it('each piece of work has a line after 2 seconds and then every 5', () => {
    const { lines, progress } = inLines();
    progress.update('news', { stage: 'calibrating', done: 0, total: 30 });
    vi.advanceTimersByTime(1000);
    progress.update('entities', { stage: 'calibrating', done: 1, total: 30 });
    vi.advanceTimersByTime(7500);
    progress.update('news', { stage: 'writing', done: 5, total: 30 });
    vi.advanceTimersByTime(5000);
    expect(lines).toEqual([
      '2 s: news calibrating 0',
      '3 s: entities calibrating 1',
      '7 s: news calibrating 0',
      '8 s: entities calibrating 1',
      '12 s: news writing 5',
      '13 s: entities calibrating 1',
    ]);
  });

  it('work of less than 2 seconds has none, even where others last longer', () => {
    const { lines, progress } = inLines();
    progress.update('news', { stage: 'writing', done: 0, total: 30 });
    for (let i = 0; i < 5; i++) {
      progress.update('entities', { stage: 'loading', done: i, total: 4 });
      vi.advanceTimersByTime(1500);
      progress.end('entities');
    }
    expect(lines.filter(line => line.includes('entities'))).toEqual([]);
    expect(lines).toHaveLength(2);
  });
});
