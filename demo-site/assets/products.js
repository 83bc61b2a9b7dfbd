// The list with its filter, and the product page.

import { addLine, money } from './cart.js';
import { keepSwitches, switchValue } from './switches.js';

/** A card for each product, from the template in the layout. */
export function cards(products) {
  const template = document.querySelector('#card');
  return products.map((product) => {
    const card = template.content.firstElementChild.cloneNode(true);
    card.href = keepSwitches(`/products/${product.id}`);
    card.querySelector('img').src = `/images/${product.id}.svg`;
    card.querySelector('strong').textContent = product.name;
    card.querySelector('.price').textContent = money(product.price_cents);
    card.querySelector('.card-tagline').textContent = product.tagline;
    return card;
  });
}

/** The list page: the filter changes the address, so that a choice can be shared and survives a reload. */
export async function showList() {
  const buttons = [...document.querySelectorAll('.filter button')];
  for (const button of buttons) {
    button.addEventListener('click', () => {
      const address = new URL(location.href);
      if (button.dataset.kind) address.searchParams.set('kind', button.dataset.kind);
      else address.searchParams.delete('kind');
      history.replaceState(null, '', address);
      showKind(button.dataset.kind, buttons);
    });
  }
  await showKind(new URLSearchParams(location.search).get('kind') ?? '', buttons);
}

async function showKind(kind, buttons) {
  for (const button of buttons) button.setAttribute('aria-pressed', String(button.dataset.kind === kind));
  const list = document.querySelector('#list');
  list.setAttribute('aria-busy', 'true');
  const response = await fetch(kind ? `/api/products?kind=${encodeURIComponent(kind)}` : '/api/products');
  if (response.ok) {
    list.replaceChildren(...cards((await response.json()).products));
  } else {
    list.textContent = 'We have no such lamps.';
  }
  list.removeAttribute('aria-busy');
}

/** The product page: its picture and price came with the HTML; stock and details are asked for. */
export async function showProduct() {
  const id = document.querySelector('[data-product]').dataset.product;
  document.querySelector('.buy').addEventListener('submit', (event) => event.preventDefault());
  document.querySelector('#add-to-cart').addEventListener('click', () => addToCart(id));
  showStock(id);
  await showDetails(id);
}

function addToCart(id) {
  blockMainThread(Number(switchValue('slow-click') ?? 0));
  const quantity = Number(document.querySelector('.buy select').value);
  // The line is in the visitor's cart whether or not the shop hears of it now: the order will tell.
  addLine(id, quantity).catch(() => {});
  const toast = document.querySelector('.toast');
  const link = document.createElement('a');
  link.href = keepSwitches('/cart');
  link.textContent = 'See your cart';
  toast.replaceChildren('It is in your cart. ', link);
  toast.hidden = false;
}

/** `slow-click=MS`: what a price calculation over too large a catalogue would do to the click. */
function blockMainThread(ms) {
  const until = performance.now() + ms;
  while (performance.now() < until);
}

/** By XMLHttpRequest, as the storeroom's old software has it. */
function showStock(id) {
  const line = document.querySelector('.stock');
  const request = new XMLHttpRequest();
  request.open('GET', `/api/stock/${id}`);
  request.responseType = 'json';
  request.addEventListener('load', () => {
    const count = request.response?.in_stock;
    if (request.status !== 200) line.textContent = 'The storeroom does not answer.';
    else if (count > 5) line.textContent = 'In stock, with you in two days';
    else line.textContent = `Only ${count} left, with you in two days`;
    line.classList.toggle('scarce', count <= 5);
  });
  request.addEventListener('error', () => (line.textContent = 'The storeroom does not answer.'));
  request.send();
}

async function showDetails(id) {
  const response = await fetch(`/api/products/${id}`);
  const list = document.querySelector('.details');
  list.removeAttribute('aria-busy');
  if (!response.ok) return;
  const { details } = await response.json();
  list.replaceChildren(
    ...details.map(({ label, value }) => {
      const row = document.createElement('div');
      const term = document.createElement('dt');
      const text = document.createElement('dd');
      term.textContent = label;
      text.textContent = value;
      row.append(term, text);
      return row;
    }),
  );
}
