// `late-rum=MS`: the SDK's tag as a tag manager would add it, long after the page has begun.

const { script, app, after } = document.currentScript.dataset;
setTimeout(() => {
  const tag = document.createElement('script');
  tag.src = script;
  tag.async = true;
  tag.dataset.app = app;
  document.head.append(tag);
}, Number(after));
