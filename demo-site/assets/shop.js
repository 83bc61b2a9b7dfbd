// The entry of every page: the header's cart, the recommendations, and whatever the page itself needs.

import { cartCount, showCartPage } from './cart.js';
import { showMagazine } from './magazine.js';
import { watchPanel } from './panel.js';
import { causeProblems } from './problems.js';
import { showList, showProduct } from './products.js';
import { showRecommendations } from './recommendations.js';
import { switchValue } from './switches.js';

const PAGES = {
  products: showList,
  product: showProduct,
  cart: showCartPage,
  magazine: showMagazine,
};

const count = document.querySelector('.cart-count');
function showCount() {
  count.textContent = cartCount();
}
showCount();
addEventListener('cart-changed', showCount);
// A page that comes back from the back/forward cache has an old count.
addEventListener('pageshow', showCount);

PAGES[document.body.dataset.page]?.();
showRecommendations();
watchPanel();
causeProblems();

// `throw=1`: a mistake as people really make it. The offer that ended has no discount any more, and six calls deep
// somebody reads its percentage.
if (switchValue('throw')) addEventListener('load', announceOffer);

function announceOffer() {
  const ended = { product: 'porcini', cents: 8900 };
  showNotice([ended]);
}

function showNotice(offers) {
  document.querySelector('.notice').textContent = offers.map(offerText).join(' · ');
}

function offerText(offer) {
  return `Tonight only: ${offer.product} for ${discountedPrice(offer)}`;
}

function discountedPrice(offer) {
  return offer.cents * (1 - discountShare(offer));
}

function discountShare(offer) {
  return offer.discount.percent / 100;
}
