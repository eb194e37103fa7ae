// Checks that an adapter changes exactly the modules that its config targets. An adapter that is incomplete or was
// trained on another base could otherwise be merged without an error, and give answers that are slightly wrong.

import { UserError } from '../errors.js';
import { ADAPTER_CONFIG, pythonRegExp, type Targets } from './adapterConfig.js';
import { layerOf } from './layers.js';
import { canonicalName, unwrappedName } from './names.js';

/**
 * Throws UserError where one of `modules` is targeted by the config but not in `changed`, or the reverse. Names are those
 * of the trained model without wrappers: `model.layers.0.self_attn.q_proj`. `changed` also gives the name with wrappers,
 * because the model may have been wrapped before PEFT looked for its targets. Of the `heads`, those are not checked that
 * are trained in full, which older versions of PEFT could target as well. Where the config targets every linear layer,
 * none is checked: whether PEFT counts a head among the linear layers depends on the task.
 */
export function checkTargets(
  adapter: string,
  targets: Targets,
  changed: ReadonlyMap<string, string>,
  modules: readonly string[],
  heads: ReadonlySet<string>,
): void {
  const isTarget = matcher(targets);
  for (const module of modules) {
    if (heads.has(module) && (everyLinear(targets) || targets.modulesToSave.includes(module))) continue;
    const wrapped = changed.get(module);
    if (wrapped === undefined ? !isTarget(module) : isTarget(module) || isTarget(wrapped)) continue;
    throw new UserError(
      wrapped !== undefined
        ? `adapter ${adapter}: changes ${module}, which ${ADAPTER_CONFIG} does not target: PEFT would not load this change`
        : `adapter ${adapter}: expected a change to ${module}, which ${ADAPTER_CONFIG} targets, found none: ${reasonFor(module, changed)}`,
    );
  }
}

/** Why a change to a module may be missing: the number of layers may show that the adapter belongs to a smaller base. */
function reasonFor(module: string, changed: ReadonlyMap<string, string>): string {
  const layer = layerNumber(module);
  const layers = [...changed.keys()].map(layerNumber).filter(number => number !== undefined);
  const last = Math.max(...layers);
  return layer !== undefined && layers.length > 0 && layer > last
    ? `the adapter changes no layer after layer ${last}, so it was trained on another base, or is incomplete`
    : 'the adapter is incomplete';
}

function layerNumber(module: string): number | undefined {
  return layerOf(canonicalName(module));
}

function everyLinear({ modules }: Targets): boolean {
  return typeof modules === 'string' && modules.toLowerCase() === 'all-linear';
}

/**
 * Whether the config targets a module, by PEFT's rules (check_target_module_exists): excluded names are left out first,
 * then the names that are not targeted, then the layers that are not listed.
 */
function matcher(targets: Targets): (module: string) => boolean {
  const { modules, exclude, layers, layersPattern, modulesToSave } = targets;
  const isExcluded = nameMatcher(exclude, 'exclude_modules');
  const isTarget = everyLinear(targets)
    ? (module: string) => !module.endsWith('embed_tokens')
    : nameMatcher(modules, 'target_modules');
  const isSaved = (module: string) => modulesToSave.some(saved => `.${module}.`.includes(`.${saved}.`));
  const patterns = layersPattern.length > 0 ? layersPattern : ['[^.]*'];
  const numbered = layers
    ? patterns.map(pattern =>
        pythonRegExp(`(?:.*?\\.)?(?:${pattern})\\.(\\d+)\\..*`, `${ADAPTER_CONFIG}: layers_pattern`),
      )
    : [];
  const numberOf = (module: string) => {
    for (const expression of numbered) {
      const found = expression.exec(module);
      if (found) return Number(found[1]);
    }
    return undefined;
  };
  return module => {
    if (isExcluded(module) || isSaved(module) || !isTarget(module)) return false;
    // PEFT ignores the list of layers where the target is a regular expression.
    if (!layers || typeof modules === 'string') return true;
    const layer = numberOf(module);
    return layer !== undefined && layers.includes(layer);
  };
}

function nameMatcher(names: Targets['modules'], field: string): (module: string) => boolean {
  if (names === undefined) return () => false;
  if (typeof names === 'string') {
    const expression = pythonRegExp(names, `${ADAPTER_CONFIG}: ${field}`);
    return module => expression.test(module);
  }
  const ends = names.map(unwrappedName);
  return module => ends.some(name => module === name || module.endsWith(`.${name}`));
}
