// Which paint is the largest, when it was, and where its time went.

import assert from 'node:assert/strict'

import { bare, page } from '../html.mjs'
import { NOISE, NOISE_URL } from '../noise.mjs'

const LCP_ENTRY = 'largest-contentful-paint'
const TEXT = '<h1 id="title">A heading that is the largest thing on this page</h1>'
const image = (source = '/noise.png', id = 'hero') => `<img id="${id}" src="${source}" width="400" height="300">`

/** Opens the page and waits for the candidate with this id. */
const opens = (id) => async (visitor) => {
  await visitor.open()
  await visitor.sees(LCP_ENTRY, { id })
}

/** Adds an image to the page that is open; what `evaluate` takes. */
const addImage = (source) => {
  const image = Object.assign(document.createElement('img'), { id: 'hero', src: source, width: 400, height: 300 })
  document.body.append(image)
  return image.decode()
}

const targets = (target) => ({ LCP }) => assert.equal(LCP.attribution.target, target)

/** A page whose image is still loading when the visitor acts. */
const interrupted = (act) => ({
  pages: { '/': page(TEXT + '<input id="field">' + image('/noise.png?delay=700')) },
  async visit(visitor) {
    await visitor.open('/', 'commit')
    await visitor.sees(LCP_ENTRY, { id: 'title' })
    await act(visitor)
    await visitor.until(() => document.readyState === 'complete')
  },
  shows: targets('#title'),
})

