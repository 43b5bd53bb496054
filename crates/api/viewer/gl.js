/** Draws rows on the GPU: counts stay as received, and are given their colours while drawing. */

import { COLOURS, colormap } from './colormaps.js';

/** @typedef {import('./history.js').RowHistory} RowHistory */
/** @typedef {{x: number, y: number, width: number, height: number}} Rect device pixels, y from the top */

const VERTEX = `#version 300 es
void main() {
  gl_Position = vec4(vec2(gl_VertexID == 1 ? 3 : -1, gl_VertexID == 2 ? 3 : -1), 0, 1);
}`;

const FRAGMENT = `#version 300 es
precision highp float;
precision highp int;
precision highp sampler2DArray;
uniform sampler2DArray counts;
uniform highp sampler2D scales;
uniform sampler2D colours;
uniform vec4 rect;      // left, bottom, width, height
uniform vec4 window;    // first column, columns per pixel, row within topRow, rows per pixel
uniform int topRow;
uniform ivec2 received; // rows that a picture can have: first, one past the last
uniform ivec4 layout_;  // columns, capacity, rows per layer, columns per layer
uniform ivec2 cuts;     // first columns of the second and third part
uniform int parts;
uniform vec2 levels;
uniform float hatch;    // pixels
out vec4 colour;

const float MISSING = -1e9;

float value(int column, int row) {
  int slot = row % layout_.y;
  int layer = slot / layout_.z;
  int line = slot - layer * layout_.z;
  int fold = column / layout_.w;
  int folds = (layout_.x + layout_.w - 1) / layout_.w;
  float count = texelFetch(counts, ivec3(column - fold * layout_.w, line, layer * folds + fold), 0).r * 255.0;
  if (count < 0.5) return MISSING;
  int part = column >= cuts.y ? 2 : column >= cuts.x ? 1 : 0;
  vec2 scale = texelFetch(scales, ivec2(layer * parts + part, line), 0).rg;
  return scale.x + (count - 1.0) * scale.y;
}

void main() {
  vec2 pixel = vec2(gl_FragCoord.x - rect.x, rect.y + rect.w - gl_FragCoord.y) - 0.5;
  ivec2 taps = clamp(ivec2(ceil(window.yw - 0.01)), ivec2(1), ivec2(16));
  taps.y = min(taps.y, max(1, 64 / taps.x));
  // Where several values fall on one pixel, the largest is shown: what happened stays visible.
  float largest = MISSING;
  bool inside = false;
  for (int j = 0; j < taps.y; j++) {
    int row = topRow + int(floor(window.z + (pixel.y + (float(j) + 0.5) / float(taps.y)) * window.w));
    if (row < received.x || row >= received.y) continue;
    for (int i = 0; i < taps.x; i++) {
      int column = int(floor(window.x + (pixel.x + (float(i) + 0.5) / float(taps.x)) * window.y));
      if (column < 0 || column >= layout_.x) continue;
      inside = true;
      largest = max(largest, value(column, row));
    }
  }
  if (!inside) {
    colour = vec4(0);
  } else if (largest == MISSING) {
    float band = mod(gl_FragCoord.x + gl_FragCoord.y, hatch);
    colour = band < hatch * 0.3 ? vec4(0.27, 0.29, 0.32, 1) : vec4(0.15, 0.165, 0.185, 1);
  } else {
    float part = clamp((largest - levels.x) / (levels.y - levels.x), 0.0, 1.0);
    colour = vec4(texture(colours, vec2((part * ${COLOURS - 1}.0 + 0.5) / ${COLOURS}.0, 0.5)).rgb, 1);
  }
}`;

const LAYER_BYTES = 1 << 20;
const MOST_LINES = 1024;

