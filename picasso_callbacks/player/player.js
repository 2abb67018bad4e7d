// The player: what a training's numbers look like, in TensorBoard, in a notebook, and in a file.
//
// It knows nothing of where it stands. `source` has two calls, both asynchronous:
//   index()          -> {runs: [{name, steps, total}]}
//   look(run, what)  -> the bytes of an .npz file; what: "training", "history", or a step
// docs/store.md says what is in them. Every text goes through textContent: names are anybody's.

const FLAT = {limit: 1, signed: true, knee: null, neutral: 0.005};
const LINES = ["#0072b2", "#d55e00", "#009e73", "#cc79a7", "#e69f00", "#56b4e9", "#7f7f7f", "#b8a800"];
const DASHES = ["", "6 3", "2 3", "8 3 2 3"];
const KEPT = 48;  // looks
const STRIP = 20;  // columns of a film strip
const FRAMES = 60;  // of an animation
const SIZES = {small: 88, medium: 128, large: 200};
const DEFAULTS = {
  runs: [], step: null, by: "epoch", method: "", target: "0", probe: "", only: "", layout: "side",
  opacity: 60, view: "log-odds", sort: "given", size: "medium",
};

// ---- .npz -----------------------------------------------------------------------------------------------------------

async function inflate(bytes) {
  const {readable, writable} = new DecompressionStream("deflate-raw"), writer = writable.getWriter();
  const read = new Response(readable).arrayBuffer();  // first, or the writer would wait for a reader
  const written = writer.write(bytes).then(() => writer.close());
  return new Uint8Array((await Promise.all([read, written]))[0]);
}

let half = null;  // every number of 16 bits

function halves(words) {
  half ??= Float32Array.from({length: 65536}, (_, word) => {
    const exponent = (word >> 10) & 31, fraction = word & 1023;
    const size = exponent === 0 ? fraction * 2 ** -24
      : exponent === 31 ? (fraction ? NaN : Infinity) : (1 + fraction / 1024) * 2 ** (exponent - 15);
    return word & 32768 ? -size : size;
  });
  const values = new Float32Array(words.length);
  for (let i = 0; i < words.length; i++) values[i] = half[words[i]];
  return values;
}

function readNpy(bytes) {
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const wide = bytes[6] > 1, begin = wide ? 12 : 10;
  const end = begin + (wide ? view.getUint32(8, true) : view.getUint16(8, true));
  const header = new TextDecoder("latin1").decode(bytes.subarray(begin, end));
  const kind = /'descr': '(.*?)'/.exec(header)?.[1];
  const shape = (/'shape': \((.*?)\)/.exec(header)?.[1] ?? "").split(",").filter((each) => each.trim()).map(Number);
  const data = bytes.slice(end).buffer;
  const of = {"<f4": Float32Array, "<f8": Float64Array, "<i4": Int32Array, "|u1": Uint8Array, "<f2": Uint16Array}[kind];
  if (!of || /'fortran_order': True/.test(header)) throw new Error(`An array of ${kind} can't be read.`);
  const values = new of(data);
  return {shape, values: kind === "<f2" ? halves(values) : values};
}

export async function readNpz(buffer) {
  const bytes = new Uint8Array(buffer), view = new DataView(buffer);
  let end = bytes.length - 22;
  while (end >= 0 && view.getUint32(end, true) !== 0x06054b50) end--;
  if (end < 0) throw new Error("The answer is no .npz file.");
  const arrays = {};
  let at = view.getUint32(end + 16, true);
  for (let left = view.getUint16(end + 10, true); left > 0; left--) {
    const [method, size] = [view.getUint16(at + 10, true), view.getUint32(at + 20, true)];
    const [name, extra, comment] = [28, 30, 32].map((place) => view.getUint16(at + place, true));
    const local = view.getUint32(at + 42, true);
    const begin = local + 30 + view.getUint16(local + 26, true) + view.getUint16(local + 28, true);
    const packed = bytes.subarray(begin, begin + size);
    const title = new TextDecoder().decode(bytes.subarray(at + 46, at + 46 + name));
    arrays[title.replace(/\.npy$/, "")] = readNpy(method ? await inflate(packed) : packed);
    at += 46 + name + extra + comment;
  }
  if (arrays.about) arrays.about = JSON.parse(new TextDecoder().decode(arrays.about.values));
  return arrays;
}

function crc32(bytes) {
  let crc = -1;
  for (const byte of bytes) {
    crc ^= byte;
    for (let bit = 0; bit < 8; bit++) crc = (crc >>> 1) ^ (crc & 1 ? 0xedb88320 : 0);
  }
  return ~crc >>> 0;
}

// {name: {shape, values}} as an .npz file, not compressed.
export function writeNpz(arrays) {
  const parts = [], directory = [];
  let at = 0;
  for (const [name, {shape, values}] of Object.entries(arrays)) {
    const kind = {Float32Array: "<f4", Int32Array: "<i4", Uint8Array: "|u1"}[values.constructor.name];
    let header = `{'descr': '${kind}', 'fortran_order': False, 'shape': (${shape.join(", ")}${shape.length === 1 ? "," : ""}), }`;
    header = header.padEnd(64 * Math.ceil((header.length + 11) / 64) - 11) + "\n";
    const head = new TextEncoder().encode(`\x93NUMPY\x01\x00${String.fromCharCode(header.length & 255, header.length >> 8)}${header}`.slice(1));
    const body = new Uint8Array(1 + head.length + values.byteLength);
    body[0] = 0x93;
    body.set(head, 1);
    body[8] = header.length & 255;
    body[9] = header.length >> 8;
    body.set(new Uint8Array(values.buffer, values.byteOffset, values.byteLength), 1 + head.length);
    const title = new TextEncoder().encode(`${name}.npy`);
    const fields = (view, place) => {
      view.setUint16(place, 20, true);
      view.setUint16(place + 2, 0x800, true);  // names are UTF-8
      view.setUint32(place + 10, crc32(body), true);
      view.setUint32(place + 14, body.length, true);
      view.setUint32(place + 18, body.length, true);
      view.setUint16(place + 22, title.length, true);
    };
    const local = new DataView(new ArrayBuffer(30)), central = new DataView(new ArrayBuffer(46));
    local.setUint32(0, 0x04034b50, true);
    fields(local, 4);
    central.setUint32(0, 0x02014b50, true);
    fields(central, 6);
    central.setUint32(42, at, true);
    parts.push(local.buffer, title, body);
    directory.push(central.buffer, title);
    at += 30 + title.length + body.length;
  }
  const end = new DataView(new ArrayBuffer(22)), count = directory.length / 2;
  end.setUint32(0, 0x06054b50, true);
  end.setUint16(8, count, true);
  end.setUint16(10, count, true);
  end.setUint32(12, directory.reduce((sum, each) => sum + each.byteLength, 0), true);
  end.setUint32(16, at, true);
  return new Blob([...parts, ...directory, end.buffer], {type: "application/octet-stream"});
}

// ---- animated WebP --------------------------------------------------------------------------------------------------

// Still WebP files, all of one size, as one that moves: their chunks in the frames of a container.
export async function animate(blobs, width, height, milliseconds) {
  const chunk = (name, ...parts) => {
    const size = parts.reduce((sum, each) => sum + each.length, 0);
    const head = new Uint8Array(8);
    head.set(new TextEncoder().encode(name));
    new DataView(head.buffer).setUint32(4, size, true);
    return [head, ...parts, ...(size % 2 ? [new Uint8Array(1)] : [])];
  };
  const three = (number) => [number & 255, (number >> 8) & 255, (number >> 16) & 255];
  const size = [...three(width - 1), ...three(height - 1)];
  const parts = [
    ...chunk("VP8X", new Uint8Array([2, 0, 0, 0, ...size])),
    ...chunk("ANIM", new Uint8Array([255, 255, 255, 255, 0, 0])),
  ];
  for (const blob of blobs) {
    const bytes = new Uint8Array(await blob.arrayBuffer()), pictures = [];
    for (let at = 12; at + 8 <= bytes.length;) {
      const length = new DataView(bytes.buffer).getUint32(at + 4, true), end = at + 8 + length + (length % 2);
      if (/^(VP8 |VP8L|ALPH)$/.test(String.fromCharCode(...bytes.subarray(at, at + 4)))) pictures.push(bytes.subarray(at, end));
      at = end;
    }
    parts.push(...chunk("ANMF", new Uint8Array([0, 0, 0, 0, 0, 0, ...size, ...three(milliseconds), 2]), ...pictures));
  }
  const total = parts.reduce((sum, each) => sum + each.length, 4), head = new Uint8Array(12);
  head.set(new TextEncoder().encode("RIFF"));
  new DataView(head.buffer).setUint32(4, total, true);
  head.set(new TextEncoder().encode("WEBP"), 8);
  return new Blob([head, ...parts], {type: "image/webp"});
}

