// Measures drawings as a browser sets them. The drawings stand in `#drawings` as JSON; what is found goes to `#found`.
'use strict';

// Sizes are rounded to tenths in the files; a box around letters is rounded up to whole pixels.
const ABOUT = 1.05;
// The least contrast of text, by the Web Content Accessibility Guidelines 2.1 (2018).
const READABLE = 4.5;
// A tenth wider than the font that drawings are measured with, of which a letter is half an em wide.
const WIDER = 0.05;
// How far apart a line is looked at, in pixels.
const STEP = 3;

const within = (inner, outer) =>
  inner.left >= outer.left - ABOUT && inner.right <= outer.right + ABOUT &&
  inner.top >= outer.top - ABOUT && inner.bottom <= outer.bottom + ABOUT;
const meet = (a, b) => a.left <= b.right && b.left <= a.right && a.top <= b.bottom && b.top <= a.bottom;
const overlap = (a, b) =>
  a.left < b.right - ABOUT && b.left < a.right - ABOUT && a.top < b.bottom - ABOUT && b.top < a.bottom - ABOUT;
const holds = (box, point) =>
  point.x > box.left && point.x < box.right && point.y > box.top && point.y < box.bottom;
const has = (element, name) => element.classList.contains(name);

// Where an element stands in the drawing, without the width of its line.
function boxOf(element, svg) {
  const own = element.getBBox();
  const to = svg.getScreenCTM().inverse().multiply(element.getScreenCTM());
  const corners = [[0, 0], [1, 0], [0, 1], [1, 1]].map(([right, down]) =>
    new DOMPoint(own.x + right * own.width, own.y + down * own.height).matrixTransform(to));
  const [xs, ys] = [corners.map(corner => corner.x), corners.map(corner => corner.y)];
  return { left: Math.min(...xs), right: Math.max(...xs), top: Math.min(...ys), bottom: Math.max(...ys) };
}

// What letters cover of the room that their font has for a line: accents above capitals are left out.
function inked(text, box) {
  const size = parseFloat(getComputedStyle(text).fontSize);
  const turned = text.hasAttribute('transform');
  return turned ? box : { ...box, top: box.top + 0.12 * size, bottom: box.bottom - 0.02 * size };
}

function colour(css) {
  const parts = css.match(/[\d.]+/g).map(Number);
  return { rgb: parts.slice(0, 3), alpha: parts.length > 3 ? parts[3] : 1 };
}

function luminance(rgb) {
  const [r, g, b] = rgb.map(part => part / 255).map(part =>
    part <= 0.04045 ? part / 12.92 : ((part + 0.055) / 1.055) ** 2.4);
  return 0.2126 * r + 0.7152 * g + 0.0722 * b;
}

function contrast(a, b) {
  const [one, other] = [luminance(a), luminance(b)];
  return (Math.max(one, other) + 0.05) / (Math.min(one, other) + 0.05);
}

const blend = (over, alpha, under) => over.map((part, at) => part * alpha + under[at] * (1 - alpha));

// Everything that is painted, in the order in which it is.
function painted(svg) {
  const all = [...svg.querySelectorAll('rect, path, circle, use, text')].filter(one => !one.closest('defs'));
  return all.map((element, order) => {
    const style = getComputedStyle(element);
    const box = boxOf(element, svg);
    const one = { element, order, style, box, text: element.localName === 'text' };
    if (one.text) {
      one.ink = inked(element, box);
      one.words = element.textContent;
      return one;
    }
    one.filled = element.localName === 'use' || style.fill !== 'none';
    one.line = element.localName !== 'use' && style.stroke !== 'none' ? parseFloat(style.strokeWidth) : 0;
    return one;
  });
}

// Points on the line of a shape, in the drawing.
function outline(one, svg) {
  if (one.points) return one.points;
  const to = svg.getScreenCTM().inverse().multiply(one.element.getScreenCTM());
  const length = one.element.getTotalLength();
  one.points = [];
  for (let at = 0; at <= length; at += STEP) {
    one.points.push(one.element.getPointAtLength(at).matrixTransform(to));
  }
  return one.points;
}

function fills(one, point, svg) {
  if (!holds(one.box, point)) return false;
  if (!one.element.isPointInFill) return true;
  const to = one.element.getScreenCTM().inverse().multiply(svg.getScreenCTM());
  return one.element.isPointInFill(new DOMPoint(point.x, point.y).matrixTransform(to));
}