/** The canvas that pictures are drawn on. */
export class Surface {
  /**
   * @param {HTMLCanvasElement} canvas
   * @throws {Error} when the browser has no WebGL2
   */
  constructor(canvas) {
    const gl = canvas.getContext('webgl2', { antialias: false, preserveDrawingBuffer: true });
    if (!gl) throw new Error('This page draws with WebGL2, which this browser does not offer or has switched off.');
    this.canvas = canvas;
    this.gl = gl;
    this.program = link(gl);
    const names = ['rect', 'window', 'topRow', 'received', 'layout_', 'cuts', 'parts', 'levels', 'hatch'];
    this.at = Object.fromEntries(
      [...names, 'counts', 'scales', 'colours'].map((name) => [name, gl.getUniformLocation(this.program, name)]),
    );
    this.colours = texture(gl, gl.TEXTURE_2D, gl.LINEAR);
    gl.useProgram(this.program);
    gl.uniform1i(this.at.counts, 0);
    gl.uniform1i(this.at.scales, 1);
    gl.uniform1i(this.at.colours, 2);
  }

  /** @param {string} name of a colour map */
  setColormap(name) {
    const { gl } = this;
    gl.bindTexture(gl.TEXTURE_2D, this.colours);
    gl.texImage2D(gl.TEXTURE_2D, 0, gl.RGBA8, COLOURS, 1, 0, gl.RGBA, gl.UNSIGNED_BYTE, colormap(name));
  }

  /** Makes everything transparent. */
  clear() {
    const { gl, canvas } = this;
    gl.viewport(0, 0, canvas.width, canvas.height);
    gl.clearColor(0, 0, 0, 0);
    gl.clear(gl.COLOR_BUFFER_BIT);
  }

  /**
   * @param {RowTexture} rows
   * @param {Rect} rect where
   * @param {{rows: [number, number], columns: [number, number]}} visible what
   * @param {[number, number]} received the rows that have come or should have
   * @param {import('./contrast.js').Levels} levels
   */
  draw(rows, rect, visible, received, levels) {
    const { gl, canvas, at } = this;
    const { history } = rows;
    const bottom = canvas.height - rect.y - rect.height;
    const top = Math.floor(visible.rows[0]);
    rows.upload();
    gl.viewport(rect.x, bottom, rect.width, rect.height);
    gl.uniform4f(at.rect, rect.x, bottom, rect.width, rect.height);
    gl.uniform4f(
      at.window,
      visible.columns[0],
      (visible.columns[1] - visible.columns[0]) / rect.width,
      visible.rows[0] - top,
      (visible.rows[1] - visible.rows[0]) / rect.height,
    );
    gl.uniform1i(at.topRow, top);
    gl.uniform2i(at.received, Math.max(received[0], history.end - history.capacity, 0), received[1]);
    gl.uniform4i(at.layout_, history.columns, history.capacity, rows.lines, rows.fold);
    const cut = (part) => history.parts[part]?.first ?? history.columns;
    gl.uniform2i(at.cuts, cut(1), cut(2));
    gl.uniform1i(at.parts, history.parts.length);
    gl.uniform2f(at.levels, levels.low, levels.high);
    gl.uniform1f(at.hatch, 8 * devicePixelRatio);
    [
      [gl.TEXTURE_2D_ARRAY, rows.counts],
      [gl.TEXTURE_2D, rows.scales],
      [gl.TEXTURE_2D, this.colours],
    ].forEach(([target, bound], unit) => {
      gl.activeTexture(gl.TEXTURE0 + unit);
      gl.bindTexture(target, bound);
    });
    gl.activeTexture(gl.TEXTURE0);
    gl.drawArrays(gl.TRIANGLES, 0, 3);
  }

  /**
   * How many rows of this width the GPU can hold.
   * @param {number} columns
   */
  mostRows(columns) {
    const { lines, folds, mostLayers } = shape(this.gl, columns);
    return Math.floor(mostLayers / folds) * lines;
  }
}

