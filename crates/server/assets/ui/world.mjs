// Draws world.svg, and prints src/ui/charts/places.rs, from Natural Earth's outlines (public domain).
// Run once by hand; the outcome is committed. In an empty folder:
//   npm install world-atlas@2.0.2 d3-geo@3 topojson-client@3 i18n-iso-countries@7
//   node world.mjs PATH/TO/crates/server
import fs from 'fs';
import { createRequire } from 'module';
import { geoNaturalEarth1, geoPath, geoCentroid, geoArea } from 'd3-geo';
import { feature } from 'topojson-client';

const require = createRequire(process.cwd() + '/');
const countries = require('i18n-iso-countries');
const out = process.argv[2] || '.';
const read = name => JSON.parse(fs.readFileSync(`node_modules/world-atlas/${name}.json`));
const shapes = name => {
  const topo = read(name);
  return feature(topo, topo.objects.countries).features.filter(f => f.id !== '010');
};
const WIDTH = 620, HEIGHT = 300;
const code = f => f.properties.name === 'Kosovo' ? 'XK' : f.id && countries.numericToAlpha2(f.id);

const coarse = { type: 'FeatureCollection', features: shapes('countries-110m') };
const projection = geoNaturalEarth1().fitSize([WIDTH, HEIGHT], coarse);
const path = geoPath(projection).digits(1);
// Relative moves are shorter, and one digit is a tenth of a pixel at the width of the page.
const relative = d => d.replace(/M([^MZ]*)Z/g, (_, body) => {
  const points = body.split('L').map(p => p.split(',').map(v => Math.round(v * 10)));
  let [x, y] = points[0];
  const moves = points.slice(1).map(([a, b]) => {
    const m = [a - x, b - y]; [x, y] = [a, b]; return m;
  }).filter(([a, b]) => a || b);
  if (moves.length < 2) return '';
  const num = v => String(v / 10).replace(/^(-?)0\./, '$1.');
  return `M${num(points[0][0])} ${num(points[0][1])}l` + moves.map(([a, b]) => num(a) + (b < 0 ? '' : ' ') + num(b)).join(' ') + 'z';
});
const drawn = coarse.features.map(f => {
  const d = relative(path(f)), id = code(f);
  return d && `<path${id ? ` id="${id}"` : ''} d="${d}"/>`;
}).filter(Boolean);
fs.writeFileSync(`${out}/assets/ui/world.svg`, `<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${HEIGHT}"><g id="land">${drawn.join('\n')}</g></svg>\n`);

// The middle of a country's largest part, so that France lies in Europe.
const largest = f => {
  if (f.geometry.type !== 'MultiPolygon') return f;
  const parts = f.geometry.coordinates.map(c => ({ type: 'Polygon', coordinates: c }));
  return parts.sort((a, b) => geoArea(b) - geoArea(a))[0];
};
const places = new Map();
for (const f of shapes('countries-50m')) {
  const id = code(f);
  if (!id || places.has(id)) continue;
  const [x, y] = projection(geoCentroid(largest(f)));
  places.set(id, [Math.round(x), Math.round(y)]);
}
const outlined = new Set(coarse.features.map(code).filter(Boolean));
const rows = [...places].sort((a, b) => a[0] < b[0] ? -1 : 1)
  .map(([id, [x, y]]) => `    (*b"${id}", ${x}, ${y}, ${outlined.has(id)}),`);
fs.writeFileSync(`${out}/src/ui/charts/places.rs`, `//! Where a country lies on \`world.svg\`, and whether it has an outline there. Made by \`assets/ui/world.mjs\`.

/// Code, x, y, and whether the outline is drawn; sorted by code.
pub(super) const PLACES: [([u8; 2], u16, u16, bool); ${rows.length}] = [
${rows.join('\n')}
];
`);
