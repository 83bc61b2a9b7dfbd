// The cart. Its lines live in localStorage as [{product, quantity}]; the server is told of each line that is added.

import { keepSwitches } from './switches.js';

const KEY = 'eventide-cart';
const MOST_OF_ONE = 20;
const FREE_DELIVERY_FROM_CENTS = 8000;
const DELIVERY_CENTS = 590;

const euros = new Intl.NumberFormat('en-IE', { style: 'currency', currency: 'EUR', trailingZeroDisplay: 'stripIfInteger' });

export function money(cents) {
  return euros.format(cents / 100);
}

function readLines() {
  try {
    const lines = JSON.parse(localStorage.getItem(KEY));
    return Array.isArray(lines) ? lines : [];
  } catch {
    return []; // storage that is forbidden or was written by something else is an empty cart
  }
}

function writeLines(lines) {
  try {
    localStorage.setItem(KEY, JSON.stringify(lines));
  } catch {
    return; // a visitor who forbids storage shops for one page at a time
  }
  dispatchEvent(new Event('cart-changed'));
}

/** How many lamps are in the cart. */
export function cartCount() {
  return readLines().reduce((sum, line) => sum + line.quantity, 0);
}

/** Puts lamps into the cart and tells the shop. */
export async function addLine(product, quantity) {
  const lines = readLines();
  const line = lines.find((line) => line.product === product);
  if (line) line.quantity = Math.min(line.quantity + quantity, MOST_OF_ONE);
  else lines.push({ product, quantity });
  writeLines(lines);
  await post('/api/cart', { product, quantity });
}

function post(path, body) {
  return fetch(path, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify(body),
  });
}

/** The cart page. */
export async function showCartPage() {
  keepRoom();
  const response = await fetch('/api/products');
  const { products } = await response.json();
  const known = new Map(products.map((product) => [product.id, product]));
  const draw = () => drawCart(known);
  document.querySelector('.lines').addEventListener('click', (event) => step(event.target.closest('[data-step]')));
  document.querySelector('#check-out').addEventListener('click', checkOut);
  addEventListener('cart-changed', draw);
  addEventListener('pageshow', draw);
  draw();
}

/** As many empty lines as there will be, so that nothing moves when the prices come. */
function keepRoom() {
  const template = document.querySelector('.lines .waiting');
  const count = readLines().length;
  document.querySelector('.lines').replaceChildren(...Array.from({ length: count }, () => template.cloneNode()));
  document.querySelector('.cart-body').hidden = count === 0;
  document.querySelector('.empty').hidden = count > 0;
}

function drawCart(known) {
  const lines = readLines().filter((line) => known.has(line.product));
  const list = document.querySelector('.lines');
  list.replaceChildren(...lines.map((line) => drawLine(line, known.get(line.product))));
  list.removeAttribute('aria-busy');
  const subtotal = lines.reduce((sum, line) => sum + line.quantity * known.get(line.product).price_cents, 0);
  const delivery = subtotal >= FREE_DELIVERY_FROM_CENTS ? 0 : DELIVERY_CENTS;
  document.querySelector('.subtotal').textContent = money(subtotal);
  document.querySelector('.delivery').textContent = delivery ? money(delivery) : 'free';
  document.querySelector('.total').textContent = money(subtotal + delivery);
  document.querySelector('#check-out').disabled = lines.length === 0;
  document.querySelector('.cart-body').hidden = lines.length === 0;
  document.querySelector('.empty').hidden = lines.length > 0;
}

function drawLine({ quantity }, product) {
  const line = document.querySelector('#line').content.firstElementChild.cloneNode(true);
  const address = keepSwitches(`/products/${product.id}`);
  line.dataset.product = product.id;
  line.querySelector('.line-picture').href = address;
  line.querySelector('img').src = `/images/${product.id}.svg`;
  line.querySelector('.line-name').href = address;
  line.querySelector('.line-name').textContent = product.name;
  line.querySelector('.line-price').textContent = `${money(product.price_cents)} each`;
  line.querySelector('output').textContent = quantity;
  line.querySelector('.line-total').textContent = money(quantity * product.price_cents);
  return line;
}

function step(button) {
  if (!button) return;
  const { product } = button.closest('.line').dataset;
  const lines = readLines();
  const line = lines.find((line) => line.product === product);
  if (!line) return;
  line.quantity = Math.min(line.quantity + Number(button.dataset.step), MOST_OF_ONE);
  writeLines(lines.filter((line) => line.quantity > 0));
}

async function checkOut() {
  const response = await post('/api/orders', { lines: readLines() });
  if (!response.ok) return;
  writeLines([]);
  document.querySelector('.empty p').textContent = 'Thank you. In a real shop your lamps would be on their way.';
}
