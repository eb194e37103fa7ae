# Runs optimiser steps of LoRA with PyTorch, transformers and PEFT, on batches of texts of similar length.
# Prints one JSON line: tokens in a second (padding is not counted), and the greatest resident memory of the steps in bytes.
# usage: train_steps.py BASE DATA.jsonl TARGETS DTYPE DROPOUT STEPS BATCH_TOKENS MAX_LENGTH THREADS
import itertools
import json
import random
import re
import sys
import time
from pathlib import Path

import torch
from peft import LoraConfig, get_peft_model
from transformers import AutoModelForSequenceClassification, AutoTokenizer, GgufConfig
from transformers.utils import logging

WARM_UP = 2

base, data, targets, dtype = sys.argv[1:5]
dropout = float(sys.argv[5])
steps, batch_tokens, max_length, threads = map(int, sys.argv[6:])
logging.disable_progress_bar()
torch.set_num_threads(threads)
examples = [json.loads(line) for line in Path(data).read_text().splitlines()]
labels = sorted({example["label"] for example in examples})
gguf = next(Path(base).glob("*.gguf"), None)
# Packed weights would be unpacked again in every product.
options = {"gguf_file": gguf.name, "quantization_config": GgufConfig(dequantize=True)} if gguf else {}
tokenizer = AutoTokenizer.from_pretrained(base)
model = AutoModelForSequenceClassification.from_pretrained(
    base, dtype=getattr(torch, dtype), num_labels=len(labels), attn_implementation="sdpa", **options
)
model.config.pad_token_id = 0
modules = targets if targets == "all-linear" else targets.split(",")
lora = LoraConfig(r=12, lora_alpha=32, lora_dropout=dropout, target_modules=modules, task_type="SEQ_CLS")
model = get_peft_model(model, lora).train()
trained = [parameter for parameter in model.parameters() if parameter.requires_grad]
optimiser = torch.optim.AdamW(trained, lr=1e-4)

encoded = [(tokenizer(e["text"])["input_ids"][:max_length], labels.index(e["label"])) for e in examples]
shuffle = random.Random(0).shuffle
totals = itertools.accumulate(len(ids) for ids, _ in encoded)
encoded = [each for each, total in zip(encoded, totals) if total <= (steps + WARM_UP) * batch_tokens]
batches, room = [], 0
for ids, label in sorted(encoded, key=lambda each: len(each[0])):
    if len(ids) > room:
        batches.append([])
        room = batch_tokens
    batches[-1].append((ids, label))
    room -= len(ids)
shuffle(batches)

# The greatest resident memory counts from here on: https://man7.org/linux/man-pages/man5/proc_pid_clear_refs.5.html
Path("/proc/self/clear_refs").write_text("5")
tokens = seconds = 0
for step, batch in enumerate(batches[: steps + WARM_UP]):
    longest = max(len(ids) for ids, _ in batch)
    input_ids = torch.tensor([ids + [0] * (longest - len(ids)) for ids, _ in batch])
    mask = torch.tensor([[1] * len(ids) + [0] * (longest - len(ids)) for ids, _ in batch])
    started = time.perf_counter()
    loss = model(input_ids=input_ids, attention_mask=mask, labels=torch.tensor([label for _, label in batch])).loss
    loss.backward()
    torch.nn.utils.clip_grad_norm_(trained, 1.0)
    optimiser.step()
    optimiser.zero_grad()
    if step >= WARM_UP:
        seconds += time.perf_counter() - started
        tokens += int(mask.sum())
status = Path("/proc/self/status").read_text()
peak = 1024 * int(re.search(r"^VmHWM:\s*(\d+)", status, re.MULTILINE)[1])
print(json.dumps({"tokens_per_second": tokens / seconds, "peak_memory": peak}))