// ---- numbers --------------------------------------------------------------------------------------------------------

const sigmoid = (x) => 1 / (1 + Math.exp(-x));

// As `Scale.positions` in Python: where a value lies on the colour bar, in -1..1 or 0..1.
export function position(value, scale) {
  const part = scale.knee == null ? value / Math.max(scale.limit, 1e-30)
    : Math.asinh(value / scale.knee) / Math.asinh(scale.limit / scale.knee);
  return Math.min(Math.max(part, scale.signed ? -1 : 0), 1);
}

function valueAt(place, scale) {
  return scale.knee == null ? place * scale.limit : scale.knee * Math.sinh(place * Math.asinh(scale.limit / scale.knee));
}

function number(value) {
  if (!Number.isFinite(value)) return "n/a";
  const size = Math.abs(value);
  if (size === 0) return "0";
  return size >= 1e4 || size < 1e-3 ? value.toExponential(1) : String(Number(value.toPrecision(size >= 100 ? 3 : 2)));
}

function percent(value) {
  if (!Number.isFinite(value)) return "n/a";
  if (value > 0.999 && value < 1) return ">99.9 %";
  if (value > 0 && value < 0.001) return "<0.1 %";
  return `${value > 0.99 && value < 1 ? (100 * value).toFixed(1) : Math.round(100 * value)} %`;
}

function nearest(places, at) {
  return places.reduce((best, each, i) => Math.abs(each - at) < Math.abs(places[best] - at) ? i : best, 0);
}

// Pixels along one axis that take the same of each window are one cell: [windows, pixels] of weights as
// {of: the cell of each pixel, weights: of each cell}. With the usual windows eight cells make a side.
function cells({shape: [windows, side], values}) {
  const known = new Map(), of = new Uint16Array(side), weights = [];
  for (let pixel = 0; pixel < side; pixel++) {
    const taken = Array.from({length: windows}, (_, window) => values[window * side + pixel]), key = taken.join();
    if (!known.has(key)) known.set(key, weights.push(taken) - 1);
    of[pixel] = known.get(key);
  }
  return {of, weights};
}

// Window numbers as cells: a mean over the windows that hide them.
function spread(grid, rows, columns) {
  const width = columns.weights.length, half = rows.weights[0].map((_, r) => columns.weights.map(
    (weights) => weights.reduce((sum, weight, c) => sum + weight * grid[r * weights.length + c], 0)));
  const values = new Float32Array(rows.weights.length * width);
  rows.weights.forEach((weights, y) => weights.forEach((weight, r) => {
    if (weight) for (let x = 0; x < width; x++) values[y * width + x] += weight * half[r][x];
  }));
  return values;
}

// ---- a run ----------------------------------------------------------------------------------------------------------

class Run {
  constructor(name, steps, total) {
    Object.assign(this, {name, listed: steps.length, total, pictures: new Map(), kept: new Map()});
  }

  async open(source) {
    const [training, history] = await Promise.all(
      ["training", "history"].map(async (what) => readNpz(await source.look(this.name, what))));
    this.training = training;
    this.about = training.about;
    this.names = this.about.names;
    this.use(history);
    await Promise.all(this.names.map((_, probe) => this.bitmap("pictures", probe)));
    return this;
  }

  // Goes on with the epochs that have come since; all is read anew where another training began in this run.
  async reopen(source, steps, total) {
    const history = await readNpz(await source.look(this.name, "history"));
    const same = history.about.begun === this.about.begun;
    if (!same) return new Run(this.name, steps, total).open(source);
    for (const key of this.kept.keys()) if (key.startsWith("so far")) this.kept.delete(key);
    this.use(history);
    Object.assign(this, {listed: steps.length, total});
    return this;
  }

  use(history) {
    this.history = history;
    this.said = history.about.said;
    this.methods = history.about.methods;
    this.evidence = history.about.evidence;
    this.steps = Array.from(history.steps.values);
    [this.P, this.K] = history.targets.shape.slice(1);
  }

  get maps() {
    return Object.keys(this.methods).filter((name) => this.methods[name].is_map && this.methods[name].scale);
  }

  at(name, place, probe, k = 0) {
    const {shape, values} = this.history[name], inner = shape[2] ?? 1;
    return values[(place * shape[1] + probe) * inner + k];
  }

  targetName(target) {
    return [...this.about.class_names, ...this.about.derived_names][target] ?? `class ${target}`;
  }

  // Which of the K targets of a probe is meant by "0", "1" (by rank) or "class 3".
  rank(place, probe, wanted) {
    if (!wanted.startsWith("class ")) return Math.min(Number(wanted), this.K - 1);
    for (let k = 0; k < this.K; k++) if (this.at("targets", place, probe, k) === Number(wanted.slice(6))) return k;
    return -1;
  }

  answer(place, probe) {
    if (!this.history.answers) {
      const {values} = this.history, shown = [];
      for (let c = 0; values && c < Math.min(values.shape[2], 3); c++) shown.push(number(this.at("values", place, probe, c)));
      return {text: `gives ${shown.join(", ")}`, right: null};
    }
    const says = this.at("answers", place, probe), labels = this.about.labels[probe];
    const right = labels == null || !this.about.exclusive ? null : labels.includes(says);
    const label = labels == null ? "" : `label ${labels.map((each) => this.targetName(each)).join(", ") || "none"}, `;
    return {text: `${label}says ${this.targetName(says)} ${percent(this.at("sure", place, probe))}`, right};
  }

  // The scale of a method's colours. One without an end of its own ends at the largest value so far, as on the cards.
  scale(method, place, probe) {
    const {scale} = this.methods[method];
    return scale.limit != null ? scale : {...scale, limit: this.largestSoFar(method)[place * this.P + probe]};
  }

  // Of each look and probe. Of plain numbers, whose units are the same, that of all probes.
  largestSoFar(method) {
    const key = `so far ${method}`;
    if (!this.kept.has(key)) {
      const largest = Float32Array.from(this.history[`largest_${method}`].values), {P} = this;
      for (let begin = 0; begin < largest.length; begin += P) {
        if (!this.history.answers) largest.fill(Math.max(...largest.subarray(begin, begin + P)), begin, begin + P);
        for (let i = begin; begin && i < begin + P; i++) largest[i] = Math.max(largest[i], largest[i - P]);
      }
      this.kept.set(key, largest);
    }
    return this.kept.get(key);
  }

  // Whether scores can be shown as probabilities: where they are log-odds of a class.
  hasProbabilities(method, place, probe, k) {
    const {unit, windows} = this.methods[method];
    return Boolean(windows) && unit === "nats" && this.at("targets", place, probe, k) < this.about.class_names.length;
  }

  cellsOf(name) {
    if (!this.kept.has(name)) this.kept.set(name, cells(this.training[name]));
    return this.kept.get(name);
  }

  // A map in the chosen view: {values, width} of its cells, the cell of each pixel down (`rows`) and across
  // (`columns`), and of windows their numbers, `grid`. null where there is none.
  map(look, method, place, probe, k, view) {
    const windows = look[`windows_${method}`], pixels = look[`map_${method}`];
    if (k < 0 || (!windows && !pixels)) return null;
    const [, K, rows, columns] = (windows ?? pixels).shape, size = rows * columns, begin = (probe * K + k) * size;
    if (pixels) {
      const scale = look[`scale_${method}`].values[probe * K + k] || 1;
      const values = pixels.values.slice(begin, begin + size);
      for (let i = 0; i < size; i++) values[i] *= scale;
      return {values, width: columns, rows: Uint16Array.from(Array(rows).keys()), columns: Uint16Array.from(Array(columns).keys())};
    }
    let grid = windows.values.slice(begin, begin + size);
    if (view === "probability" && this.hasProbabilities(method, place, probe, k)) {
      const base = this.at("log_odds", place, probe, k);
      grid = grid.map((fall) => sigmoid(base) - sigmoid(base - fall));
    }
    const down = this.cellsOf(`rows_${method}`), across = this.cellsOf(`columns_${method}`);
    return {values: spread(grid, down, across), width: across.weights.length, rows: down.of, columns: across.of, grid};
  }

  bitmap(name, index) {
    const key = `${name} ${index}`;
    if (!this.pictures.has(key)) {
      const {values} = this.training[name], ends = this.training[`${name}_ends`].values;
      const at = Math.min(index, ends.length - 1);
      const bytes = values.slice(at ? ends[at - 1] : 0, ends[at]);
      this.pictures.set(key, createImageBitmap(new Blob([bytes], {type: bytes[0] === 0x89 ? "image/png" : "image/jpeg"})));
    }
    return this.pictures.get(key);
  }

