"""Exports reference networks for the comparison: python bench/export.py FOLDER [--dynamic] NAME ...

For each network it writes, unless it is there already,

    NAME.onnx           batch 1; NAME.dynamic.onnx with --dynamic: any batch
    NAME.safetensors    the same weights under torch's names
    NAME.input.f32      eight images, NCHW, float32

Needs torch, torchvision and onnx. Weights and images are pure functions of their names: element i of a tensor is a multiple of
u(name, i) = (hash32(fnv1a(name) + i * 0x9e3779b9) >> 8) / 2^23 - 1, scaled so that activations keep their magnitude.
"""

import json
import math
import pathlib
import struct
import sys
import warnings

import numpy as np
import torch
import torchvision

OPSET = 17
IMAGES = 8
GAIN = 2.5
SIDES = {"inception_v3": 299}


def hash32(x):
    x = x.astype(np.uint32)
    x = (x ^ (x >> np.uint32(16))) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> np.uint32(15))) * np.uint32(0x846CA68B)
    return x ^ (x >> np.uint32(16))


def fnv1a(name):
    value = 0x811C9DC5
    for byte in name.encode():
        value = ((value ^ byte) * 0x01000193) & 0xFFFFFFFF
    return value


def uniform(name, shape):
    index = np.arange(math.prod(shape), dtype=np.uint64) * np.uint64(0x9E3779B9) + np.uint64(fnv1a(name))
    bits = hash32(index & np.uint64(0xFFFFFFFF)) >> np.uint32(8)
    return (bits.astype(np.float64) / 2**23 - 1).reshape(shape)


def weights_of(name, shape):
    u = uniform(name, shape)
    if name.endswith("running_var"):
        values = 1 + 0.5 * u
    elif sum(size > 1 for size in shape) >= 2:
        values = u * math.sqrt(3 * GAIN * shape[0] / math.prod(shape))
    elif len(shape) == 1 and name.endswith(("weight", "gamma")):
        values = 1 + 0.1 * u
    else:
        values = 0.1 * u
    return torch.from_numpy(values.astype(np.float32))


def images_of(shape):
    """Noise over 8 x 8 blocks of constant colour."""
    n, c, h, w = shape
    blocks = uniform("blocks", (n, c, 8, 8))
    rows = np.arange(h) // math.ceil(h / 8)
    columns = np.arange(w) // math.ceil(w / 8)
    return (0.75 * blocks[:, :, rows][:, :, :, columns] + 0.25 * uniform("input", shape)).astype(np.float32)


class LeNet5(torch.nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = torch.nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = torch.nn.Conv2d(6, 16, 5)
        self.fc1 = torch.nn.Linear(400, 120)
        self.fc2 = torch.nn.Linear(120, 84)
        self.fc3 = torch.nn.Linear(84, 10)

    def forward(self, x):
        x = torch.max_pool2d(torch.relu(self.conv1(x)), 2)
        x = torch.max_pool2d(torch.relu(self.conv2(x)), 2).flatten(1)
        return self.fc3(torch.relu(self.fc2(torch.relu(self.fc1(x)))))


def build(name):
    if name == "lenet5":
        model = LeNet5()
    else:
        plain = {"aux_logits": False, "init_weights": False} if name in ("googlenet", "inception_v3") else {}
        model = torchvision.models.get_model(name, weights=None, **plain)
    with torch.no_grad():
        for path, tensor in model.state_dict().items():
            if tensor.is_floating_point():
                tensor.copy_(weights_of(path, tuple(tensor.shape)))
    return model.eval()


def write_safetensors(path, tensors):
    header, offset = {}, 0
    for name, tensor in tensors.items():
        size = 4 * tensor.numel()
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [offset, offset + size]}
        offset += size
    text = json.dumps(header).encode()
    text += b" " * (-len(text) % 8)
    with open(path, "wb") as file:
        file.write(struct.pack("<Q", len(text)) + text)
        for tensor in tensors.values():
            file.write(tensor.contiguous().numpy().tobytes())


def write_onnx(path, model, image, dynamic):
    axes = {"input": {0: "batch"}, "output": {0: "batch"}} if dynamic else None
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        torch.onnx.export(
            model, (image,), str(path), dynamo=False, opset_version=OPSET,
            input_names=["input"], output_names=["output"], dynamic_axes=axes,
        )


def write_once(path, write):
    """A file is there completely or not at all."""
    if not path.exists():
        part = path.with_name(path.name + ".part")
        write(part)
        part.rename(path)


def export(folder, name, dynamic):
    onnx_path = folder / (f"{name}.dynamic.onnx" if dynamic else f"{name}.onnx")
    weights_path, input_path = folder / f"{name}.safetensors", folder / f"{name}.input.f32"
    if onnx_path.exists() and weights_path.exists() and input_path.exists():
        return
    side = SIDES.get(name, 224)
    images = images_of((IMAGES, 1, 28, 28) if name == "lenet5" else (IMAGES, 3, side, side))
    model = build(name)
    floats = {path: tensor for path, tensor in model.state_dict().items() if tensor.is_floating_point()}
    write_once(weights_path, lambda part: write_safetensors(part, floats))
    write_once(input_path, images.tofile)
    write_once(onnx_path, lambda part: write_onnx(part, model, torch.from_numpy(images[:1]), dynamic))


def main():
    names = [argument for argument in sys.argv[1:] if argument != "--dynamic"]
    if len(names) < 2:
        sys.exit(__doc__)
    folder = pathlib.Path(names[0])
    folder.mkdir(parents=True, exist_ok=True)
    for name in names[1:]:
        export(folder, name, "--dynamic" in sys.argv)


if __name__ == "__main__":
    main()
