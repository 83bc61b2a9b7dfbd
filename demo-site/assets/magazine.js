// The single-page part: four kinds of route, drawn by this script and walked with history.pushState.

import { keepSwitches } from './switches.js';

const NAME = 'The Late Edition · Eventide';
const STORY = /^\/magazine\/stories\/([a-z-]+)$/;

export function showMagazine() {
  document.querySelector('.magazine').addEventListener('click', (event) => {
    const link = event.target.closest('a[data-route]');
    // A click that should open a tab or a window is the browser's.
    if (!link || event.button !== 0 || event.metaKey || event.ctrlKey || event.shiftKey || event.altKey) return;
    event.preventDefault();
    if (link.href !== location.href) history.pushState(null, '', link.href);
    scrollTo(0, 0);
    draw(true);
  });
  addEventListener('popstate', () => draw(true));
  return draw(false);
}

/** Draws what the address says. The first drawing leaves the focus alone. */
async function draw(moveFocus) {
  const path = location.pathname;
  markCurrent(path);
  const view = await viewFor(path);
  // The visitor may have walked on while the story was on its way.
  if (path !== location.pathname) return;
  document.title = view.title;
  const place = document.querySelector('#route');
  place.replaceChildren(...view.nodes);
  if (moveFocus) place.querySelector('h1')?.focus({ preventScroll: true });
}

function viewFor(path) {
  const story = STORY.exec(path);
  if (story) return storyView(story[1]);
  if (path === '/magazine/about') return { title: `Who we are · ${NAME}`, nodes: [clone('#about')] };
  return indexView();
}

async function indexView() {
  const { stories } = await getJson('/api/stories');
  const list = document.createElement('div');
  list.className = 'stories';
  list.append(
    ...stories.map((story) => {
      const card = clone('#story-card');
      card.href = keepSwitches(`/magazine/stories/${story.id}`);
      fillStory(card, 'h2', story);
      card.querySelector('.minutes').textContent = `${story.minutes} minutes`;
      return card;
    }),
  );
  return { title: NAME, nodes: [list] };
}

async function storyView(id) {
  const { story, paragraphs } = await getJson(`/api/stories/${id}`);
  const article = clone('#story');
  fillStory(article, 'h1', story);
  article.querySelector('div').append(
    ...paragraphs.map((text) => {
      const paragraph = document.createElement('p');
      paragraph.textContent = text;
      return paragraph;
    }),
  );
  return { title: `${story.title} · ${NAME}`, nodes: [article] };
}

function fillStory(element, heading, story) {
  element.querySelector('img').src = `/images/${story.picture}`;
  element.querySelector(heading).textContent = story.title;
  element.querySelector('.standfirst').textContent = story.standfirst;
}

function markCurrent(path) {
  for (const link of document.querySelectorAll('.masthead a')) {
    if (new URL(link.href).pathname === path) link.setAttribute('aria-current', 'page');
    else link.removeAttribute('aria-current');
  }
}

function clone(template) {
  return document.querySelector(template).content.firstElementChild.cloneNode(true);
}

async function getJson(path) {
  const response = await fetch(path);
  if (!response.ok) throw new Error(`${path}: ${response.status}`);
  return response.json();
}
