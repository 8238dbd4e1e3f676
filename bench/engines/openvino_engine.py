"""OpenVINO behind the protocol of child.mjs: one JSON command per line in, one answer per line out."""

import json
import sys
import time

import numpy as np
import openvino

answers = sys.stdout
sys.stdout = sys.stderr  # standard output carries answers only


class Engine:
    def open(self, files, shape, threads, **_):
        start = time.perf_counter()
        core = openvino.Core()
        model = core.read_model(files["onnx"])
        model.reshape(shape)
        compiled = core.compile_model(model, "CPU", {
            "PERFORMANCE_HINT": "LATENCY",
            "INFERENCE_NUM_THREADS": threads,
            "INFERENCE_PRECISION_HINT": "f32",
            "NUM_STREAMS": 1,
        })
        self.request = compiled.create_infer_request()
        count = int(np.prod(shape))
        self.input = np.fromfile(files["input"], np.float32, count).reshape(shape)
        self.request.set_input_tensor(openvino.Tensor(self.input, shared_memory=True))
        ready = time.perf_counter()
        self.request.infer()
        return {"readyMs": 1e3 * (ready - start), "firstRunMs": 1e3 * (time.perf_counter() - ready)}

    def run(self):
        start = time.perf_counter()
        self.request.infer()
        return 1e3 * (time.perf_counter() - start)

    def block(self, count, warmup=1):
        for _ in range(warmup):
            self.request.infer()
        return [self.run() for _ in range(count)]

    def output(self):
        self.request.infer()
        return self.request.get_output_tensor(0).data.reshape(-1).tolist()

    def version(self):
        return openvino.__version__.split("-")[0]


engine = Engine()
for line in sys.stdin:
    command = json.loads(line)
    name = command.pop("command")
    try:
        answer = {"result": getattr(engine, name)(**command)}
    except Exception as error:
        answer = {"error": {"message": f"{type(error).__name__}: {error}"}}
    answers.write(json.dumps(answer) + "\n")
    answers.flush()
