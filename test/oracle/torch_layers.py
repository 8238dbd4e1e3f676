"""Writes test/fixtures/torch-layers.json: small inputs and what PyTorch and torchvision make of them.

Usage: python test/oracle/torch_layers.py > test/fixtures/torch-layers.json (torch, torchvision and timm are needed)
"""

import json

import torch
import torch.nn.functional as F
import torchvision
from timm.layers import BlurPool2d

torch.manual_seed(1)


def numbers(tensor):
    return [float(f"{x:.9g}") for x in tensor.flatten().tolist()]


def random(*shape, scale=1.0):
    """Numbers with few digits, so that the file is short and exact."""
    return (torch.randn(*shape) * scale * 64).round() / 64


def entry(inputs, output, **options):
    return {
        "inputs": {k: {"shape": list(v.shape), "data": numbers(v)} for k, v in inputs.items()},
        "output": {"shape": list(output.shape), "data": numbers(output)},
        "options": options,
    }


def main():
    cases = {}
    x = random(2, 4, 5, 6)
    w = random(4, 3, 3, 2, scale=0.5)
    b = random(6)
    cases["convTranspose2d"] = entry(
        {"input": x, "weight": w, "bias": b},
        F.conv_transpose2d(x, w, b, stride=(2, 3), padding=(1, 0), output_padding=(1, 0), groups=2, dilation=(1, 2)),
        kernel=[3, 2], stride=[2, 3], padding=[1, 0], outputPadding=[1, 0], groups=2, dilation=[1, 2], outChannels=6,
    )
    w3 = random(4, 2, 2, 3, 2, scale=0.5)
    x3 = random(1, 4, 2, 3, 2)
    cases["convTranspose3d"] = entry(
        {"input": x3, "weight": w3},
        F.conv_transpose3d(x3, w3, stride=2, padding=1),
        kernel=[2, 3, 2], stride=2, padding=1, outChannels=2, bias=False,
    )
    x = random(2, 3, 7, 6)
    pooled, indices = F.max_pool2d(x, 3, 2, 1, return_indices=True)
    cases["maxPoolIndices"] = entry({"input": x}, indices.float(), kernel=3, stride=2, padding=1)
    pooled, indices = F.max_pool2d(x, 2, 2, return_indices=True)
    cases["maxUnpool2d"] = entry({"input": x}, F.max_unpool2d(pooled, indices, 2, 2, output_size=x.shape[2:]), kernel=2, outputSize=[7, 6])
    cases["lpPool2d"] = entry({"input": x}, F.lp_pool2d(x, 2, 3, 2, ceil_mode=True), kernel=3, stride=2, ceil=True, p=2)
    cases["lpPool2d of 3"] = entry({"input": x.abs()}, F.lp_pool2d(x.abs(), 3, 2), kernel=2, p=3)
    x = random(1, 3, 9, 8)
    cases["blurPool2d"] = entry({"input": x}, BlurPool2d(3, filt_size=4, stride=2)(x), kernel=4, stride=2)
    cases["blurPool2d by default"] = entry({"input": x}, BlurPool2d(3)(x))
    boxes = torch.tensor([[0.0, 0, 15, 17], [3.5, 2.25, 9, 30], [-4, -6, 40, 9], [7, 7, 7.5, 7.5], [12, 9, 4, 3]])
    x = random(1, 2, 9, 8)
    rois = {"input": x, "boxes": boxes[None]}
    for name, options in {
        "roiAlign": dict(spatialScale=0.5, samplingRatio=2, aligned=True),
        "roiAlign by default": dict(spatialScale=0.5, samplingRatio=0, aligned=False),
    }.items():
        y = torchvision.ops.roi_align(x, [boxes], [3, 2], options["spatialScale"], options["samplingRatio"] or -1, options["aligned"])
        cases[name] = entry(rois, y[None], outputSize=[3, 2], **options)
    cases["roiPool"] = entry(rois, torchvision.ops.roi_pool(x, [boxes], [3, 2], 0.5)[None], outputSize=[3, 2], spatialScale=0.5)
    x, w, b = random(1, 4, 6, 5), random(6, 2, 3, 2, scale=0.5), random(6)
    offset, mask = random(1, 2 * 2 * 6, 3, 4, scale=1.5), random(1, 2 * 6, 3, 4)
    common = dict(kernel=[3, 2], stride=[2, 1], padding=[1, 0], dilation=[1, 1], groups=2, outChannels=6)
    y = torchvision.ops.deform_conv2d(x, offset, w, b, stride=(2, 1), padding=(1, 0), mask=mask)
    cases["deformConv2d"] = entry({"input": x, "offset": offset, "mask": mask, "weight": w, "bias": b}, y, **common)
    y = torchvision.ops.deform_conv2d(x, offset[:, :12], w, b, stride=(2, 1), padding=(1, 0))
    cases["deformConv2d without mask"] = entry({"input": x, "offset": offset[:, :12], "weight": w, "bias": b}, y, **common)

    boxes = torch.rand(60, 4) * 40
    boxes[:, 2:] += boxes[:, :2] + 5
    boxes, scores, labels = boxes.round(), torch.rand(60).mul(1000).round() / 1000, torch.randint(0, 3, (60,))
    anchors = torchvision.models.detection.anchor_utils.AnchorGenerator(((8.0, 20.0),), ((0.5, 1.0, 2.0),))
    images = torchvision.models.detection.image_list.ImageList(torch.zeros(1, 3, 31, 46), [(31, 46)])
    ssd = torchvision.models.detection.anchor_utils.DefaultBoxGenerator([[2], [2, 3]], scales=[0.2, 0.55, 0.9])
    features = [torch.zeros(1, 1, 3, 4), torch.zeros(1, 1, 1, 2)]
    coder = torchvision.models.detection._utils.BoxCoder((10.0, 10.0, 5.0, 5.0))
    deltas = random(60, 4, scale=3)
    detection = {
        "boxes": numbers(boxes),
        "scores": numbers(scores),
        "labels": labels.tolist(),
        "deltas": numbers(deltas),
        "iou": numbers(torchvision.ops.box_iou(boxes[:8], boxes[:8])),
        "nms": torchvision.ops.nms(boxes, scores, 0.3).tolist(),
        "batchedNms": torchvision.ops.batched_nms(boxes, scores, labels, 0.3).tolist(),
        "decoded": numbers(coder.decode_single(deltas, boxes)),
        "encoded": numbers(coder.encode_single(boxes.flip(0), boxes)),
        "anchors": numbers(anchors(images, [torch.zeros(1, 1, 4, 5)])[0]),
        "defaultBoxes": numbers(ssd(torchvision.models.detection.image_list.ImageList(torch.zeros(1, 3, 30, 40), [(30, 40)]), features)[0]),
        "cxcywh": numbers(torchvision.ops.box_convert(boxes[:8], "xyxy", "cxcywh")),
    }
    print(json.dumps({"layers": cases, "detection": detection}))


main()