  region(probe, y, x) {
    const masks = this.training.regions;
    if (!masks) return "";
    const [R, P, h, w] = masks.shape, row = Math.floor(y * h), column = Math.floor(x * w);
    return this.about.regions.filter((_, r) => masks.values[((r * P + probe) * h + row) * w + column]).join(", ");
  }
}

// ---- pictures -------------------------------------------------------------------------------------------------------

// A line inside of the edge of where an alarm's cue lies in a probe, and a thin white one inside of that, as on the cards.
function outline(paper, look, probe, color) {
  const {width, height} = paper.canvas, [rows, columns] = look.about.outline_size, {shape, values} = look.outlines;
  const inside = (y, x) => {
    const bit = y * columns + x;
    return y >= 0 && x >= 0 && y < rows && x < columns && (values[probe * shape[1] + (bit >> 3)] >> (7 - (bit & 7))) & 1;
  };
  const region = new Path2D(), edge = new Path2D();
  const across = (x) => Math.round(x * width / columns), down = (y) => Math.round(y * height / rows);
  for (let y = 0; y < rows; y++) for (let x = 0; x < columns; x++) {
    if (!inside(y, x)) continue;
    const [left, right, top, bottom] = [across(x), across(x + 1), down(y), down(y + 1)];
    region.rect(left, top, right - left, bottom - top);
    for (const [out, ...line] of [[inside(y - 1, x), left, top, right, top], [inside(y + 1, x), left, bottom, right, bottom],
      [inside(y, x - 1), left, top, left, bottom], [inside(y, x + 1), right, top, right, bottom]]) {
      if (out) continue;
      edge.moveTo(line[0], line[1]);
      edge.lineTo(line[2], line[3]);
    }
  }
  const line = Math.max(2, Math.round(Math.max(width, height) / 75));
  paper.save();
  paper.clip(region);
  for (const [style, thickness] of [["#fff", line + 1], [color, line]]) Object.assign(paper, {strokeStyle: style, lineWidth: 2 * thickness, lineCap: "square"}), paper.stroke(edge);
  paper.restore();
}

function fit(width, height, side) {
  const scale = side / Math.max(width, height);
  return [Math.max(1, Math.round(width * scale)), Math.max(1, Math.round(height * scale))];
}

function draw(canvas, bitmap, width, height) {
  Object.assign(canvas, {width, height});
  const paper = canvas.getContext("2d", {willReadFrequently: true});
  paper.imageSmoothingEnabled = width < 2 * bitmap.width;
  paper.drawImage(bitmap, 0, 0, width, height);
  return paper;
}

let scratch = null;

// A probe at one size: its pixels, and which of the table's greys each is.
function reduced(bitmap, side, greys) {
  const [width, height] = fit(bitmap.width, bitmap.height, side);
  const picture = draw(scratch ??= make("canvas"), bitmap, width, height).getImageData(0, 0, width, height);
  const {data} = picture, grey = new Uint8Array(width * height);
  for (let i = 0; i < grey.length; i++) {
    const luminance = (19595 * data[4 * i] + 38470 * data[4 * i + 1] + 7471 * data[4 * i + 2] + 32768) >> 16;  // as Pillow's "L"
    grey[i] = luminance * greys >> 8;
  }
  return {width, height, pixels: new Uint32Array(data.buffer), grey};
}

// A table's colours, [steps, greys, 3], as pixels.
function inked({values}) {
  const colors = new Uint8Array(values.length / 3 * 4).fill(255);
  for (let i = 0; i < values.length / 3; i++) colors.set(values.subarray(3 * i, 3 * i + 3), 4 * i);
  return new Uint32Array(colors.buffer);
}

// A map over the probe's greys, with the colours of the cards; or mixed with the probe where `opacity` says so.
function paintMap(canvas, probe, found, scale, blank, table, opacity) {
  const {width, height, pixels, grey} = probe, [steps, greys] = table.shape, middle = (steps - 1) / 2;
  const colors = table.inked ??= inked(table), picture = new ImageData(width, height);
  const out = new Uint32Array(picture.data.buffer), {rows, columns} = found;
  const starts = new Int32Array(found.values.length), across = new Uint16Array(width);
  for (let i = 0; i < starts.length; i++) {
    const value = found.values[i], place = blank ? 0 : position(value, scale);
    starts[i] = Number.isFinite(value) ? greys * (middle + Math.round(middle * place)) : -1;
  }
  for (let x = 0; x < width; x++) across[x] = columns[Math.floor((x + 0.5) * columns.length / width)];
  for (let y = 0, i = 0; y < height; y++) {
    const row = found.width * rows[Math.floor((y + 0.5) * rows.length / height)];
    for (let x = 0; x < width; x++, i++) {
      const start = starts[row + across[x]];
      out[i] = start < 0 ? ((x + y) / 5 & 1 ? 0xff969696 : 0xff707070) : colors[start + grey[i]];
    }
  }
  if (opacity != null) {
    const before = new Uint8Array(pixels.buffer), {data} = picture, part = opacity / 100;
    for (let i = 0; i < data.length; i++) data[i] = part * data[i] + (1 - part) * before[i];
  }
  Object.assign(canvas, {width, height});
  canvas.getContext("2d").putImageData(picture, 0, 0);
}

// The smallest and largest value, and where the largest is, as parts of the height and width.
function extremes({values, width, rows, columns}) {
  let low = Infinity, high = -Infinity, at = 0;
  values.forEach((value, place) => {
    if (value < low) low = value;
    if (value > high) [high, at] = [value, place];
  });
  const middle = (of, cell) => (of.indexOf(cell) + of.lastIndexOf(cell) + 1) / 2 / of.length;
  return {low, high, y: middle(rows, Math.floor(at / width)), x: middle(columns, at % width)};
}

function where(y, x) {
  const words = [["top ", "", "bottom "][Math.floor(3 * y)], ["left", "", "right"][Math.floor(3 * x)]].join("").trim();
  return words || "centre";
}

// ---- elements -------------------------------------------------------------------------------------------------------

function make(tag, classes = "", text = "", attributes = {}) {
  const element = document.createElement(tag);
  if (classes) element.className = classes;
  if (text !== "") element.textContent = text;
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  return element;
}

function drawn(tag, attributes, text = "") {
  const element = document.createElementNS("http://www.w3.org/2000/svg", tag);
  for (const [name, value] of Object.entries(attributes)) element.setAttribute(name, value);
  element.textContent = text;
  return element;
}

function chosen(label, options, value, classes, change) {
  const box = make("label", "field"), select = make("select", classes, "", {"aria-label": label});
  for (const [key, text] of options) select.append(new Option(text, key, false, key === value));
  select.value = value;
  select.addEventListener("change", () => change(select.value));
  box.append(make("span", "", label), select);
  return box;
}

function pressed(text, classes, press, title = "") {
  const button = make("button", classes, text, {type: "button"});
  if (title) button.title = title;
  button.addEventListener("click", press);
  return button;
}

// Lines over looks: series [{name, values, dash}], with a cursor at one; a click picks another.
function chart(title, series, steps, place, unit, [low, high], pick) {
  const [width, height, left, bottom] = [460, 170, 44, 24];
  const x = (i) => left + (steps.length < 2 ? 0.5 : i / (steps.length - 1)) * (width - left - 8);
  const y = (value) => 8 + (1 - (value - low) / (high - low || 1)) * (height - bottom - 8);
  const told = series.map(({name, values}) => `${name} ${number(values[place])}`).join(", ");
  const box = make("figure", "chart"), picture = drawn("svg", {
    viewBox: `0 0 ${width} ${height}`, role: "img", "aria-label": `${title}, at ${unit} ${steps[place]}: ${told}`,
  });
  for (const value of [low, (low + high) / 2, high]) {
    picture.append(drawn("line", {x1: left, x2: width - 8, y1: y(value), y2: y(value), class: "rule"}));
    picture.append(drawn("text", {x: left - 6, y: y(value) + 4, "text-anchor": "end"}, number(value)));
  }
  for (const i of new Set([0, steps.length - 1])) {
    picture.append(drawn("text", {x: x(i), y: height - 6, "text-anchor": i ? "end" : "start"}, `${i ? "" : `${unit} `}${steps[i]}`));
  }
  picture.append(drawn("line", {x1: x(place), x2: x(place), y1: 8, y2: height - bottom, class: "cursor"}));
  series.forEach(({values, dash = ""}, index) => {
    const points = values.map((value, i) => (Number.isFinite(value) ? `${x(i).toFixed(1)},${y(value).toFixed(1)}` : ""));
    const color = LINES[index % LINES.length], mark = {fill: color, class: "dot"};
    picture.append(drawn("polyline", {points: points.join(" "), stroke: color, "stroke-dasharray": dash, class: "line"}));
    if (Number.isFinite(values[place])) picture.append(drawn("circle", {cx: x(place), cy: y(values[place]), r: 3.5, ...mark}));
  });
  picture.addEventListener("click", (event) => {
    const bounds = picture.getBoundingClientRect();
    const part = ((event.clientX - bounds.left) / bounds.width * width - left) / (width - left - 8);
    pick(Math.round(Math.min(Math.max(part, 0), 1) * (steps.length - 1)));
  });
  const key = make("ul", "key");
  series.forEach(({name, values}, index) => {
    const item = make("li");
    item.append(make("span", "swatch"), `${name} ${number(values[place])}`);
    item.firstChild.style.background = LINES[index % LINES.length];
    key.append(item);
  });
  box.append(make("figcaption", "", title), picture, key);
  return box;
}

