"""An evaluator of one's own (docs/command_evaluator.md): put a training in place of evaluate()."""
import json, math, random, sys

def evaluate(request):
    """Larger networks and longer trainings err less here, with noise from the seed."""
    tensors, weights = request["graph"]["tensors"], 0
    for layer in request["graph"]["layers"]:
        if layer["op"] in ("conv2d", "fully_connected"):
            inputs, output = tensors[layer["inputs"][0]]["shape"], tensors[layer["output"]]["shape"]
            weights += layer["kernel_size"] ** 2 * inputs[2] * output[2]
    error = 60 - 3 * math.log2(weights) + 6 * (1 - request["budget"])
    noise = random.Random(request["seed"]).gauss(0, 0.2)
    return {"error": error + noise, "standard_error": 0.2, "weights": weights}

print(json.dumps({"edgefront_evaluator": 1, "name": "example", "version": "1"}), flush=True)
for line in sys.stdin:
    request = json.loads(line)
    try:
        answer = evaluate(request)
    except Exception as error:
        answer = {"failed": repr(error)}
    print(json.dumps({"id": request["id"], **answer}), flush=True)
