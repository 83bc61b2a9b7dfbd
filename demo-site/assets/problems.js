// The problems that pages have on request, each as close to the real thing as it can be made.

import { switchValue } from './switches.js';

const BANNER_AFTER_MS = 600;
const HUGE = 1024 * 1024;

const PROBLEMS = {
  shift: showLateBanner,
  reject: rejectUnhandled,
  'throw-string': throwValues,
  'error-loop': throwAgainAndAgain,
  'huge-error': throwHuge,
  circular: throwCircular,
};

/** Errors happen at load: by then an async script in the head has run, which is what a test of the SDK wants. */
export function causeProblems() {
  for (const [name, cause] of Object.entries(PROBLEMS)) {
    const value = switchValue(name);
    if (value === null) continue;
    if (name === 'shift') cause();
    else addEventListener('load', () => cause(value));
  }
}

/** No height was kept free for it, and no input came before it: a layout shift that counts. */
function showLateBanner() {
  setTimeout(() => {
    const banner = document.createElement('p');
    banner.className = 'late-banner';
    banner.textContent = 'The evenings are getting longer: ten per cent off everything that glows, until Sunday.';
    document.querySelector('main').prepend(banner);
  }, BANNER_AFTER_MS);
}

async function rejectUnhandled() {
  await readLoyaltyCard();
}

async function readLoyaltyCard() {
  await null;
  throw new Error('the loyalty card has expired');
}

/** Each in a task of its own, for a throw ends its task. */
function throwValues() {
  for (const value of ['a lamp fell over', 42, null, undefined]) {
    setTimeout(() => {
      throw value;
    });
  }
}

function throwAgainAndAgain(times) {
  for (let i = 0; i < Number(times); i++) setTimeout(failToTick);
}

function failToTick() {
  throw new RangeError('the countdown has no numbers left');
}

function throwHuge() {
  throw new Error('x'.repeat(HUGE));
}

function throwCircular() {
  const basket = { name: 'basket' };
  basket.inside = basket;
  Promise.reject(basket);
  throw basket;
}
