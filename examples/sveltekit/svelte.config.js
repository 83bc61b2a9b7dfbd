import adapter from '@sveltejs/adapter-static'

// The home page is written at the build, items are made in the browser.
export default { kit: { adapter: adapter({ fallback: 'app.html' }) } }
