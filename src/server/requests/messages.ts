// What the HTTP thread and the worker thread say to each other.

import type { Answer } from '../../api/answer.js';
import type { RequestBody } from '../../api/body.js';
import type { Problem, ProblemOptions } from '../../api/problem.js';
import type { Manifest } from '../../model/manifest.js';
import type { KindName } from './kinds.js';
import type { Packed, PackedSequences } from './pack.js';
import type { ParsedRequest } from './request.js';

/** A model as the worker thread loads it. */
export interface ModelFiles {
  readonly name: string;
  /** Its model folder. */
  readonly folder: string;
  /** The stamp of the folder when the model was loaded. */
  readonly stamp: string;
  readonly manifest: Manifest;
}

/** The steps of a request, and what each takes. */
export interface Steps {
  parse: { readonly kind: KindName; readonly body: RequestBody };
  encode: ModelFiles;
  answer: Packed<Float32Array>;
}
export type Step = keyof Steps;

/** What each step gives. */
export interface StepResults {
  parse: ParsedRequest;
  /** `changed` if the files of the model folder are no longer those that the model was loaded from. */
  encode: PackedSequences | 'changed';
  answer: Answer;
}

/** `id` is that of the request. The worker forgets a request that ends. */
export type ToWorker =
  | { [S in Step]: { readonly id: number; readonly step: S; readonly content: Steps[S] } }[Step]
  | { readonly id: number; readonly step: 'end' };

export type FromWorker = { readonly id: number } & (
  | { readonly result: StepResults[Step] }
  | {
      readonly problem: {
        readonly status: number;
        readonly detail: string;
        readonly options: ProblemOptions;
      };
    }
  | { readonly error: Error }
  /** The worker has forgotten the request. */
  | { readonly hasEnded: true }
);

export function problemMessage({ status, message, options }: Problem) {
  return { problem: { status, detail: message, options } };
}
