"""Evaluates PyTorch expressions.

Reads a JSON list of cases from standard input and writes a JSON list of results. A case has `inputs` (name to shape; PyTorch's
order, with a batch) and `code`, Python that sets `y` from them, and `module` if parameters belong to it. A result has the
inputs, the module's state and y, each as [shape, values].
"""

import json
import sys

import torch
import torch.nn.functional as F


def pack(tensor):
    return [list(tensor.shape), tensor.detach().to(torch.float32).flatten().tolist()]


def run(case, seed):
    torch.manual_seed(seed)
    scope = {"torch": torch, "nn": torch.nn, "F": F, "module": None}
    inputs = {name: torch.randn(shape) * case.get("scale", 1) for name, shape in case["inputs"].items()}
    scope.update(inputs)
    with torch.no_grad():
        exec(case["code"], scope)
    module = scope["module"]
    state = {} if module is None else module.state_dict()
    return {
        "inputs": {name: pack(value) for name, value in inputs.items()},
        "state": {name: pack(value) for name, value in state.items() if value.dtype == torch.float32},
        "y": pack(scope["y"]),
    }


json.dump([run(case, seed) for seed, case in enumerate(json.load(sys.stdin))], sys.stdout)