// ---- the player -----------------------------------------------------------------------------------------------------

class Player {
  constructor({source, el, css, state = {}, link = null, changed = () => {}}) {
    Object.assign(this, {source, link, changed, runs: new Map(), looks: new Map(), tiles: [], playing: 0, drawing: 0});
    this.state = {...DEFAULTS};
    for (const [name, value] of Object.entries(state)) this.restore(name, value);
    this.root = el.shadowRoot ?? el.attachShadow({mode: "open"});
    this.root.replaceChildren();
    const sheet = new CSSStyleSheet();
    sheet.replaceSync(css);
    this.root.adoptedStyleSheets = [sheet];
    this.main = make("section", "player", "", {"aria-label": "Picasso"});
    this.root.append(this.main);
    for (const name of ["bar", "tools", "status", "verdict", "legend", "wall", "inspector"]) {
      this[name] = make("div", name);
      this.main.append(this[name]);
    }
    this.status.setAttribute("role", "status");
    this.inspector.setAttribute("aria-live", "polite");
    this.main.tabIndex = -1;
    this.main.addEventListener("keydown", (event) => this.key(event));
  }

  restore(name, value) {
    if (name === "runs") this.state.runs = Array.isArray(value) ? value : JSON.parse(value);
    else if (name === "step") this.state.step = Number(value);
    else if (name === "opacity") this.state.opacity = Number(value);
    else if (name in DEFAULTS) this.state[name] = String(value);
  }

  // The state as texts, without what is as it always is; the link and the page's hash are made of it.
  told() {
    const told = {};
    for (const [name, value] of Object.entries(this.state)) {
      if (name === "runs") told.runs = JSON.stringify(value);
      else if (value !== DEFAULTS[name] && value != null) told[name] = String(value);
    }
    return told;
  }

  say(text, wrong = false) {
    this.status.textContent = text;
    this.status.classList.toggle("wrong", wrong);
  }

  async start() {
    this.say("Reading ...");
    await this.reload(true);
  }

  // Looks for new runs and epochs. At the last epoch it goes along with them.
  async reload(first = false) {
    let index;
    try {
      index = await this.source.index();
    } catch (error) {
      this.say(`There is no answer: ${error.message}`, true);
      return;
    }
    this.index = index;
    if (!index.runs.length) {
      this.say("No run here has numbers of Picasso yet.");
      return;
    }
    const names = index.runs.map((run) => run.name);
    const wanted = this.state.runs.filter((name) => names.includes(name));
    const runs = wanted.length ? wanted : names.slice(-1);
    const last = first ? false : this.place === this.axis.length - 1;
    const grown = index.runs.filter(({name, steps}) => this.runs.get(name) && steps.length !== this.runs.get(name).listed);
    const fewer = !first && names.join("\n") === this.known;
    if (!first && fewer && !grown.length) {
      if (this.status.classList.contains("wrong")) this.say("");
      return;
    }
    this.known = names.join("\n");
    await this.choose(runs, last ? null : this.state.step, grown.map((run) => run.name));
  }

  async choose(names, step, grown = []) {
    const before = this.state.step;
    this.state.runs = names;
    try {
      await Promise.all([...names, ...grown.filter((name) => !names.includes(name))].map(async (name) => {
        const known = this.runs.get(name);
        if (known && !grown.includes(name)) return;
        const {steps, total} = this.index.runs.find((run) => run.name === name);
        const run = known ? await known.reopen(this.source, steps, total) : await new Run(name, steps, total).open(this.source);
        this.runs.set(name, run);
      }));
    } catch (error) {
      this.say(`The numbers can't be read: ${error.message}`, true);
      return;
    }
    if (this.state.runs !== names) return;  // others were chosen meanwhile
    this.say("");
    this.shown = names.map((name) => this.runs.get(name));
    const methods = [...new Set(this.shown.flatMap((run) => run.maps))];
    if (this.state.method && !methods.includes(this.state.method)) this.state.method = "";
    this.setAxis(this.state.step === before ? step : this.state.step);  // the slider may have been moved meanwhile
    this.build();
  }

  setAxis(step) {
    this.axis = this.state.by === "share" ? [...Array(101).keys()]
      : [...new Set(this.shown.flatMap((run) => run.steps))].sort((a, b) => a - b);
    const at = step == null ? this.axis.length - 1 : this.axis.findLastIndex((each) => each <= step);
    this.place = Math.max(at, 0);
    this.state.step = this.axis[this.place];
  }

  // Which look of a run stands at the cursor: the last one up to that epoch, or at that share of its training.
  lookOf(run) {
    if (this.state.by === "share") return Math.round(this.state.step / 100 * (run.steps.length - 1));
    return Math.max(run.steps.findLastIndex((each) => each <= this.state.step), 0);
  }

  async look(run, place) {
    const key = `${run.name}\n${run.steps[place]}`;
    let found = this.looks.get(key);
    this.looks.delete(key);
    found ??= this.source.look(run.name, run.steps[place]).then(readNpz);
    this.looks.set(key, found);  // the last one used is the last in order
    if (this.looks.size > KEPT) this.looks.delete(this.looks.keys().next().value);
    found.catch(() => this.looks.delete(key));
    return found;
  }

  set(changes, structure = true) {
    Object.assign(this.state, changes);
    if (structure) this.build(); else this.refresh();
  }

  go(place) {
    this.place = Math.min(Math.max(place, 0), this.axis.length - 1);
    this.state.step = this.axis[this.place];
    return this.refresh();
  }

  key(event) {
    const field = event.composedPath()[0];
    if (/^(SELECT|INPUT)$/.test(field.tagName) && field !== this.slider) return;
    const last = this.axis?.length - 1;
    const to = {ArrowLeft: this.place - 1, ArrowRight: this.place + 1, Home: 0, End: last}[event.key];
    if (to !== undefined) this.go(to);
    else if (event.key === " " && field.tagName !== "BUTTON") this.play();
    else return;
    event.preventDefault();
  }

  async play() {
    const mine = this.playing = this.playing ? 0 : Date.now();
    this.playButton.textContent = mine ? "❚❚" : "▶";
    this.playButton.setAttribute("aria-label", mine ? "pause" : "play");
    if (mine && this.place === this.axis.length - 1) await this.go(0);
    while (this.playing === mine && mine) {
      await new Promise((done) => setTimeout(done, 250));
      if (this.playing !== mine) return;
      if (this.place === this.axis.length - 1) return void this.play();
      await this.go(this.place + 1);
    }
  }

  // ---- what stays while the slider moves

  build() {
    this.buildBar();
    this.buildTools();
    this.buildWall();
    return this.refresh();
  }

  buildBar() {
    this.playButton = pressed(this.playing ? "❚❚" : "▶", "play", () => this.play());
    this.playButton.setAttribute("aria-label", this.playing ? "pause" : "play");
    this.slider = make("input", "slider", "", {
      type: "range", min: 0, max: this.axis.length - 1, step: 1, "aria-label": this.state.by === "share" ? "share of the training" : this.shown[0].about.unit,
    });
    this.slider.addEventListener("input", () => this.go(Number(this.slider.value)));
    this.moment = make("span", "moment");
    const runs = make("details", "runs");
    runs.append(make("summary", "", `${this.shown.length} of ${this.index.runs.length} runs`));
    for (const {name} of this.index.runs) {
      const label = make("label"), box = make("input", "run", "", {type: "checkbox"});
      box.checked = this.state.runs.includes(name);
      box.addEventListener("change", () => {
        const all = this.index.runs.map((run) => run.name);
        const names = all.filter((each) => (each === name ? box.checked : this.state.runs.includes(each)));
        if (names.length) this.choose(names, this.state.step); else box.checked = true;
      });
      label.append(box, name);
      runs.append(label);
    }
    runs.open = this.bar.querySelector(".runs")?.open ?? false;
    this.bar.hidden = this.axis.length < 2 && this.index.runs.length < 2;  // a single look
    this.bar.replaceChildren(this.playButton, this.slider, this.moment);
    if (this.index.runs.length > 1) this.bar.append(runs);
    if (this.shown.length > 1) {
      this.bar.append(chosen("compare at", [["epoch", `the same ${this.shown[0].about.unit}`], ["share", "the same share of training"]],
        this.state.by, "by", (by) => {
          const [run] = this.shown, place = this.lookOf(run);
          this.state.by = by;
          this.setAxis(by === "share" ? Math.round(100 * place / Math.max(run.steps.length - 1, 1)) : run.steps[place]);
          this.build();
        }));
    }
  }

