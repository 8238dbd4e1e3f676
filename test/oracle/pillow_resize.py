"""Writes test/fixtures/pillow-resize.json: what torchvision's Resize and CenterCrop, that is Pillow, make of small pictures.

    python test/oracle/pillow_resize.py

Needs torchvision and Pillow (written with 0.29.2 and 13.0.0). Byte i of a picture is the top byte of hash32(i + 1000 * case),
for bicubic resizing halved plus 64; the test makes the same pictures.
"""

import json
import pathlib

import numpy as np
import torchvision
from PIL import Image, __version__ as pillow_version
from torchvision.transforms import CenterCrop, Compose, InterpolationMode, Resize

# Source width, height, channels; shorter side after Resize; side of CenterCrop; interpolation.
CASES = [
    (40, 30, 3, 18, 16),
    (30, 41, 3, 19, 16),
    (16, 16, 3, 16, 16),
    (7, 5, 3, 14, 12),
    (1, 1, 3, 4, 4),
    (3, 64, 1, 9, 8),
    (97, 61, 1, 10, 7),
    (33, 24, 3, 11, 11),
    (40, 30, 3, 18, 16, "bicubic"),
    (30, 41, 3, 19, 16, "bicubic"),
    (7, 5, 3, 14, 12, "bicubic"),
    (97, 61, 1, 10, 7, "bicubic"),
    (33, 24, 3, 11, 11, "bicubic"),
]


def hash32(x):
    x = x.astype(np.uint32)
    x = (x ^ (x >> 16)) * np.uint32(0x7FEB352D)
    x = (x ^ (x >> 15)) * np.uint32(0x846CA68B)
    return x ^ (x >> 16)


def picture(case, width, height, channels, bicubic):
    values = hash32(np.arange(width * height * channels) + 1000 * case) >> 24
    # Pillow cuts off what the cubic filter overshoots after each of its passes; these bytes leave room for it.
    values = values // 2 + 64 if bicubic else values
    values = values.astype(np.uint8).reshape(height, width, channels)
    return Image.fromarray(values[:, :, 0] if channels == 1 else values)


def run(case, width, height, channels, resize, crop, interpolation="bilinear"):
    bicubic = interpolation == "bicubic"
    steps = Compose([Resize(resize, InterpolationMode.BICUBIC if bicubic else InterpolationMode.BILINEAR), CenterCrop(crop)])
    out = steps(picture(case, width, height, channels, bicubic))
    values = np.asarray(out).reshape(-1).tolist()
    sizes = {"width": width, "height": height, "channels": channels, "resize": resize, "size": crop}
    return {**sizes, "interpolation": interpolation, "expected": values}


if __name__ == "__main__":
    target = pathlib.Path(__file__).parent.parent / "fixtures" / "pillow-resize.json"
    cases = [json.dumps(run(case, *options)) for case, options in enumerate(CASES)]
    versions = json.dumps({"torchvision": torchvision.__version__, "pillow": pillow_version})
    target.write_text('{\n  "versions": %s,\n  "cases": [\n    %s\n  ]\n}\n' % (versions, ",\n    ".join(cases)))
