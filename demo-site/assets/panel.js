// The drawer: every change reloads the page with exactly the switches that are on, and nothing empty in the address.

export function watchPanel() {
  const form = document.querySelector('.problems form');
  form.addEventListener('change', () => reload(form));
  form.addEventListener('submit', (event) => {
    event.preventDefault();
    reload(form);
  });
  form.addEventListener('reset', (event) => {
    // A reset goes back to what the page was served with; off means off.
    event.preventDefault();
    for (const control of form.elements) {
      if (control.type === 'checkbox') control.checked = false;
      else if (control.name) control.value = '';
    }
    reload(form);
  });
}

function reload(form) {
  const address = new URL(location.href);
  for (const control of form.elements) {
    if (!control.name) continue;
    const on = control.type === 'checkbox' ? control.checked : control.value !== '';
    if (on) address.searchParams.set(control.name, control.value);
    else address.searchParams.delete(control.name);
  }
  if (address.href === location.href) location.reload();
  else location.assign(address);
}
