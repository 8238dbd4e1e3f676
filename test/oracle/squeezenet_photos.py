"""Runs squeezenet1_1_fp32.onnx by onnxruntime on tensors that were prepared here, and prints the likeliest class of each.

    python test/oracle/squeezenet_photos.py MODEL.onnx TENSORS.safetensors

The tensors are [1, 224, 224, 3]; the answer is JSON, {name: [class, probability]}. test/deep/squeezenet-photos.test.ts calls this
(written with onnxruntime 1.31).
"""

import json
import sys

import numpy as np
import onnxruntime
from safetensors.numpy import load_file

session = onnxruntime.InferenceSession(sys.argv[1], providers=["CPUExecutionProvider"])
name = session.get_inputs()[0].name
answers = {}
for photo, tensor in sorted(load_file(sys.argv[2]).items()):
    scores = session.run(None, {name: np.ascontiguousarray(tensor.transpose(0, 3, 1, 2))})[0].reshape(-1)
    answers[photo] = [int(scores.argmax()), round(float(scores.max()), 6)]
print(json.dumps(answers))
