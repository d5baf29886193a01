// node parity.mjs FOLDER: runs every NAME.onnx of FOLDER in ONNX Runtime on NAME.inputs.bin
// (float32 NHWC images, already normalised) and compares with NAME.expected.bin (float32 outputs of
// our interpreter, dequantized). NAME.json gives {"shape": [height, width, channels], "classes": n,
// "step": scale of the int8 output}. One line of JSON per model; exit status 1 where fewer than
// 99.5 % of the classes are equal.
import { readFileSync, readdirSync } from "node:fs";
import { createRequire } from "node:module";
import { join } from "node:path";

const required = 0.995;
// Found through NODE_MODULES_HOME, because the packages lie in a cache and not beside this file.
const require = createRequire(join(process.env.NODE_MODULES_HOME ?? import.meta.dirname, "x.js"));
const ort = require("onnxruntime-node");

const floats = (path) => {
  const bytes = readFileSync(path);
  return new Float32Array(bytes.buffer.slice(bytes.byteOffset, bytes.byteOffset + bytes.length));
};

const argmax = (values) => values.reduce((best, v, i) => (v > values[best] ? i : best), 0);

function toNchw(image, [height, width, channels]) {
  const result = new Float32Array(image.length);
  for (let p = 0; p < height * width; ++p) {
    for (let c = 0; c < channels; ++c) result[c * height * width + p] = image[p * channels + c];
  }
  return result;
}

async function compare(folder, name) {
  const { shape, classes, step } = JSON.parse(readFileSync(join(folder, `${name}.json`), "utf8"));
  const [height, width, channels] = shape;
  const size = height * width * channels;
  const inputs = floats(join(folder, `${name}.inputs.bin`));
  const expected = floats(join(folder, `${name}.expected.bin`));
  const images = inputs.length / size;
  if (!Number.isInteger(images) || images === 0 || expected.length !== images * classes) {
    throw new Error(`${name}: ${inputs.length} inputs and ${expected.length} outputs do not fit`);
  }
  const session = await ort.InferenceSession.create(join(folder, `${name}.onnx`));
  let equal = 0;
  let largestSteps = 0;
  for (let i = 0; i < images; ++i) {
    const image = toNchw(inputs.subarray(i * size, (i + 1) * size), shape);
    const input = new ort.Tensor("float32", image, [1, channels, height, width]);
    const { logits } = await session.run({ input });
    const ours = expected.subarray(i * classes, (i + 1) * classes);
    if (argmax(logits.data) === argmax(ours)) ++equal;
    ours.forEach((v, c) => {
      largestSteps = Math.max(largestSteps, Math.abs(v - logits.data[c]) / step);
    });
  }
  console.log(JSON.stringify({ model: name, images, equal_classes: equal / images,
                               largest_difference_steps: largestSteps }));
  return equal / images >= required;
}

const folder = process.argv[2];
const names = readdirSync(folder).filter((f) => f.endsWith(".onnx")).map((f) => f.slice(0, -5));
if (names.length === 0) throw new Error(`no .onnx file in ${folder}`);
let passed = true;
for (const name of names.sort()) passed = (await compare(folder, name)) && passed;
if (!passed) console.error(`fewer than ${required * 100} % of the classes are equal`);
process.exit(passed ? 0 : 1);
