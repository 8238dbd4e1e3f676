"""Trains the LeNet-5 that the package ships, on MNIST, and writes it as safetensors.

    python tools/train_lenet5.py --data DIR [--out weights/lenet5.safetensors] [--seed 5] [--epochs 80]

DIR holds the four MNIST files (train-images-idx3-ubyte.gz, ...). Needs torch and numpy; one CPU core is enough.
What it printed for the shipped weights is in tools/train_lenet5.log.

The network is LeNet-5 as it is commonly written today: 28 x 28 x 1 inputs, convolution 6 @ 5 x 5 padded by 2, ReLU,
max pooling by 2, convolution 16 @ 5 x 5, ReLU, max pooling by 2, flatten (C, H, W), dense 120, 84 and 10 with ReLU
between. 61,706 parameters. Inputs are (x / 255 - 0.1307) / 0.3081, ink bright on a dark ground.

Recipe: 5,000 of the 60,000 training digits are held out for validation (drawn with the seed); the rest is bent anew for
every batch (affine, elastic, thinner or thicker strokes, blur, contrast); AdamW, one linear warm-up and a cosine
schedule, little label smoothing (so that the probabilities stay near the truth), and an exponential moving average of
the weights, which is what is saved. Nothing is chosen by the test digits, which are read after the last epoch.
"""

import argparse
import copy
import gzip
import json
import math
import struct
import time
from pathlib import Path

import numpy as np
import torch
import torch.nn.functional as F
from torch import Tensor, nn

MEAN, STD = 0.1307, 0.3081
VALIDATION_DIGITS = 5000
BATCH = 256
LEARNING_RATE = 4e-3
WEIGHT_DECAY = 0.02
LABEL_SMOOTHING = 0.01
WARM_UP = 0.05
EMA_DECAY = 0.9985


class LeNet5(nn.Module):
    def __init__(self) -> None:
        super().__init__()
        self.conv1 = nn.Conv2d(1, 6, 5, padding=2)
        self.conv2 = nn.Conv2d(6, 16, 5)
        self.fc1 = nn.Linear(16 * 5 * 5, 120)
        self.fc2 = nn.Linear(120, 84)
        self.fc3 = nn.Linear(84, 10)

    def forward(self, x: Tensor) -> Tensor:
        x = F.max_pool2d(F.relu(self.conv1(x)), 2)
        x = F.max_pool2d(F.relu(self.conv2(x)), 2)
        x = F.relu(self.fc1(x.flatten(1)))
        return self.fc3(F.relu(self.fc2(x)))


def read_idx(path: Path) -> np.ndarray:
    """The unsigned bytes of an IDX file, in the shape that its header states."""
    data = gzip.decompress(path.read_bytes())
    zero, kind, rank = struct.unpack_from(">HBB", data)
    if zero != 0 or kind != 8:
        raise ValueError(f"{path}: expected an IDX file of unsigned bytes")
    shape = struct.unpack_from(f">{rank}I", data, 4)
    return np.frombuffer(data, np.uint8, offset=4 + 4 * rank).reshape(shape)


def read_digits(folder: Path, part: str) -> tuple[Tensor, Tensor]:
    """Images N x 1 x 28 x 28 in 0..1 and their labels."""
    images = read_idx(folder / f"{part}-images-idx3-ubyte.gz")
    labels = read_idx(folder / f"{part}-labels-idx1-ubyte.gz")
    return torch.from_numpy(images.astype(np.float32) / 255)[:, None], torch.from_numpy(labels.astype(np.int64))


def bend(x: Tensor, random: torch.Generator) -> Tensor:
    """Each digit of a batch in 0..1, moved, turned, slanted, stretched, warped, and drawn with another pen."""
    n, _, h, w = x.shape

    def uniform(low: float, high: float) -> Tensor:
        return torch.rand(n, generator=random) * (high - low) + low

    turn, slant = uniform(-0.22, 0.22), uniform(-0.3, 0.3)
    scale_x, scale_y = uniform(0.85, 1.18), uniform(0.85, 1.18)
    shift_x, shift_y = uniform(-0.12, 0.12), uniform(-0.12, 0.12)
    cos, sin = torch.cos(turn), torch.sin(turn)
    rows = [cos * scale_x, slant * cos - sin * scale_y, shift_x, sin * scale_x, slant * sin + cos * scale_y, shift_y]
    grid = F.affine_grid(torch.stack(rows, 1).view(n, 2, 3), [n, 1, h, w], align_corners=False)
    coarse = torch.randn(n, 2, 6, 6, generator=random) * uniform(0, 0.07).view(n, 1, 1, 1)
    warp = F.interpolate(coarse, size=(h, w), mode="bicubic", align_corners=False)
    x = F.grid_sample(x, grid + warp.permute(0, 2, 3, 1), align_corners=False)

    thicker = F.max_pool2d(x, 3, stride=1, padding=1)
    thinner = -F.max_pool2d(-x, (2, 2), stride=1, padding=1)[..., :h, :w]
    pen = uniform(-0.8, 1.0).view(n, 1, 1, 1)
    x = torch.where(pen > 0, torch.lerp(x, thicker, pen.clamp(0, 1)), torch.lerp(x, thinner, (-pen).clamp(0, 1)))
    x = torch.lerp(x, F.avg_pool2d(x, 3, stride=1, padding=1), uniform(-0.4, 0.6).clamp(min=0).view(n, 1, 1, 1))
    return (x * uniform(0.75, 1.25).view(n, 1, 1, 1)).clamp(0, 1)


