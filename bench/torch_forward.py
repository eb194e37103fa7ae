# Runs forward passes of a merged classifier in PyTorch, in batches of texts of exactly equal length, without padding.
# Each line on standard input starts a round, and says how many seconds it lasts.
# Prints one JSON line when it is ready, and one for each round.
# usage: torch_forward.py MODEL DATA.jsonl bfloat16|float32 THREADS TEXTS BATCH_TOKENS MAX_LENGTH
import itertools
import json
import sys
import time

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

folder, data, dtype = sys.argv[1:4]
threads, texts, batch_tokens, max_length = map(int, sys.argv[4:])
logging.disable_progress_bar()
torch.set_num_threads(threads)
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForSequenceClassification.from_pretrained(folder, dtype=getattr(torch, dtype)).eval()

with open(data, encoding="utf-8", newline="\n") as lines:
    examples = [json.loads(line) for line in itertools.islice(lines, texts)]
encoded = tokenizer(
    [example.get("text") or " ".join(example["tokens"]) for example in examples],
    truncation=True,
    max_length=max_length,
)["input_ids"]

batches = []
for length, group in itertools.groupby(sorted(encoded, key=len), len):
    group = list(group)
    size = max(1, batch_tokens // length)
    batches += [torch.tensor(group[i : i + size]) for i in range(0, len(group), size)]
# In random order, any stretch of the batches is a fair sample of the lengths.
generator = torch.Generator().manual_seed(0)
batches = [batches[i] for i in torch.randperm(len(batches), generator=generator)]


def run(ids):
    with torch.inference_mode():
        model(input_ids=ids, attention_mask=torch.ones_like(ids)).logits.float().softmax(-1)
    return ids.numel(), len(ids)


run(batches[0])
print(json.dumps({"ready": True, "torch": torch.__version__, "batches": len(batches)}), flush=True)
endless = itertools.cycle(batches)
for line in sys.stdin:
    limit = float(line)
    tokens = texts = 0
    started = time.perf_counter()
    while time.perf_counter() - started < limit:
        passed_tokens, passed_texts = run(next(endless))
        tokens += passed_tokens
        texts += passed_texts
    seconds = time.perf_counter() - started
    rates = {"tokens_per_second": tokens / seconds, "texts_per_second": texts / seconds}
    print(json.dumps(rates), flush=True)