  buildTools() {
    const [run] = this.shown, {state} = this;
    const methods = [...new Set(this.shown.flatMap((each) => each.maps))];
    const ranks = [...Array(run.K).keys()].map((k) => [String(k), k === 0 ? (run.about.labels?.some((each) => each != null) ? "label (first)" : "first") : k === 1 ? "strongest other (second)" : `number ${k + 1}`]);
    const explained = [...new Set(run.history.targets.values)].sort((a, b) => a - b).slice(0, 200);
    const targets = [...ranks, ...explained.map((each) => [`class ${each}`, run.targetName(each)])];
    const sorts = [["given", "as given"], ["changed", "most changed"]];
    if (run.about.labels?.some((each) => each != null)) sorts.push(["wrong", "most wrong"]);
    const expected = this.expected(run);
    if (expected) sorts.push(["off", `most evidence off the ${expected}`]);
    const fields = [
      chosen("method", [["", "all"], ...methods.map((each) => [each, each])], state.method, "method", (method) => this.set({method})),
      chosen("target", targets, state.target, "target", (target) => this.set({target})),
      chosen("probe", [["", "all"], ...run.names.map((each) => [each, each])], state.probe, "probe", (probe) => this.set({probe})),
      chosen("show", [["side", "side by side"], ["overlay", "overlay"]], state.layout, "layout", (layout) => this.set({layout})),
    ];
    if (state.layout === "overlay") {
      const field = make("label", "field"), range = make("input", "opacity", "", {type: "range", min: 0, max: 100});
      range.value = state.opacity;
      range.addEventListener("input", () => this.set({opacity: Number(range.value)}, false));
      field.append(make("span", "", "opacity"), range);
      fields.push(field);
    }
    if (methods.some((each) => this.shown.some((one) => one.methods[each]?.windows && one.methods[each].unit === "nats"))) {
      fields.push(chosen("in", [["log-odds", "log-odds"], ["probability", "probability"]], state.view, "view", (view) => this.set({view})));
    }
    fields.push(
      chosen("sort", sorts, state.sort, "sort", (sort) => this.set({sort})),
      chosen("size", Object.keys(SIZES).map((each) => [each, each]), state.size, "size", (size) => this.set({size})));
    if (state.only) fields.push(pressed("show all probes", "all", () => this.set({only: ""})));
    if (this.link) fields.push(pressed("link", "link", () => this.copyLink(), "Copies a link to what is shown"));
    fields.push(
      pressed("PNG", "png", () => this.savePng(), "Saves what is shown as a picture"),
      pressed("WebP", "webp", () => this.saveAnimation(), "Saves all epochs of what is shown as an animation"),
      pressed("npz", "npz", () => this.saveNumbers(), "Saves the numbers of what is shown, for NumPy"));
    this.tools.replaceChildren(...fields);
  }

  expected(run) {
    return [...run.said].reverse().find((each) => each.expected)?.expected ?? null;
  }

  order(run) {
    const place = this.lookOf(run), all = [...Array(run.P).keys()];
    const only = this.state.only ? new Set(this.state.only.split(",").map(Number)) : null;
    const expected = this.expected(run), index = run.evidence.findIndex(([, region]) => region === expected);
    const keys = {
      changed: (probe) => { let sum = 0; for (let s = 0; s < run.steps.length; s++) sum += run.at("changes", s, probe); return -sum; },
      wrong: (probe) => run.at("of_label", place, probe),
      off: (probe) => run.history[`evidence_${index}`]?.values[(2 * place) * run.P + probe] ?? 1,
    };
    const key = keys[this.state.sort];
    const sorted = key ? all.map((probe) => [key(probe), probe]).sort((a, b) => (a[0] || 0) - (b[0] || 0) || a[1] - b[1]).map(([, probe]) => probe) : all;
    return only ? sorted.filter((probe) => only.has(probe)) : sorted;
  }

  // The tiles: a group for each probe, in it a row for each run, in that a picture for each column.
  buildWall() {
    const [run] = this.shown, alone = this.state.probe;
    const probes = alone ? [run.names.indexOf(alone)].filter((each) => each >= 0) : this.order(run);
    this.tiles = [];
    this.rows = new Map();
    this.watch?.disconnect();
    this.watch = new IntersectionObserver((seen) => {
      for (const {target, isIntersecting} of seen) this.rows.get(target).near = isIntersecting;
    }, {rootMargin: "300px"});
    const side = alone ? 220 : SIZES[this.state.size];
    const groups = probes.map((probe) => {
      const group = make("article", "probe"), name = run.names[probe];
      group.append(alone ? make("h3", "", name) : pressed(name, "open", () => this.set({probe: name}), "Shows this probe alone"));
      for (const each of this.shown) {
        const index = each.names.indexOf(name), row = make("div", "row");
        group.append(row);
        if (this.shown.length > 1) row.append(make("p", "of", each.name));
        if (index < 0) {
          row.append(make("p", "says", "not a probe of this run"));
          continue;
        }
        const says = make("p", "says"), pictures = make("div", "pictures");
        row.append(says, pictures);
        const columns = this.columns(each, Boolean(alone)).map(([method, target]) => {
          const figure = make("figure", "tile"), canvas = make("canvas", "", "", {role: "img", tabindex: "0"}), caption = make("figcaption");
          figure.append(canvas, caption);
          figure.style.width = `${side}px`;
          pictures.append(figure);
          const tile = {run: each, probe: index, method, target, canvas, caption, side};
          canvas.addEventListener("pointermove", (event) => this.point(tile, event));
          canvas.addEventListener("pointerleave", () => this.leave(tile));
          canvas.addEventListener("mousedown", (event) => {  // so that the arrow keys stay the slider's
            event.preventDefault();
            this.main.focus({preventScroll: true});
          });
          canvas.addEventListener("keydown", (event) => this.steer(tile, event));
          canvas.addEventListener("blur", () => this.leave(tile));
          return tile;
        });
        const entry = {run: each, probe: index, says, columns, near: false};
        this.tiles.push(entry);
        this.rows.set(row, entry);
        this.watch.observe(row);
      }
      return group;
    });
    this.wall.className = alone ? "wall alone" : "wall";
    this.wall.replaceChildren(...groups);
    this.more = make("div", "more");
    this.strip = make("div", "strip");
    if (alone) {
      const back = pressed("← all probes", "back", () => this.set({probe: ""}));
      this.wall.prepend(back);
      this.wall.append(this.more, this.strip);
      this.buildStrip();
    }
  }

  columns(run, alone) {
    const methods = this.state.method ? [this.state.method] : run.maps;
    const targets = alone && !this.state.target.startsWith("class ") ? [...Array(run.K).keys()].map(String) : [this.state.target];
    const maps = methods.flatMap((method) => targets.map((target) => [method, target]));
    return this.state.layout === "overlay" ? (maps.length ? maps : [["", "0"]]) : [["", "0"], ...maps];
  }

  // ---- what moves with the slider

  async refresh() {
    const mine = ++this.drawing;
    const [run] = this.shown, {unit} = run.about, places = new Map(this.shown.map((each) => [each, this.lookOf(each)]));
    this.slider.value = this.place;
    const step = run.steps[places.get(run)];
    const missing = run.total > run.steps.length ? ` (of ${run.total})` : "";
    this.moment.textContent = this.state.by === "share" ? `${this.state.step} % of the training`
      : `${unit} ${this.state.step} · ${this.place + 1} of ${this.axis.length} ${unit}s${missing}`;
    this.slider.setAttribute("aria-valuetext", this.moment.textContent);
    let looks;
    try {
      looks = new Map(await Promise.all(this.shown.map(async (each) => [each, await this.look(each, places.get(each))])));
      const seen = this.tiles.filter((row) => row.near);
      await this.paint(seen.length ? seen : this.tiles, looks, places, mine);
    } catch (error) {
      if (mine === this.drawing) this.say(`${unit} ${step} can't be shown: ${error.message}`, true);
      return;
    }
    if (mine !== this.drawing) return;
    if (this.status.classList.contains("wrong")) this.say("");
    this.current = {looks, places};
    this.main.dataset.step = step;
    this.buildLegend(places);
    await this.buildVerdict(looks, places);
    if (this.state.probe) this.buildMore(places);
    this.changed(this.told());
    await this.paintRest(looks, places, mine);
    if (mine === this.drawing && this.place + 1 < this.axis.length) {  // the next one is likely to be asked for
      for (const each of this.shown) {
        const next = this.state.by === "epoch" ? each.steps.findIndex((one) => one >= this.axis[this.place + 1]) : -1;
        if (next >= 0) this.look(each, next).catch(() => {});
      }
    }
  }

