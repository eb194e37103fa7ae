# Runs forward passes of a classifier in PyTorch, with its scaled dot product attention.
# Each line on standard input starts a round, and says how many seconds it lasts.
# Prints one JSON line when it is ready, and one for each round.
# usage: torch_forward.py MODEL DATA.jsonl DTYPE DEVICE BATCHES THREADS TEXTS BATCH_TOKENS MAX_LENGTH LABELS
# BATCHES: `equal`, texts of exactly equal length, without padding; `padded`, texts in their order, each batch padded to
# its longest text.
import itertools
import json
import sys
import time

import torch
from transformers import AutoModelForSequenceClassification, AutoTokenizer
from transformers.utils import logging

folder, data, dtype, device, kind = sys.argv[1:6]
threads, texts, batch_tokens, max_length, labels = map(int, sys.argv[6:])
logging.disable_progress_bar()
torch.set_num_threads(threads)
tokenizer = AutoTokenizer.from_pretrained(folder)
model = AutoModelForSequenceClassification.from_pretrained(
    folder, dtype=getattr(torch, dtype), num_labels=labels, attn_implementation="sdpa"
).eval()
model.config.pad_token_id = 0
model.to(device)

with open(data, encoding="utf-8", newline="\n") as lines:
    examples = [json.loads(line) for line in itertools.islice(lines, texts)]
encoded = tokenizer(
    [example.get("text") or " ".join(example["tokens"]) for example in examples],
    truncation=True,
    max_length=max_length,
)["input_ids"]


def equal_lengths():
    for length, group in itertools.groupby(sorted(encoded, key=len), len):
        group = list(group)
        size = max(1, batch_tokens // length)
        yield from (group[i : i + size] for i in range(0, len(group), size))


def in_order():
    batch = []
    for ids in encoded:
        longest = max([len(ids), *map(len, batch)])
        if batch and longest * (len(batch) + 1) > batch_tokens:
            yield batch
            batch = []
        batch.append(ids)
    yield batch


def padded(batch):
    longest = max(map(len, batch))
    ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids in batch])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids in batch])
    return ids.to(device), mask.to(device), sum(map(len, batch))


batches = [padded(batch) for batch in (equal_lengths() if kind == "equal" else in_order())]
# In random order, any stretch of the batches is a fair sample of the lengths.
generator = torch.Generator().manual_seed(0)
batches = [batches[i] for i in torch.randperm(len(batches), generator=generator)]


def run(ids, mask, tokens):
    with torch.inference_mode():
        # Without a mask PyTorch takes the fast kernels, so it gets one only where there is padding.
        attention_mask = None if tokens == ids.numel() else mask
        model(input_ids=ids, attention_mask=attention_mask).logits.float().softmax(-1).cpu()
    return tokens, len(ids)


for batch in batches[:3]:
    run(*batch)
print(json.dumps({"ready": True, "torch": torch.__version__, "batches": len(batches)}), flush=True)
endless = itertools.cycle(batches)
for line in sys.stdin:
    limit = float(line)
    tokens = texts = 0
    started = time.perf_counter()
    while time.perf_counter() - started < limit:
        passed_tokens, passed_texts = run(*next(endless))
        tokens += passed_tokens
        texts += passed_texts
    seconds = time.perf_counter() - started
    rates = {"tokens_per_second": tokens / seconds, "texts_per_second": texts / seconds}
    print(json.dumps(rates), flush=True)
