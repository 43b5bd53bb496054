/**
 * Perceptually uniform colour maps.
 *
 * viridis and magma: Nathaniel J. Smith, Stéfan van der Walt, Eric Firing; CC0 1.0.
 * cividis: Jamie R. Nuñez, Christopher R. Anderton, Ryan S. Renslow (doi:10.1371/journal.pone.0199239),
 * as published with the two above under CC0 1.0.
 *
 * Every fifth colour of the published 256; those between are interpolated.
 */
const ANCHORS = {
  viridis:
    '44015446085c471063481769481d6f482475472a7a46307e453781433d844142873f48893d4e8a3a538b38598c355e8d33638d31' +
    '688e2e6d8e2c718e2a768e297b8e27808e25848e23898e218e8d20928c1f978b1e9c891fa18821a58524aa8328ae802eb37c35b7' +
    '793dbc7446c06f50c46a5ac86465cb5e70cf577cd25089d54895d840a2da37b0dd2fbddf26cae11fd8e219e5e419f1e51dfde725',
  magma:
    '00000402020b0504160907200e0b2b140e361a104221114e29115a311165390f6e420f754a107952137c5a167e6219806a1c8172' +
    '1f81792282812581892881912b81992d80a1307eaa337db2357bba3878c23b75ca3e72d2426fd9466be04c67e75263ec5860f160' +
    '5df4695cf7725cf97b5dfb8560fc8e64fd9869fea16efeaa74feb47bfebd82fec68afecf92fed89afde2a3fdebacfcf4b6fcfdbf',
  cividis:
    '00224e002656002a5f002d68003070083370163770203a6f273e6e2e416d34456c3a486c3f4c6c444f6c49536c4e566c535a6d57' +
    '5d6d5c616e60646f656870696b716d6f727272747676767a7a787e7d788381798885788d8878928c789690779b9476a09875a59c' +
    '74aaa073afa471b5a86fbaac6dbfb06bc4b468c9b965cfbd62d4c15fdac65bdfca57e5cf52ead34cf0d846f6dd3ffce236fee838',
};

/** Colours in a map. */
export const COLOURS = 256;

/** Names of the maps, the default first. */
export const COLORMAPS = Object.keys(ANCHORS);

const tables = new Map();

/**
 * @param {string} name one of {@link COLORMAPS}; any other name gives the default
 * @returns {Uint8Array} 256 x RGBA
 */
export function colormap(name) {
  const known = name in ANCHORS ? name : COLORMAPS[0];
  if (!tables.has(known)) tables.set(known, interpolate(ANCHORS[known]));
  return tables.get(known);
}

/** @param {string} hex @returns {Uint8Array} */
function interpolate(hex) {
  const anchors = hex.match(/../g).map((pair) => parseInt(pair, 16));
  const last = anchors.length / 3 - 1;
  const table = new Uint8Array(COLOURS * 4);
  for (let i = 0; i < COLOURS; i++) {
    const position = (i / (COLOURS - 1)) * last;
    const left = Math.min(Math.floor(position), last - 1);
    const part = position - left;
    for (let c = 0; c < 3; c++) {
      table[i * 4 + c] = Math.round(anchors[left * 3 + c] * (1 - part) + anchors[left * 3 + 3 + c] * part);
    }
    table[i * 4 + 3] = 255;
  }
  return table;
}