// Whether a shape is painted somewhere in a box; of shapes of several parts, at one of some points.
function reaches(one, box, svg) {
  if (!overlap(one.box, box)) return false;
  if (one.element.localName !== 'path') return true;
  for (const across of [0.05, 0.25, 0.5, 0.75, 0.95]) {
    for (const down of [0.1, 0.5, 0.9]) {
      const x = box.left + (box.right - box.left) * across;
      const y = box.top + (box.bottom - box.top) * down;
      if (fills(one, { x, y }, svg)) return true;
    }
  }
  return false;
}

// The shape that a text belongs to, where one is drawn.
function shapeOf(text) {
  const beside = selector => [...text.parentNode.children].find(other => other.matches(selector));
  const before = text.previousElementSibling;
  if (['n', 'd', 'fa', 'hv', 'zn', 'name'].some(name => has(text, name))) return beside('rect.c');
  if (has(text, 'ft') || has(text, 'fd')) return beside('rect.f');
  if (has(text, 'nt')) return beside('path.note');
  if (has(text, 'nn') || has(text, 'mt') || has(text, 'sn')) return before;
  return undefined;
}

function measured(drawing) {
  const faults = [];
  const parsed = new DOMParser().parseFromString(drawing.svg, 'image/svg+xml');
  const broken = parsed.querySelector('parsererror');
  if (broken) return [`not XML: ${broken.textContent}`];
  const known = ['svg', 'title', 'desc', 'style', 'defs', 'symbol', 'g', 'rect', 'path', 'circle', 'use', 'text', 'tspan'];
  for (const element of parsed.querySelectorAll('*')) {
    if (!known.includes(element.localName)) faults.push(`a ${element.localName}`);
    for (const { name, value } of element.attributes) {
      const elsewhere = name.endsWith('href') && !value.startsWith('#');
      if (name.startsWith('on') || elsewhere || /url\(|javascript:/i.test(value) && name !== 'aria-label') {
        faults.push(`an attribute ${name}="${value}"`);
      }
    }
    if (element.localName === 'style' && /url\(|@import/i.test(element.textContent)) faults.push('a style that loads');
  }
  // A root of its own, so that one drawing's style is not another's.
  const host = document.body.appendChild(document.createElement('div'));
  const svg = document.importNode(parsed.documentElement, true);
  if (drawing.wider) svg.style.letterSpacing = `${WIDER}em`;
  host.attachShadow({ mode: 'open' }).append(svg);
  const all = painted(svg);
  const page = { left: 0, top: 0, right: svg.viewBox.baseVal.width, bottom: svg.viewBox.baseVal.height };
  for (const one of all) {
    const half = one.text ? 0 : one.line / 2;
    const { left, right, top, bottom } = one.box;
    const whole = { left: left + half, right: right - half, top: top + half, bottom: bottom - half };
    if (!within(whole, page)) faults.push(`leaves the page: ${said(one)}`);
  }
  const texts = all.filter(one => one.text);
  if (drawing.wider) {
    texts.forEach((text, at) => faults.push(...faint(text, all, svg), ...collisions(text, at, texts), ...pressed(text, all)));
    host.remove();
    return faults;
  }
  const boxes = {};
  for (const [name, x, y, w, h] of drawing.boxes) {
    (boxes[name] ||= []).push({ left: x, top: y, right: x + w, bottom: y + h });
  }
  for (const text of texts) {
    const shape = shapeOf(text.element);
    if (text.words.trim() === '') faults.push(`says nothing: ${said(text)}`);
    text.shape = all.find(one => one.element === shape);
    const name = text.element.classList[0];
    const promised = shape && name !== 'ft' ? undefined : (boxes[name] || []).shift();
    for (const box of [text.shape && text.shape.box, promised]) {
      if (box && !within(text.ink, box)) faults.push(`outside its shape: ${said(text)} in ${place(box)}`);
    }
    if (has(text.element, 'in') && !has(text.element, 'halo')) {
      const bars = all.filter(one => one.element.localName === 'rect' && one.order < text.order && !has(one.element, 'bg'));
      if (!bars.some(bar => within(text.ink, bar.box))) faults.push(`in no bar: ${said(text)}`);
    }
  }
  const unused = Object.entries(boxes).filter(([, left]) => left.length > 0).map(([name]) => name);
  if (unused.length > 0) faults.push(`fewer texts than promised: ${unused}`);
  for (const [at, text] of texts.entries()) {
    faults.push(...collisions(text, at, texts));
    // What it stands on hides all that was painted before.
    const ground = all.findLast(one => one.order < text.order && solid(one) && within(text.ink, one.box));
    for (const one of all) {
      if (one.text || one === text.shape) continue;
      if (one.filled && reaches(one, text.ink, svg)) {
        const inside = within(text.ink, one.box);
        // What holds a text whole and was painted before is what it stands on; cards hold their own only.
        const foreign = has(one.element, 'c') && !(ground && ground.order > one.order);
        if (foreign) faults.push(`on a card that is not its own: ${said(text)} on ${said(one)}`);
        else if (one.order > text.order) faults.push(`covered: ${said(text)} by ${said(one)}`);
        else if (!inside && !(ground && ground.order > one.order) && solid(one)) {
          faults.push(`half on: ${said(text)} on ${said(one)}`);
        }
      }
      const hidden = ground && one.order < ground.order;
      if (one.line > 0 && !hidden && meet(one.box, text.ink) && outline(one, svg).some(point => holds(text.ink, point))) {
        const halo = text.style.stroke !== 'none' && one.order < text.order;
        if (!halo) faults.push(`crossed: ${said(text)} by ${said(one)}`);
      }
    }
    faults.push(...faint(text, all, svg));
  }
  host.remove();
  return faults;
}

function collisions(text, at, texts) {
  const others = texts.slice(at + 1).filter(other => overlap(text.ink, other.ink));
  return others.map(other => `on another text: ${said(text)} and ${said(other)}`);
}

// Out of the shape that is drawn around it.
function pressed(text, all) {
  const shape = all.find(one => one.element === shapeOf(text.element));
  return shape && !within(text.ink, shape.box) ? [`outside its shape: ${said(text)} in ${place(shape.box)}`] : [];
}

const solid = one => !one.text && one.filled && parseFloat(one.style.fillOpacity) === 1;

// Parts of a text that cannot be read on what is behind them.
function faint(text, all, svg) {
  const { left, right, top, bottom } = text.ink;
  const parts = [text.element, ...text.element.querySelectorAll('tspan')];
  const found = [];
  for (const share of [0.02, 0.5, 0.98]) {
    const point = { x: left + (right - left) * share, y: (top + bottom) / 2 };
    let behind = [255, 255, 255];
    for (const one of all) {
      if (one.order < text.order && !one.text && one.filled && fills(one, point, svg)) {
        const { rgb, alpha } = colour(one.style.fill);
        behind = blend(rgb, alpha * parseFloat(one.style.fillOpacity) * parseFloat(one.style.opacity), behind);
      }
    }
    if (text.style.stroke !== 'none') behind = colour(text.style.stroke).rgb;
    for (const part of parts) {
      const style = getComputedStyle(part);
      const { rgb, alpha } = colour(style.fill);
      const shown = blend(rgb, alpha * parseFloat(style.fillOpacity) * parseFloat(style.opacity), behind);
      const ratio = contrast(shown, behind);
      if (ratio < READABLE) found.push(`a contrast of ${ratio.toFixed(2)}: ${said(text)}`);
    }
  }
  return found.slice(0, 1);
}

const place = box => `${[box.left, box.top, box.right, box.bottom].map(side => side.toFixed(1)).join(' ')}`;

function said(one) {
  const name = `${one.element.localName}.${one.element.getAttribute('class') || ''}`;
  return one.text ? `\`${one.words.slice(0, 60)}\` (${name}) at ${place(one.ink)}` : `${name} at ${place(one.box)}`;
}

// Those that stand in frames, as documents of their own.
function alone(frame) {
  const inner = frame.contentDocument;
  const found = [];
  if (!inner || inner.documentElement.localName !== 'svg') found.push('does not open');
  // The first counts those of HTML only.
  else if (inner.scripts.length + inner.querySelectorAll('script').length > 0) found.push('a script');
  if (window.ran) found.push('ran something');
  return { name: frame.title, faults: found };
}

addEventListener('load', () => {
  const drawings = JSON.parse(document.getElementById('drawings').textContent);
  const found = {
    dark: matchMedia('(prefers-color-scheme: dark)').matches,
    font: document.fonts.check('14px "Liberation Sans"') && document.fonts.check('bold 14px "Liberation Sans"'),
    texts: 0,
    drawings: [],
  };
  for (const frame of document.querySelectorAll('iframe')) found.drawings.push(alone(frame));
  for (const drawing of drawings) {
    let faults;
    try {
      faults = measured(drawing);
    } catch (error) {
      faults = [`not measured: ${error.stack}`];
    }
    found.drawings.push({ name: drawing.name, faults });
    found.texts += drawing.svg.split('<text').length - 1;
  }
  const json = JSON.stringify(found).replace(/[<>&]/g, letter => '\\u00' + letter.charCodeAt(0).toString(16));
  document.getElementById('found').textContent = json;
});
