#!/usr/bin/env python3
"""What torchvision makes of the outputs of its detectors: writes test/fixtures/torchvision-detections.json to stdout."""
import json

import torch
from torchvision.models.detection import retinanet_resnet50_fpn, ssd300_vgg16


def numbers(tensor):
    return [round(float(value), 5) for value in tensor.flatten()]


def rounded(tensor):
    return torch.tensor(numbers(tensor)).reshape(tensor.shape)


def found(output):
    rows = zip(output["boxes"], output["labels"], output["scores"])
    return [{"box": numbers(box), "label": int(label), "score": round(float(score), 5)} for box, label, score in rows]


def main():
    torch.manual_seed(3)
    count, classes = 40, 3
    corners = torch.rand(count, 2) * 60
    anchors = rounded(torch.cat([corners, corners + torch.rand(count, 2) * 40 + 5], 1))
    deltas = rounded(torch.randn(1, count, 4) * 0.6)
    logits = rounded(torch.randn(1, count, classes) * 1.5)
    image = [(80, 90)]
    ssd = ssd300_vgg16(weights=None, weights_backbone=None)
    retinanet = retinanet_resnet50_fpn(weights=None, weights_backbone=None)
    outputs = {
        "anchors": numbers(anchors),
        "deltas": numbers(deltas),
        "logits": numbers(logits),
        "ssd": found(ssd.postprocess_detections({"bbox_regression": deltas, "cls_logits": logits}, [anchors], image)[0]),
        "retinanet": found(
            retinanet.postprocess_detections({"bbox_regression": [deltas], "cls_logits": [logits]}, [[anchors]], image)[0]
        ),
    }
    print(json.dumps(outputs))


main()
