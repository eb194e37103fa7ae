// lsllama sign: signs a model folder, for services that load only signed ones.

import { basename, resolve } from 'node:path';
import type { Command } from 'commander';
import { signModel } from '../model/signature.js';

export function configure(command: Command): void {
  command
    .argument('<model>', 'a model folder')
    .requiredOption('--key <file>', 'the private Ed25519 key, in PEM')
    .action(async (model: string, { key }: { key: string }) => {
      await signModel(model, key);
      process.stderr.write(`${basename(resolve(model))} is signed\n`);
    });
}