/** A history's copy on the GPU. */
export class RowTexture {
  /** @param {Surface} surface @param {RowHistory} history */
  constructor({ gl }, history) {
    this.gl = gl;
    this.history = history;
    const { lines, folds, fold } = shape(gl, history.columns);
    this.lines = lines;
    this.folds = folds;
    this.fold = fold;
    const layers = Math.ceil(history.capacity / lines);
    this.counts = texture(gl, gl.TEXTURE_2D_ARRAY, gl.NEAREST);
    gl.texStorage3D(gl.TEXTURE_2D_ARRAY, 1, gl.R8, fold, lines, layers * folds);
    this.scales = texture(gl, gl.TEXTURE_2D, gl.NEAREST);
    gl.texStorage2D(gl.TEXTURE_2D, 1, gl.RG32F, layers * history.parts.length, lines);
    history.changed = { from: history.first, to: history.end };
  }

  /** Brings over the rows that changed. */
  upload() {
    const { history, lines } = this;
    const { from, to } = history.takeChanges();
    for (let row = from; row < to; ) {
      const slot = history.slot(row);
      const count = Math.min(to - row, lines - (slot % lines), history.capacity - slot);
      this.#put(slot, count);
      row += count;
    }
  }

  #put(slot, count) {
    const { gl, history, lines, folds, fold } = this;
    const { columns, parts } = history;
    const layer = Math.floor(slot / lines);
    const line = slot % lines;
    gl.pixelStorei(gl.UNPACK_ALIGNMENT, 1);
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, columns);
    gl.bindTexture(gl.TEXTURE_2D_ARRAY, this.counts);
    const counts = history.counts.subarray(slot * columns, (slot + count) * columns);
    for (let f = 0; f < folds; f++) {
      const width = Math.min(fold, columns - f * fold);
      gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, f * fold);
      const [target, depth] = [gl.TEXTURE_2D_ARRAY, layer * folds + f];
      gl.texSubImage3D(target, 0, 0, line, depth, width, count, 1, gl.RED, gl.UNSIGNED_BYTE, counts);
    }
    gl.pixelStorei(gl.UNPACK_ROW_LENGTH, 0);
    gl.pixelStorei(gl.UNPACK_SKIP_PIXELS, 0);
    gl.bindTexture(gl.TEXTURE_2D, this.scales);
    const width = parts.length;
    const scales = history.scales.subarray(slot * width * 2, (slot + count) * width * 2);
    gl.texSubImage2D(gl.TEXTURE_2D, 0, layer * width, line, width, count, gl.RG, gl.FLOAT, scales);
  }

  /** Frees what it holds on the GPU. */
  delete() {
    this.gl.deleteTexture(this.counts);
    this.gl.deleteTexture(this.scales);
  }
}

/** Rows lie in layers of about a megabyte; rows wider than a texture may be are folded over several layers. */
function shape(gl, columns) {
  const fold = Math.min(columns, gl.getParameter(gl.MAX_TEXTURE_SIZE));
  const lines = Math.min(MOST_LINES, 2 ** Math.ceil(Math.log2(Math.max(1, LAYER_BYTES / columns))));
  return { fold, folds: Math.ceil(columns / fold), lines, mostLayers: gl.getParameter(gl.MAX_ARRAY_TEXTURE_LAYERS) };
}

function texture(gl, target, filter) {
  const created = gl.createTexture();
  gl.bindTexture(target, created);
  gl.texParameteri(target, gl.TEXTURE_MIN_FILTER, filter);
  gl.texParameteri(target, gl.TEXTURE_MAG_FILTER, filter);
  gl.texParameteri(target, gl.TEXTURE_WRAP_S, gl.CLAMP_TO_EDGE);
  gl.texParameteri(target, gl.TEXTURE_WRAP_T, gl.CLAMP_TO_EDGE);
  return created;
}

function link(gl) {
  const program = gl.createProgram();
  for (const [kind, source] of [[gl.VERTEX_SHADER, VERTEX], [gl.FRAGMENT_SHADER, FRAGMENT]]) {
    const shader = gl.createShader(kind);
    gl.shaderSource(shader, source);
    gl.compileShader(shader);
    gl.attachShader(program, shader);
  }
  gl.linkProgram(program);
  if (!gl.getProgramParameter(program, gl.LINK_STATUS)) {
    throw new Error(`The GPU does not accept this page's shaders: ${gl.getProgramInfoLog(program)}`);
  }
  return program;
}
