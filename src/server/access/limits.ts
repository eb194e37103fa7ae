// How much each API key may ask for in a minute.

import type { Response } from 'express';
import { RateLimiterMemory, RateLimiterRes } from 'rate-limiter-flexible';
import { Problem } from '../../api/problem.js';
import type { Metrics } from '../metrics.js';
import type { ApiKey } from './keysFile.js';

const MINUTE_S = 60;

export class KeyLimits {
  readonly #metrics: Metrics;
  /** One limiter for each kind and limit: a key keeps its count when the keys file is read again. */
  readonly #limiters = new Map<string, RateLimiterMemory>();

  constructor(metrics: Metrics) {
    this.#metrics = metrics;
  }

  /** Throws Problem 429 where the key has used up its requests. */
  async countRequest({ name, requests_per_minute: limit }: ApiKey): Promise<void> {
    this.#metrics.keyRequests.inc({ key: name });
    if (limit !== undefined) await this.#consume(name, 'requests', limit, 1);
  }

  /**
   * Charges the key of a request with the `tokens` of its texts. Throws Problem 429 where the key has fewer left; they
   * are not charged then.
   */
  async chargeTokens(response: Response, tokens: number): Promise<void> {
    const key = response.locals.key as ApiKey | undefined;
    if (!key) return;
    const { name, tokens_per_minute: limit } = key;
    if (limit !== undefined) await this.#consume(name, 'tokens', limit, tokens);
    this.#metrics.keyTokens.inc({ key: name }, tokens);
  }

  async #consume(name: string, unit: 'requests' | 'tokens', limit: number, points: number): Promise<void> {
    const limiter = this.#limiterOf(unit, limit);
    try {
      await limiter.consume(name, points);
    } catch (refusal) {
      if (!(refusal instanceof RateLimiterRes)) throw refusal;
      // The limiter counts what it refuses. Without this, one large request would use up what small ones may have.
      await limiter.reward(name, points);
      throw overLimit(`key ${name} may send ${limit} ${unit} in a minute`, points, limit, refusal);
    }
  }

  #limiterOf(unit: string, points: number): RateLimiterMemory {
    const id = `${unit} ${points}`;
    const limiter = this.#limiters.get(id) ?? new RateLimiterMemory({ points, duration: MINUTE_S });
    this.#limiters.set(id, limiter);
    return limiter;
  }
}

function overLimit(rule: string, points: number, limit: number, { msBeforeNext }: RateLimiterRes): Problem {
  const reason = 'rate_limited';
  // To wait does not help such a request, so it gets no retry-after.
  if (points > limit) return new Problem(429, `${rule}, and this request alone has ${points}`, { reason });
  const seconds = Math.max(1, Math.ceil(msBeforeNext / 1000));
  return new Problem(429, `${rule}: try again in ${seconds} s`, {
    reason,
    headers: { 'retry-after': String(seconds) },
  });
}