def normalise(x: Tensor) -> Tensor:
    return (x - MEAN) / STD


@torch.no_grad()
def count_right(net: nn.Module, images: Tensor, labels: Tensor) -> int:
    parts = zip(images.split(1000), labels.split(1000))
    return sum(int((net(normalise(x)).argmax(1) == y).sum()) for x, y in parts)


def learning_rate(progress: float) -> float:
    """Factor of the peak rate after that fraction of the training: up in a line, down in half a cosine."""
    if progress < WARM_UP:
        return progress / WARM_UP
    return 0.5 * (1 + math.cos(math.pi * (progress - WARM_UP) / (1 - WARM_UP)))


def save_safetensors(path: Path, tensors: dict[str, Tensor], metadata: dict[str, str]) -> None:
    """Writes float32 tensors in the safetensors format: header length, JSON header padded to 8 bytes, data."""
    header: dict[str, object] = {"__metadata__": metadata}
    blobs, end = [], 0
    for name, tensor in tensors.items():
        blobs.append(tensor.contiguous().numpy().astype("<f4").tobytes())
        begin, end = end, end + len(blobs[-1])
        header[name] = {"dtype": "F32", "shape": list(tensor.shape), "data_offsets": [begin, end]}
    text = json.dumps(header, separators=(",", ":")).encode()
    text += b" " * (-len(text) % 8)
    path.write_bytes(struct.pack("<Q", len(text)) + text + b"".join(blobs))


def main() -> None:
    parser = argparse.ArgumentParser(description="Train LeNet-5 on MNIST.")
    parser.add_argument("--data", type=Path, required=True, help="folder with the four MNIST .gz files")
    parser.add_argument("--out", type=Path, default=Path("weights/lenet5.safetensors"))
    parser.add_argument("--seed", type=int, default=5)
    parser.add_argument("--epochs", type=int, default=80)
    options = parser.parse_args()

    torch.set_num_threads(1)
    torch.manual_seed(options.seed)
    random = torch.Generator().manual_seed(options.seed)
    images, labels = read_digits(options.data, "train")
    order = torch.randperm(len(images), generator=random)
    held_out, train = order[:VALIDATION_DIGITS], order[VALIDATION_DIGITS:]
    print(f"torch {torch.__version__}, seed {options.seed}, {options.epochs} epochs")
    print(f"{len(train)} digits to learn from, {len(held_out)} held out")

    net = LeNet5()
    average = copy.deepcopy(net)
    optimizer = torch.optim.AdamW(net.parameters(), lr=LEARNING_RATE, weight_decay=WEIGHT_DECAY)
    batches = len(train) // BATCH
    steps = options.epochs * batches
    step, started = 0, time.perf_counter()
    for epoch in range(1, options.epochs + 1):
        shuffled = train[torch.randperm(len(train), generator=random)]
        total = 0.0
        for batch in shuffled[: batches * BATCH].split(BATCH):
            for group in optimizer.param_groups:
                group["lr"] = LEARNING_RATE * learning_rate((step + 1) / steps)
            scores = net(normalise(bend(images[batch], random)))
            loss = F.cross_entropy(scores, labels[batch], label_smoothing=LABEL_SMOOTHING)
            optimizer.zero_grad()
            loss.backward()
            optimizer.step()
            step += 1
            total += loss.item()
            decay = min(EMA_DECAY, step / (step + 10))
            with torch.no_grad():
                for kept, current in zip(average.parameters(), net.parameters()):
                    kept.lerp_(current, 1 - decay)
        right = count_right(average, images[held_out], labels[held_out])
        shares = f"loss {total / batches:.4f}  held out {right / len(held_out):.4f}"
        print(f"epoch {epoch:3d}  {shares}  {time.perf_counter() - started:6.0f} s", flush=True)

    test_images, test_labels = read_digits(options.data, "t10k")
    right = count_right(average, test_images, test_labels)
    accuracy = f"{right / len(test_labels):.4f} ({right}/{len(test_labels)})"
    print(f"test accuracy {accuracy}")
    save_safetensors(
        options.out,
        average.state_dict(),
        {
            "name": "lenet5",
            "task": "handwritten digits, classes 0 to 9",
            "input": "28 x 28 x 1, (x / 255 - 0.1307) / 0.3081, ink bright on dark",
            "license": "Apache-2.0; trained on MNIST by Yann LeCun and Corinna Cortes (CC BY-SA 3.0)",
            "recipe": f"tools/train_lenet5.py --seed {options.seed} --epochs {options.epochs}",
            "test_accuracy": accuracy,
        },
    )
    parameters = sum(parameter.numel() for parameter in average.parameters())
    print(f"{options.out.name}: {parameters} parameters, {options.out.stat().st_size} bytes")


if __name__ == "__main__":
    main()