  async paint(rows, looks, places, mine) {
    for (const {run, probe, says, columns} of rows) {
      const place = places.get(run), bitmap = await run.bitmap("pictures", probe);
      if (mine !== this.drawing) return;
      if (says) {
        const {text, right} = run.answer(place, probe);
        says.textContent = text;
        says.className = `says${right == null ? "" : right ? " right" : " wrong"}`;
      }
      for (const tile of columns) this.paintTile(tile, looks.get(run), place, bitmap);
    }
  }

  // What is out of sight, a few rows at a time: the next step does not wait for it.
  async paintRest(looks, places, mine) {
    const rest = this.tiles.filter((row) => !row.near);
    for (let at = 0; at < rest.length && mine === this.drawing; at += 8) {
      await new Promise((done) => setTimeout(done));
      await this.paint(rest.slice(at, at + 8), looks, places, mine);
    }
  }

  paintTile(tile, look, place, bitmap) {
    const {run, probe, method, target, canvas, caption, side} = tile, name = run.names[probe];
    const outlined = (!method && look.about?.outlined?.[probe]) || null;
    if (!method && tile.done && !outlined && !tile.outlined) return;
    const [width, height] = fit(bitmap.width, bitmap.height, side);
    const k = run.rank(place, probe, target);
    const found = method ? run.map(look, method, place, probe, k, this.state.view) : null;
    tile.found = found;
    tile.k = k;
    const titled = k < 0 ? "not explained" : run.targetName(run.at("targets", place, probe, k));
    if (!found) {
      const paper = draw(canvas, bitmap, width, height);
      if (outlined) outline(paper, look, probe, getComputedStyle(this.main).getPropertyValue("--wrong"));
      Object.assign(tile, {done: true, outlined});
      if (method) {
        paper.fillStyle = "#888c";
        paper.fillRect(0, 0, width, height);
      }
      caption.textContent = method ? `${method}: ${k < 0 ? titled : "n/a"}` : "probe";
      canvas.setAttribute("aria-label", method ? `${name}, ${caption.textContent}` : `${name}, the probe${outlined ? `, ${outlined} outlined` : ""}`);
      return;
    }
    const scale = this.scaleOf(run, method, place, probe, k);
    const {low, high, y, x} = extremes(found), blank = Math.max(Math.abs(low), Math.abs(high)) < Math.max(scale.neutral, 1e-30);
    const table = run.training[scale.signed ? "colors_signed" : "colors_unsigned"];
    const key = `${side} ${probe}`;
    if (!run.kept.has(key)) run.kept.set(key, reduced(bitmap, side, table.shape[1]));
    paintMap(canvas, run.kept.get(key), found, scale, blank, table, this.state.layout === "overlay" ? this.state.opacity : null);
    const unit = this.unitOf(run, method, place, probe, k), region = run.region(probe, y, x);
    const size = scale.signed ? `${number(low)} to ${number(high)}` : `up to ${number(high)}`;
    const range = blank ? "near 0 everywhere" : `${size}${unit ? ` ${unit}` : ""}`;
    caption.textContent = `${run.methods[method].title}, ${titled}: ${blank ? range : size}`;
    canvas.setAttribute("aria-label",
      `${name}, ${method} of ${titled} at ${run.about.unit} ${run.steps[place]}: ${range}${blank ? "" : `, most at the ${where(y, x)}`}${region && !blank ? `, on ${region}` : ""}`);
  }

  scaleOf(run, method, place, probe, k) {
    if (this.state.view === "probability" && run.hasProbabilities(method, place, probe, k)) return FLAT;
    const name = run.names[probe];
    const scales = this.shown.filter((each) => each.methods[method] && each.names.includes(name))
      .map((each) => each.scale(method, this.lookOf(each), each.names.indexOf(name)));
    const own = run.scale(method, place, probe);
    return {...own, limit: Math.max(own.limit, ...scales.map((each) => each.limit))};
  }

  unitOf(run, method, place, probe, k) {
    return this.state.view === "probability" && run.hasProbabilities(method, place, probe, k) ? "of probability" : run.methods[method].unit;
  }

  buildLegend(places) {
    const parts = [];
    for (const method of new Set(this.tiles.flatMap((row) => row.columns.map((tile) => tile.method)).filter(Boolean))) {
      const tile = this.tiles.flatMap((row) => row.columns).find((each) => each.method === method && each.found);
      if (!tile) continue;
      const {run, probe, k} = tile, place = places.get(run), about = run.methods[method];
      const scale = this.scaleOf(run, method, place, probe, k);
      const own = about.scale.limit == null && !this.state.probe && this.tiles.length > 1 && run.history.answers;
      const box = make("figure", "bar-box"), canvas = make("canvas", "colors");
      const table = run.training[scale.signed ? "colors_signed" : "colors_unsigned"], [steps, greys] = table.shape;
      const first = scale.signed ? 0 : (steps - 1) / 2;
      Object.assign(canvas, {width: steps - first, height: 1});
      const paper = canvas.getContext("2d"), row = paper.createImageData(steps - first, 1);
      for (let i = first; i < steps; i++) {
        const from = 3 * (i * greys + (scale.signed ? greys - 1 : 0));
        row.data.set([...table.values.subarray(from, from + 3), 255], 4 * (i - first));
      }
      paper.putImageData(row, 0, 0);
      const ticks = make("div", "ticks");
      for (const at of scale.signed ? [-1, -0.5, 0, 0.5, 1] : [0, 0.5, 1]) ticks.append(make("span", "", own ? {"-1": "-largest", "0": "0", "1": "largest"}[at] ?? "" : number(valueAt(at, scale))));
      const unit = this.unitOf(run, method, place, probe, k);
      const colors = !scale.signed ? "black 0, yellow the largest"
        : about.attribution ? "blue against the target, red for it" : "blue below 0, red above";
      const meaning = own ? `${colors}; largest is each probe's own so far, said under it` : colors;
      canvas.setAttribute("role", "img");
      canvas.setAttribute("aria-label", `Colour bar of ${method}${unit ? ` in ${unit}` : ""}: ${[...ticks.children].map((each) => each.textContent).filter(Boolean).join(", ")}; ${meaning}`);
      box.append(make("figcaption", "", `${method}${unit ? `, ${unit}` : ""}`), canvas, ticks, make("p", "", `${meaning}. ${about.score}${about.notes.length ? `. ${about.notes.join(" ")}` : ""}`));
      parts.push(box);
    }
    this.legend.replaceChildren(...parts);
  }

