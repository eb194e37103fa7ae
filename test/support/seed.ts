// Every run of the tests draws the same random inputs. Another seed, such as FUZZ_SEED=7, draws others.

import fc from 'fast-check';

fc.configureGlobal({ seed: Number(process.env.FUZZ_SEED ?? 1) });
