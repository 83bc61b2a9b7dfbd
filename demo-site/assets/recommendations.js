// The strip of lamps below every page. A shop can live without it, so its failure is shown and goes no further.

import { cards } from './products.js';

/** How long the strip is worth waiting for. */
const PATIENCE_MS = 3000;

export async function showRecommendations() {
  const section = document.querySelector('.recommendations');
  const strip = section.querySelector('.cards');
  const patience = new AbortController();
  const timer = setTimeout(() => patience.abort(), PATIENCE_MS);
  try {
    const response = await fetch(section.dataset.source, { signal: patience.signal });
    if (!response.ok) throw new Error(`recommendations: ${response.status}`);
    const { products } = await response.json();
    strip.replaceChildren(...cards(products));
  } catch {
    const apology = document.createElement('p');
    apology.className = 'apology';
    apology.textContent = 'Our suggestions are having a break. The lamps themselves are fine.';
    strip.replaceChildren(apology);
  } finally {
    clearTimeout(timer);
    strip.removeAttribute('aria-busy');
  }
}