  async buildVerdict(looks, places) {
    const mine = this.drawing, parts = [];
    for (const run of this.shown) {
      const place = places.get(run), said = run.said[place], box = make("section", "said");
      if (this.shown.length > 1) box.append(make("h3", "", run.name));
      if (said.verdict) box.append(make("p", said.alarms.length ? "words alarm" : "words", said.verdict));
      for (const note of said.notes) box.append(make("p", "note", note));
      const ever = [...new Set(run.said.flatMap((each) => each.alarms))];
      for (const name of ever) {
        const first = run.said.findIndex((each) => each.alarms.includes(name)), now = said.alarms.includes(name);
        const one = (now ? said : run.said[first]).dependences.find((each) => each.name === name);
        if (!one) continue;
        const row = make("div", now ? "alarm-row now" : "alarm-row");
        row.title = "gap: how much more of its probability an answer loses with the cue of another class than of its own";
        row.append(make("b", "", name), make("span", "", `${now ? "" : `not now; at ${run.about.unit} ${run.steps[first]}: `}${one.count} answers change, gap ${number(one.gap)}, ${percent(one.area)} of the picture`));
        row.append(pressed(`first at ${run.about.unit} ${run.steps[first]}`, "jump", () => this.jump(run, first)));
        if (one.moved.length) row.append(pressed(`show its ${one.moved.length} probes`, "moved", () => this.set({only: one.moved.join(","), probe: ""})));
        box.append(row);
      }
      const proofs = looks.get(run).about?.proofs ?? [], pictures = looks.get(run).proofs;
      let index = 0;
      const shown = make("details", "proofs");
      shown.append(make("summary", "", "Proof: exchanges behind the alarm"));
      for (const proof of proofs) {
        shown.append(make("h4", "", proof.title));
        for (const row of proof.rows) {
          const line = make("div", "proof"), words = make("div", "proof-words");
          for (const [what, source] of [["probe", row.probe], ["donor", row.donor], ["both", null]]) {
            const figure = make("figure"), canvas = make("canvas", "", "", {role: "img", "aria-label": `${what}${source == null ? "" : `: ${run.names[source]}`}`});
            figure.append(canvas, make("figcaption", "", what));
            line.append(figure);
            if (source != null) {
              const bitmap = await run.bitmap("pictures", source);
              draw(canvas, bitmap, ...fit(bitmap.width, bitmap.height, 84));
            } else {
              const [, height, width] = pictures.shape, data = new ImageData(width, height), from = index * width * height * 3;
              for (let i = 0; i < width * height; i++) {
                data.data.set([...pictures.values.subarray(from + 3 * i, from + 3 * i + 3), 255], 4 * i);
              }
              draw(canvas, await createImageBitmap(data), ...fit(width, height, 84));
            }
          }
          index++;
          words.append(make("p", row.changed ? "changed" : "", row.answers), make("p", "", row.words));
          words.append(pressed(run.names[row.probe], "open", () => this.set({probe: run.names[row.probe]})));
          line.append(words);
          shown.append(line);
        }
      }
      shown.open = this.proofsOpen ?? false;
      shown.addEventListener("toggle", () => { this.proofsOpen = shown.open; });
      if (proofs.length) box.append(shown);
      if (box.childElementCount) parts.push(box);
    }
    if (mine === this.drawing) this.verdict.replaceChildren(...parts);
  }

  jump(run, place) {
    if (this.state.by === "share") return this.go(Math.round(100 * place / Math.max(run.steps.length - 1, 1)));
    return this.go(this.axis.indexOf(run.steps[place]));
  }

  // ---- one probe

  buildMore(places) {
    const parts = [];
    for (const {run, probe} of this.tiles) {
      const place = places.get(run), {unit} = run.about, title = this.shown.length > 1 ? `${run.name}: ` : "";
      const pick = (at) => this.jump(run, at), all = [...Array(run.steps.length).keys()];
      if (run.steps.length > 1) {
        const changes = all.map((at) => run.at("changes", at, probe)), most = changes.indexOf(Math.max(...changes));
        const line = make("p", "most"), amount = run.history.answers ? `${percent(changes[most])} of its probability moved` : `by ${number(changes[most])}`;
        line.append(`${title}Its answer changed most at ${unit} ${run.steps[most]}: ${amount}. `, pressed(`go to ${unit} ${run.steps[most]}`, "jump", () => pick(most)));
        parts.push(line);
      }
      const kind = run.history.answers ? "probabilities" : "values", of = run.history[kind];
      if (of) {
        const classes = Array.from(run.history.classes.values), last = run.steps.length - 1;
        const weight = (c) => Math.max(...all.map((at) => Math.abs(run.at(kind, at, probe, c))));
        const shown = classes.map((_, c) => c).sort((a, b) => weight(b) - weight(a)).slice(0, 8).sort((a, b) => a - b);
        const series = shown.map((c) => ({name: run.targetName(classes[c]), values: all.map((at) => run.at(kind, at, probe, c))}));
        const every = series.flatMap((each) => each.values).filter(Number.isFinite);
        const range = kind === "values" ? [Math.min(...every), Math.max(...every)] : [0, 1];
        parts.push(chart(`${title}${kind} over ${unit}s`, series, run.steps, Math.min(place, last), unit, range, pick));
      }
      for (const method of new Set(run.evidence.map(([name]) => name))) {
        const series = run.evidence.map(([name, region], index) => [name, region, index]).filter(([name]) => name === method)
          .map(([, region, index]) => ({name: region, values: all.map((at) => run.history[`evidence_${index}`].values[2 * at * run.P + probe])}));
        parts.push(chart(`${title}share of ${method} on each region`, series, run.steps, place, unit, [0, 1], pick));
      }
    }
    this.more.replaceChildren(...parts);
  }

  async buildStrip() {
    const mine = this.stripping = Symbol("strip");
    for (const {run, probe} of this.tiles) {
      const columns = Math.min(STRIP, run.steps.length), {unit} = run.about;
      const methods = this.state.method ? [this.state.method] : run.maps;
      this.strip.append(make("h4", "", `${this.shown.length > 1 ? `${run.name}: ` : ""}film strip, ${columns} of ${run.steps.length} ${unit}s`));
      const line = make("div", "frames");
      this.strip.append(line);
      const bitmap = await run.bitmap("pictures", probe);
      for (let column = 0; column < columns; column++) {
        const place = columns < 2 ? 0 : Math.round(column * (run.steps.length - 1) / (columns - 1));
        let look;
        try {
          look = await this.look(run, place);
        } catch {
          continue;  // a look that can't be read leaves a gap
        }
        if (mine !== this.stripping) return;
        const frame = pressed("", "frame", () => this.jump(run, place));
        frame.setAttribute("aria-label", `${unit} ${run.steps[place]}: ${run.answer(place, probe).text}`);
        for (const method of methods) {
          const canvas = make("canvas");
          this.paintTile({run, probe, method, target: this.state.target, canvas, caption: make("i"), side: 72}, look, place, bitmap);
          canvas.removeAttribute("role");
          canvas.removeAttribute("aria-label");  // the button is named
          frame.append(canvas);
        }
        frame.append(make("span", "", String(run.steps[place])));
        line.append(frame);
      }
    }
  }

  // ---- pointing at a place

  point(tile, event) {
    const {left, top, width, height} = tile.canvas.getBoundingClientRect();
    return this.inspect(tile, (event.clientX - left) / width, (event.clientY - top) / height);
  }

  leave(tile) {
    this.inspecting = null;
    this.inspector.replaceChildren();
    tile.cross?.remove();
    tile.cross = null;
  }

