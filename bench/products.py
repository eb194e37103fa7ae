# Prints the seconds that numpy takes to compute B A of every module of a LoRA adapter, in float32.
# usage: products.py ADAPTER.safetensors
import json
import struct
import sys
import time

import numpy

with open(sys.argv[1], "rb") as file:
    (length,) = struct.unpack("<Q", file.read(8))
    header = json.loads(file.read(length))

random = numpy.random.default_rng(0)
pairs = []
for name in header:
    if ".lora_A." in name:
        b, a = header[name.replace(".lora_A.", ".lora_B.")]["shape"], header[name]["shape"]
        pairs.append((random.random(b, numpy.float32), random.random(a, numpy.float32)))

started = time.perf_counter()
for b, a in pairs:
    b @ a
print(time.perf_counter() - started)
