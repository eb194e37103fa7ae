// Writes a checkpoint of a known shape with random weights; that of LLaMA-2-7B has 13.5 GB.
// usage: npx tsx bench/checkpoint.ts OUT [--shape 7b] [--layers N]

import { existsSync, readdirSync } from 'node:fs';
import { Option, program } from 'commander';
import { wholeNumber } from '../dist/commands/options.js';
import { SHAPES, type ShapeName, writeCheckpoint } from './randomCheckpoint.ts';

program
  .argument('<out>', 'the folder to write base/ and adapter/ into')
  .addOption(new Option('--shape <name>', 'the shape of the base').choices(Object.keys(SHAPES)).default('7b'))
  .option('--layers <n>', 'layers of the base; fewer make a quick trial', wholeNumber(1))
  .parse();
const [out] = program.args as [string];
const { shape, layers } = program.opts<{ shape: ShapeName; layers?: number }>();
if (existsSync(out) && readdirSync(out).length > 0) program.error(`error: ${out}: expected an empty folder`);
writeCheckpoint(out, { ...SHAPES[shape], ...(layers !== undefined && { layers }) });