  // Arrow keys on a picture that has the focus: from window to window, or pixel to pixel; with Shift an eighth of it.
  steer(tile, event) {
    const way = {ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1]}[event.key];
    if (event.key === "Escape" && tile.cross) this.leave(tile);
    else if (way) {
      const {found, canvas} = tile, windows = found?.grid && tile.run.methods[tile.method].windows;
      const [x, y] = [0, 1].map((axis) => {
        const at = tile.cross?.at[axis] ?? 0.5, to = tile.cross ? way[axis] : 0, far = event.shiftKey ? 1 / 8 : 0;
        if (windows && !far) {
          const places = (axis ? windows.rows : windows.columns).map(([a, b]) => (a + b) / 2 / windows.size[1 - axis]);
          return places[Math.min(Math.max(nearest(places, at) + to, 0), places.length - 1)];
        }
        const step = 1 / (found ? (axis ? found.rows : found.columns).length : 64);
        return Math.min(Math.max(at + to * (far || step), step / 2), 1 - step / 2);
      });
      tile.cross ??= canvas.parentNode.appendChild(make("span", "cross"));
      Object.assign(tile.cross, {at: [x, y]});
      tile.cross.style.left = `${canvas.offsetLeft + x * canvas.offsetWidth}px`;
      tile.cross.style.top = `${canvas.offsetTop + y * canvas.offsetHeight}px`;
      this.inspect(tile, x, y);
    } else return;
    event.preventDefault();
    event.stopPropagation();
  }

  async inspect(tile, ...at) {
    const {run, probe, method, k, found} = tile, mine = this.inspecting = {};
    const [x, y] = at.map((value) => Math.min(Math.max(value, 0), 0.9999));
    const place = this.lookOf(run), lines = [], region = run.region(probe, y, x);
    const box = make("div", "inspected");
    if (region) lines.push(`region: ${region}`);
    if (found) {
      const unit = this.unitOf(run, method, place, probe, k), about = run.methods[method];
      const cell = (of, at) => of[Math.floor(at * of.length)];
      const value = found.values[cell(found.rows, y) * found.width + cell(found.columns, x)];
      lines.push(`here: ${number(value)}${unit ? ` ${unit}` : ""}`);
      if (found.grid) {
        const {size, rows, columns} = about.windows;
        const middle = ([a, b]) => (a + b) / 2;
        const r = nearest(rows.map(middle), y * size[0]), c = nearest(columns.map(middle), x * size[1]);
        lines.push(`window, rows ${rows[r].join(" to ")}, columns ${columns[c].join(" to ")}: ${number(found.grid[r * columns.length + c])}${unit ? ` ${unit}` : ""}`);
        const windows = this.current?.looks.get(run)?.[`windows_${method}`];
        for (let each = 0; windows && each < run.K; each++) {
          const fall = windows.values[((probe * run.K + each) * rows.length + r) * columns.length + c];
          lines.push(this.hidden(run, about, place, probe, each, fall));
        }
        const [bitmap, cover] = await Promise.all([run.bitmap("pictures", probe), run.bitmap(`canvas_${method}`, probe)]);
        const shown = make("canvas", "", "", {role: "img", "aria-label": `${run.names[probe]} with that window hidden`});
        const [width, height] = fit(bitmap.width, bitmap.height, 150), paper = draw(shown, bitmap, width, height);
        const [top, bottom] = rows[r].map((each) => each / size[0]), [left, right] = columns[c].map((each) => each / size[1]);
        paper.drawImage(cover, left * cover.width, top * cover.height, (right - left) * cover.width, (bottom - top) * cover.height,
          left * width, top * height, (right - left) * width, (bottom - top) * height);
        box.append(shown);
      }
    }
    const words = make("div");
    for (const line of lines.filter(Boolean)) words.append(make("p", "", line));
    box.prepend(make("b", "", run.names[probe]));
    box.append(words);
    if (mine === this.inspecting) this.inspector.replaceChildren(box);
  }

  // What becomes of a target's score with the window hidden.
  hidden(run, about, place, probe, k, fall) {
    const name = run.targetName(run.at("targets", place, probe, k)), base = run.at("log_odds", place, probe, k);
    if (!about.attribution) return `${name}: ${number(fall)} with it hidden`;
    if (about.unit === "nats" && run.at("targets", place, probe, k) < run.about.class_names.length) {
      return `${name}: log-odds ${number(base)} → ${number(base - fall)}, ${percent(sigmoid(base))} → ${percent(sigmoid(base - fall))}`;
    }
    return about.unit === "nats" || about.score.startsWith("value") ? `${name}: ${number(base)} → ${number(base - fall)}` : `${name}: ${percent(sigmoid(base))} → ${percent(sigmoid(base) - fall)}`;
  }

  // ---- to take along

  async copyLink() {
    const address = this.link(this.told());
    const field = make("input", "address", "", {readonly: "", "aria-label": "link"});
    field.value = address;
    this.say("");
    this.status.append("Link to what is shown: ", field);
    field.select();
    try {
      await navigator.clipboard.writeText(address);
      this.status.append(" (copied)");
    } catch {
      this.status.append(" (press Ctrl+C)");
    }
  }

  // What is shown, as one picture. `places`: the look of each run.
  async compose(looks, places) {
    const rows = this.tiles.map((row) => ({...row, says: null, columns: row.columns.map((tile) => ({...tile, canvas: make("canvas"), caption: make("i")}))}));
    await this.paint(rows, looks, places, this.drawing);
    const heights = (row) => 40 + Math.max(...row.columns.map((tile) => tile.canvas.height));
    const widths = (row) => row.columns.reduce((sum, tile) => sum + tile.canvas.width + 4, 12);
    const cell = [Math.max(160, ...rows.map(widths)), Math.max(...rows.map(heights))];
    const across = Math.max(this.shown.length, Math.min(rows.length, Math.floor(1800 / cell[0])));
    const columns = Math.max(1, across - across % this.shown.length);
    const picture = make("canvas");
    Object.assign(picture, {width: columns * cell[0], height: 34 + Math.ceil(rows.length / columns) * cell[1]});
    const paper = picture.getContext("2d");
    const write = (text, x, y, color, room) => {
      paper.fillStyle = color;
      let shown = text;
      while (shown && paper.measureText(shown).width > room) shown = `${shown.slice(0, -2)}…`;
      paper.fillText(shown, x, y);
    };
    paper.fillStyle = "#fff";
    paper.fillRect(0, 0, picture.width, picture.height);
    paper.font = "16px system-ui, sans-serif";
    const [run] = this.shown;
    const moment = this.state.by === "share" ? this.moment.textContent : `${run.about.unit} ${run.steps[places.get(run)]}`;
    write(`${moment} · ${this.state.method || "all methods"} · ${this.shown.map((each) => each.name).join(", ")}`, 6, 22, "#21252b", picture.width - 12);
    paper.font = "12px system-ui, sans-serif";
    rows.forEach((row, index) => {
      const left = (index % columns) * cell[0] + 6, top = 34 + Math.floor(index / columns) * cell[1];
      const {text, right} = row.run.answer(places.get(row.run), row.probe);
      write(`${row.run.names[row.probe]}${this.shown.length > 1 ? ` · ${row.run.name}` : ""}`, left, top + 12, "#21252b", cell[0] - 12);
      write(text, left, top + 27, right === false ? "#be4200" : right ? "#007458" : "#6a707a", cell[0] - 12);
      let x = left;
      for (const {canvas} of row.columns) {
        paper.drawImage(canvas, x, top + 33);
        x += canvas.width + 4;
      }
    });
    return picture;
  }

  download(blob, name) {
    const anchor = make("a", "", "", {download: name});
    anchor.href = URL.createObjectURL(blob);
    anchor.click();
    setTimeout(() => URL.revokeObjectURL(anchor.href), 60_000);
    this.say(`Saved ${name}, ${Math.ceil(blob.size / 1000)} kB.`);
  }

  title() {
    return `picasso ${this.shown[0].about.unit} ${this.shown[0].steps[this.lookOf(this.shown[0])]}`;
  }

  async savePng() {
    const {looks, places} = this.current, picture = await this.compose(looks, places);
    this.download(await new Promise((done) => picture.toBlob(done, "image/png")), `${this.title()}.png`);
  }

  async saveAnimation() {
    const blobs = [], places = this.axis.length, count = Math.min(FRAMES, places), here = this.place;
    let size;
    for (let frame = 0; frame < count; frame++) {
      this.place = count < 2 ? here : Math.round(frame * (places - 1) / (count - 1));
      this.state.step = this.axis[this.place];
      const at = new Map(this.shown.map((run) => [run, this.lookOf(run)]));
      const looks = new Map(await Promise.all(this.shown.map(async (run) => [run, await this.look(run, at.get(run))])));
      const picture = await this.compose(looks, at);
      size ??= [picture.width, picture.height];
      blobs.push(await new Promise((done) => picture.toBlob(done, "image/webp", 0.85)));
      this.say(`Drawing ${frame + 1} of ${count} ...`);
    }
    await this.go(here);
    if (blobs[0].type !== "image/webp") this.say("This browser can't write WebP; PNG works.", true);
    else this.download(await animate(blobs, ...size, Math.max(100, 8000 / count)), "picasso.webp");
  }

  // The maps that are shown, [probes, h, w] by run and method, with what they are of.
  saveNumbers() {
    const arrays = {}, {places} = this.current;
    this.shown.forEach((run, index) => {
      const rows = this.tiles.filter((row) => row.run === run), before = this.shown.length > 1 ? `run_${index}_` : "";
      if (!rows.length) return;
      rows[0].columns.forEach(({method, target}, column) => {
        const maps = rows.map((row) => row.columns[column]?.found), shape = maps.find(Boolean);
        if (!method || !shape) return;
        const {rows: down, columns: across} = shape, size = down.length * across.length;
        const values = new Float32Array(maps.length * size).fill(NaN);
        maps.forEach((found, at) => down.forEach((row, y) => across.forEach((cell, x) => {
          if (found) values[at * size + y * across.length + x] = found.values[row * found.width + cell];
        })));
        const title = `${before}${method}${this.state.probe ? `_${target}` : ""}`;
        arrays[title] = {shape: [maps.length, down.length, across.length], values};
      });
      const place = places.get(run);
      for (const name of ["log_odds", "probabilities", "values", "targets"]) {
        const of = run.history[name];
        if (!of) continue;
        const kind = name === "targets" ? Int32Array : Float32Array, inner = of.shape[2];
        const picked = rows.flatMap(({probe}) => Array.from(of.values.subarray((place * run.P + probe) * inner, (place * run.P + probe + 1) * inner)));
        arrays[`${before}${name}`] = {shape: [rows.length, inner], values: new kind(picked)};
      }
      const about = {run: run.name, step: run.steps[place], probes: rows.map(({probe}) => run.names[probe]), classes: Array.from(run.history.classes?.values ?? [], (each) => run.targetName(each)), view: this.state.view};
      const text = new TextEncoder().encode(JSON.stringify(about));
      arrays[`${before}about`] = {shape: [text.length], values: text};
    });
    this.download(writeNpz(arrays), `${this.title()}.npz`);
  }
}

// Shows the player in `el`. Returns it, for `reload()`.
export async function render(options) {
  const player = new Player(options);
  await player.start();
  return player;
}
