// What the address has switched on, as the server read it, so that pages and scripts cannot disagree.

const active = new URLSearchParams(document.body.dataset.switches);

/** The value of a switch, or null when it is off. */
export function switchValue(name) {
  return active.get(name);
}

/** `path` with the active switches behind it, as the server writes its own links. */
export function keepSwitches(path) {
  const query = active.toString();
  if (!query) return path;
  return path + (path.includes('?') ? '&' : '?') + query;
}
