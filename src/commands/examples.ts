// What `--help` shows below the options of each command.

/** Command lines by the name of the command. Columns of remarks are aligned. */
export const EXAMPLES: Readonly<Record<string, readonly string[]>> = {
  serve: [
    'lsllama serve                                   the models that lsllama ships with',
    'lsllama serve --models my-models --port 9000    the model and recipe folders in my-models',
    'lsllama serve --config service.yaml             options from a file, such as "port: 9000"',
  ],
  export: [
    'lsllama export --adapter my-adapter --out models/mine    the base is the one that the adapter names',
    'lsllama export --base my-base --adapter my-adapter --precision float32 --out models/mine',
    'lsllama export --recipe models/agnews-llama --out exported/agnews-llama',
  ],
  train: [
    'lsllama train --base models/smollm2-135m-instruct --data train.jsonl --dev dev.jsonl --task sequence --attention causal --out my-models/news',
    'lsllama train --base models/smollm2-135m-instruct --data train.jsonl --dev dev.jsonl --task token --attention bidirectional --targets all-linear --lr 1e-3 --minutes 30 --out my-models/entities',
  ],
  predict: [
    'lsllama predict models/mine --input texts.jsonl --output answers.jsonl',
    'lsllama predict models/mine --input texts.csv --text-column body --output answers.parquet --resume',
    `echo '{"text": "Oil prices fell."}' | lsllama predict models/mine --logits`,
  ],
  eval: [
    'lsllama eval models/mine test.jsonl',
    'lsllama eval models/mine test.jsonl --html report.html',
    'lsllama eval models/mine dev.jsonl --fit-temperature',
  ],
  bench: [
    'lsllama bench http://127.0.0.1:8080/classify data.jsonl',
    "lsllama bench http://127.0.0.1:8080/ner data.jsonl --rate 100 --fail-if 'p99>200ms'",
    'lsllama bench http://127.0.0.1:8080/classify data.jsonl --sweep --html sweep.html',
    'lsllama bench http://127.0.0.1:8000 data.jsonl --shape vllm --model NAME --json a.json',
    'lsllama bench compare a.json b.json',
  ],
  inspect: [
    'lsllama inspect my-adapter       whether it can be exported, and why not',
    'lsllama inspect models/mine      what a model folder was exported from, and how',
    'lsllama inspect downloads        every such folder in a folder',
  ],
  key: [
    'lsllama key search-team --add-to keys.json',
    'lsllama key batch-job --priority batch --tokens-per-minute 100000 --add-to keys.json',
    'lsllama key prometheus --scopes metrics --expires 2030-01-31T00:00:00Z',
  ],
  sign: ['openssl genpkey -algorithm ed25519 -out key.pem', 'lsllama sign models/mine --key key.pem'],
  'install-cuda': [
    'lsllama install-cuda',
    'lsllama install-cuda --wheel downloads/onnxruntime_gpu-1.30.0-cp312-cp312-manylinux_2_28_x86_64.whl',
  ],
  doctor: ['lsllama doctor', 'lsllama doctor --models my-models --device cuda'],
};
