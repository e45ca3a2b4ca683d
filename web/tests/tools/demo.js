import { World } from '../fake/world.js';

const MINUTE_MS = 60_000;
const HOUR_MS = 60 * MINUTE_MS;

/** Who is in the pictures. */
export const PEOPLE = {
  ada: 'Ada Lindqvist',
  bo: 'Bo Karlsson',
  chioma: 'Chioma Eze',
  dara: 'Dara Novak',
  emil: 'Emil Okafor',
  fatima: 'Fatima Rahimi',
};

/** What they say: minutes ago, who, what. @type {[number, keyof typeof PEOPLE, string][]} */
export const ALLOTMENT = [
  [1530, 'dara', 'The seed potatoes are here. Two crates, in the shed behind the blue door.'],
  [1522, 'bo', 'Great! I can dig the first row on Saturday.'],
  [1518, 'chioma', 'Saturday works. I’ll bring the long-handled fork, the short one broke my back last year.'],
  [96, 'ada', 'Forecast says dry until Thursday: https://weather.example/allotment'],
  [94, 'ada', 'So if we want to lime the beds, tomorrow is the day.'],
  [88, 'bo', 'Tomorrow after six?'],
  [87, 'bo', 'I have the key to the water, Dara gave it to me.'],
  [
    41,
    'chioma',
    'After six is good. Emil, are you in? We could use somebody who can actually read the instructions on the bag this time.',
  ],
  [12, 'ada', 'I’ll pick you both up at half past five.'],
  [11, 'ada', 'And I’m bringing cake.'],
  [9, 'chioma', '🍰'],
];

/** @param {() => number} [now] */
export function demoWorld(now = Date.now) {
  const world = new World();
  for (const [id, name] of Object.entries(PEOPLE)) world.user(id, { name, password: 'correct horse' });
  const at = (/** @type {number} */ minutes) => now() - minutes * MINUTE_MS;

  world.clock = () => now() - 48 * HOUR_MS;
  const garden = world.createGroup('ada', { name: 'Allotment 12', members: ['bo', 'chioma', 'dara', 'emil'] });
  const readers = world.createGroup('fatima', { name: 'Slow readers', members: ['ada', 'emil'], access: 'open' });
  const kitchen = world.createGroup('ada', { name: 'Kitchen rota', members: ['bo', 'fatima'] });
  world.clock = now;

  for (const [minutes, from, text] of ALLOTMENT) world.append(garden, from, { text, time: at(minutes) });
  for (let page = 1; page <= 160; page += 1) {
    world.append(readers, page % 3 ? 'fatima' : 'emil', {
      text: `Page ${page}. ${page % 4 ? 'Still with it.' : 'I had to read this one twice: the ferry, the letter, and then nothing for ten pages.'}`,
      time: at(4000 - page * 6),
    });
  }
  world.append(kitchen, 'fatima', { text: 'Whose turn is the oven?', time: at(2900) });
  const emil = world.direct('ada', 'emil');
  world.append(emil, 'emil', { text: 'Did you find the second key?', time: at(190) });
  world.append(emil, 'ada', { text: 'It was in the cake tin.', time: at(180) });
  const bo = world.direct('ada', 'bo');
  world.append(bo, 'ada', { text: 'Shall I bring the big pot?', time: at(31) });
  world.append(bo, 'bo', { text: 'Yes please, and the lid that fits it', time: at(30) });
  world.append(bo, 'bo', { text: 'not the other one', time: at(29) });

  for (const group of world.groups.values()) world.advance(group, 'ada', 'read', group.events.length);
  bo.read.set('ada', 1);
  readers.read.set('ada', 150);
  for (const [user, seq] of /** @type {[string, number][]} */ ([
    ['bo', 12],
    ['chioma', 12],
  ])) {
    garden.read.set(user, seq);
  }
  return { world, garden, readers, kitchen, emil, bo };
}