const situations = [
  {
    name: 'text is the largest',
    pages: { '/': page(TEXT) },
    visit: opens('title'),
    shows({ LCP, FCP }) {
      assert.equal(LCP.attribution.target, '#title')
      assert.equal(LCP.value, FCP.value)
    },
  },
  {
    name: 'a slow image',
    pages: { '/': page(TEXT + image('/noise.png?delay=400')) },
    visit: opens('hero'),
    shows({ LCP }) {
      assert.equal(LCP.attribution.target, '#hero')
      assert.ok(LCP.attribution.resourceLoadDuration >= 350)
    },
  },
  {
    name: 'an image that is preloaded',
    pages: {
      '/': page(`${TEXT}<script src="/slow.js?delay=300"></script>${image()}`, {
        head: '<link rel="preload" as="image" href="/noise.png">',
      }),
      '/slow.js': { type: 'text/javascript', body: '' },
    },
    visit: opens('hero'),
    shows: ({ LCP }) => assert.ok(LCP.attribution.elementRenderDelay > LCP.attribution.resourceLoadDelay),
  },
  {
    name: 'an image that a script adds after load',
    pages: { '/': page(TEXT) },
    async visit(visitor) {
      await visitor.open()
      await visitor.sees(LCP_ENTRY, { id: 'title' })
      await visitor.evaluate(addImage, '/noise.png?delay=200')
      await visitor.sees(LCP_ENTRY, { id: 'hero' })
    },
    shows: ({ LCP, FCP }) => assert.ok(LCP.value > FCP.value + 200),
  },
  {
    name: 'many candidates, each larger',
    pages: { '/': page('<p id="p">One</p>') },
    async visit(visitor) {
      await visitor.open()
      await visitor.sees(LCP_ENTRY)
      for (const width of [100, 200, 300, 400]) {
        const add = (width) => {
          const size = { id: `image-${width}`, src: `/noise.png?${width}`, width, height: width * 0.75 }
          document.body.append(Object.assign(document.createElement('img'), size))
        }
        await visitor.evaluate(add, width)
        await visitor.sees(LCP_ENTRY, { id: `image-${width}` })
      }
    },
    shows: targets('#image-400'),
  },
  {
    name: 'the element is removed after observers were told',
    pages: { '/': page(TEXT + image()) },
    async visit(visitor) {
      await opens('hero')(visitor)
      await visitor.evaluate(() => hero.remove())
    },
    shows: targets('#hero'),
  },
  {
    name: 'the element is removed before observers are told',
    pages: {
      '/': page(
        `${TEXT}${image('/noise.png?delay=300')}<script>
          hero.onload = () => requestAnimationFrame(() => setTimeout(() => hero.remove()))
        </script>`,
      ),
    },
    async visit(visitor) {
      await visitor.open()
      await visitor.until(() => !document.querySelector('#hero'))
      await visitor.settled()
    },
    // On a busy machine it is gone before it is painted, and the title is the largest.
    shows: ({ LCP }) => assert.ok(LCP.value > 0),
  },
  { name: 'a click before the image', ...interrupted((visitor) => visitor.click('#title')) },
  {
    name: 'a key before the image',
    ...interrupted(async (visitor) => {
      await visitor.evaluate(() => field.focus())
      await visitor.key('a')
    }),
  },
  {
    name: 'a script that clicks is no input',
    pages: { '/': page(TEXT) },
    async visit(visitor) {
      await visitor.open()
      await visitor.evaluate(() => title.click())
      await visitor.evaluate(addImage, '/noise.png?delay=200')
      await visitor.sees(LCP_ENTRY, { id: 'hero' })
    },
    shows: targets('#hero'),
  },
  {
    name: 'scrolled before the image',
    pages: { '/': page(`${TEXT}<p style="height: 3000px">A long page</p>`) },
    async visit(visitor) {
      await opens('title')(visitor)
      await visitor.wheel(200)
      await visitor.until(() => scrollY > 0)
      await visitor.evaluate(addImage, '/noise.png')
      await visitor.settled()
    },
    shows: ({ LCP }) => assert.notEqual(LCP.attribution.target, '#hero'),
  },
  {
    name: 'a script that scrolls',
    pages: { '/': page(`${TEXT}<p style="height: 3000px">A long page</p>${image('/noise.png', 'below')}`) },
    async visit(visitor) {
      await opens('title')(visitor)
      await visitor.evaluate(() => scrollTo(0, 2500))
      await visitor.settled()
    },
    shows: targets('#title'),
  },
  {
    name: 'a background image',
    pages: { '/': page(`${TEXT}<div id="hero" style="width: 400px; height: 300px; background: url(/noise.png?delay=200)"></div>`) },
    visit: opens('hero'),
    shows: ({ LCP }) => assert.match(LCP.attribution.url, /noise\.png/),
  },
  {
    name: "a video's poster",
    pages: { '/': page(`${TEXT}<video id="hero" poster="/noise.png?delay=100" width="400" height="300"></video>`) },
    visit: opens('hero'),
    shows: ({ LCP }) => assert.match(LCP.attribution.url, /noise\.png/),
  },
  {
    name: 'an image of another origin, without Timing-Allow-Origin',
    pages: ({ elsewhere }) => ({ '/': page(TEXT + image(`${elsewhere}/noise.png?delay=200`)) }),
    visit: opens('hero'),
    shows: ({ LCP }) => assert.equal(LCP.attribution.lcpResourceEntry.requestStart, 0),
  },
  {
    name: 'an image of another origin, with Timing-Allow-Origin',
    pages: ({ elsewhere }) => ({ '/': page(TEXT + image(`${elsewhere}/noise.png?delay=200&tao`)) }),
    visit: opens('hero'),
    shows: ({ LCP }) => assert.ok(LCP.attribution.lcpResourceEntry.requestStart > 0),
  },
  {
    name: 'an image behind a redirect',
    pages: {
      '/': page(TEXT + image('/moved.png')),
      '/moved.png': { status: 302, headers: { Location: '/noise.png?delay=200' } },
    },
    visit: opens('hero'),
    shows: ({ LCP }) => assert.ok(LCP.attribution.resourceLoadDuration >= 150),
  },
  {
    name: 'an image that was fetched before, under the same URL',
    pages: {
      '/': page(TEXT),
      '/photo.png': { type: 'image/png', body: NOISE, headers: { 'Cache-Control': 'no-store' } },
    },
    async visit(visitor) {
      await visitor.open()
      await visitor.evaluate(() => fetch('/photo.png').then((response) => response.blob()))
      await visitor.settled()
      await visitor.evaluate(addImage, '/photo.png')
      await visitor.sees(LCP_ENTRY, { id: 'hero' })
    },
    shows: ({ LCP }) => assert.equal(LCP.attribution.lcpResourceEntry.initiatorType, 'img'),
  },
  {
    name: 'an image as a data: URL',
    pages: { '/': page(TEXT + image(NOISE_URL)) },
    visit: opens('hero'),
    shows: targets('#hero'),
  },
  {
    name: 'an image that is not shown',
    pages: { '/': page(`${TEXT}<img src="/noise.png" width="0" height="0"><img src="/noise.png?x" style="display: none">`) },
    visit: opens('title'),
    shows: targets('#title'),
  },
  {
    name: 'a placeholder of one colour',
    pages: {
      '/': page(`${TEXT}<img width="600" height="400" src="data:image/svg+xml,%3Csvg xmlns='http://www.w3.org/2000/svg'/%3E">`),
    },
    async visit(visitor) {
      await visitor.open()
      await visitor.sees(LCP_ENTRY)
    },
    // Chromium leaves out what has next to no bytes for its size, Firefox does not.
    shows: ({ LCP }) => assert.match(LCP.attribution.target, /#title$|>img$/),
  },
  {
    name: 'an image that cannot be loaded',
    pages: { '/': page(TEXT + image('/nowhere.png')) },
    visit: opens('title'),
    shows: targets('#title'),
  },
  {
    name: 'text in a shadow tree',
    pages: {
      '/': page(
        `<p>Small</p><div id="host"></div><script>
          host.attachShadow({ mode: 'open' }).innerHTML = '<h1 class="b a">A heading in a shadow tree, larger than all else</h1>'
        </script>`,
      ),
    },
    // Nobody is told what is in there.
    shows: ({ LCP }) => assert.ok(LCP.value > 0 && LCP.attribution.target === undefined),
  },
  {
    name: 'the largest image is in a frame',
    pages: {
      '/': page(`<p id="small">Small</p><iframe id="frame" src="/frame" width="500" height="400"></iframe>`),
      '/frame': bare(image()),
    },
    visit: opens('small'),
    shows: targets('#small'),
  },
  {
    name: 'content-visibility shows the image later',
    pages: { '/': page(`${TEXT}<div id="box" style="content-visibility: hidden">${image()}</div>`) },
    async visit(visitor) {
      await opens('title')(visitor)
      await visitor.evaluate(() => (box.style.contentVisibility = 'visible'))
      await visitor.settled()
    },
    shows: targets('#hero'),
  },
  {
    name: 'an element without an id, deep and with many classes',
    pages: {
      '/': page(
        `${'<section class="a-section-with-a-long-name">'.repeat(6)}<h1 class="zebra apple Mango">A heading larger than all else on the page</h1>`,
      ),
    },
    shows: ({ LCP }) => assert.match(LCP.attribution.target, /h1\.Mango\.apple\.zebra$/),
  },
  {
    name: 'an element that animates into view',
    pages: {
      '/': page(TEXT + `<div class="in">${image()}</div>`, {
        head: '<style>@keyframes in { from { opacity: 0; transform: translateY(60px) } } .in { animation: in 300ms }</style>',
      }),
    },
    async visit(visitor) {
      await visitor.open()
      await visitor.until(() => document.getAnimations().length === 0)
    },
    // Firefox tells of a picture that begins transparent in some visits, and in others of none.
    shows: ({ LCP }) => assert.match(LCP.attribution.target, /^#(hero|title)$/),
  },
]

export const LCP = situations.map((situation) => ({ needs: [LCP_ENTRY], ...situation }))
